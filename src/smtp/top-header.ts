/** Gathers the top-level header block while a message streams in; at most `maxBytes` of it are ever held. */
export class TopHeader {
  private readonly maxBytes: number
  private gathered: Buffer = Buffer.alloc(0)
  private length = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** All bytes so far once the empty line has come, "more" before that, "tooLarge" when it does not come. */
  push(chunk: Buffer): FoundHeader | "more" | "tooLarge" {
    const whole = this.length === 0 ? chunk : this.append(chunk)
    const headerBytes = headerLength(whole, Math.max(0, this.length - 3))
    if (headerBytes !== undefined) return headerBytes > this.maxBytes ? "tooLarge" : { whole, headerBytes }
    if (this.length === 0) this.append(chunk)
    else this.length = whole.length
    return whole.length > this.maxBytes ? "tooLarge" : "more"
  }

  /** A message may end in its header (RFC 5322 §2.1: the body is optional). */
  end(): FoundHeader {
    return { whole: this.gathered.subarray(0, this.length), headerBytes: this.length }
  }

  /** Room doubles, so that a header arriving byte by byte is not copied each time. */
  private append(chunk: Buffer): Buffer {
    const needed = this.length + chunk.length
    if (needed > this.gathered.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.gathered.length * 2))
      this.gathered.copy(larger, 0, 0, this.length)
      this.gathered = larger
    }
    chunk.copy(this.gathered, this.length)
    if (this.length === 0) this.length = needed
    return this.gathered.subarray(0, needed)
  }
}

export interface FoundHeader {
  readonly whole: Buffer
  /** The empty line included. */
  readonly headerBytes: number
}

const emptyLine = Buffer.from("\r\n\r\n")

const headerLength = (bytes: Buffer, from: number): number | undefined => {
  if (bytes.length >= 2 && bytes[0] === 13 && bytes[1] === 10) return 2
  const at = bytes.indexOf(emptyLine, from)
  return at === -1 ? undefined : at + emptyLine.length
}
