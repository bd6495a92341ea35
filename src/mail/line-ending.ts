const cr = 13
const lf = 10
/** A CR at the very end may be half of a CRLF. */
const bareLineEnd = /(?<!\r)\n|\r(?!\n|$)/

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
    const text = data.toString("latin1", this.endedWithCr && data[0] === lf ? 1 : 0)
    this.bare = (this.endedWithCr && data[0] !== lf) || bareLineEnd.test(text)
    this.endedWithCr = data[data.length - 1] === cr
    return !this.bare
  }

  /** True when the whole stream was well. */
  finish(): boolean {
    if (this.endedWithCr) this.bare = true
    return !this.bare
  }
}
