const cr = 13
const lf = 10

/**
 * Watches a stream for line ends that are not CRLF. RFC 5321 §2.3.8 forbids bare CR and bare LF; servers that disagree about
 * them can be made to see an end of data that the sender never wrote (SMTP smuggling), so one of them is enough to refuse.
 */
export class LineEndingCheck {
  /** A bare CR or LF was seen. A CR at the very end counts once `finish` is called. */
  bare = false
  /** A NUL byte was seen (RFC 5321 §4.1.1.4 advises against it; what to do is the caller's choice). */
  nul = false
  private endedWithCr = false

  /** True while everything is well; false for good after the first bare CR or LF. */
  push(chunk: Uint8Array): boolean {
    if (this.bare || chunk.length === 0) return !this.bare
    const data = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (!this.nul && data.includes(0)) this.nul = true
    this.bare = this.hasBare(data)
    return !this.bare
  }

  /** True when the whole stream was well. */
  finish(): boolean {
    if (this.endedWithCr) this.bare = true
    return !this.bare
  }

  private hasBare(data: Buffer): boolean {
    if (this.endedWithCr && data[0] !== lf) return true
    let lineFeed = data.indexOf(lf)
    let carriageReturn = data.indexOf(cr)
    if (lineFeed === 0) {
      if (!this.endedWithCr) return true
      lineFeed = data.indexOf(lf, 1)
    }
    this.endedWithCr = false
    // From here on every CR must be followed by the next LF, and no LF comes without one.
    while (carriageReturn !== -1) {
      if (carriageReturn === data.length - 1) {
        this.endedWithCr = true
        return lineFeed !== -1
      }
      if (lineFeed !== carriageReturn + 1) return true
      carriageReturn = data.indexOf(cr, lineFeed + 1)
      lineFeed = data.indexOf(lf, lineFeed + 1)
    }
    return lineFeed !== -1
  }
}
