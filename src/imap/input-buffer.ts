/**
 * Bytes received and not yet understood, in one run. Holds nothing while empty, copies nothing when a line arrives whole,
 * and grows by doubling, so that a line sent one byte at a time costs no more than its length.
 */
export class InputBuffer {
  private bytes: Buffer = nothing
  private start = 0
  private end = 0
  /** No LF before here. */
  private scanned = 0
  /** `bytes` is a copy of ours that may be written behind `end`; otherwise it is a chunk of the socket. */
  private own = false

  get length(): number {
    return this.end - this.start
  }

  push(chunk: Buffer): void {
    if (this.length === 0) {
      this.bytes = chunk
      this.start = 0
      this.end = chunk.length
      this.scanned = 0
      this.own = false
      return
    }
    if (!this.own || this.end + chunk.length > this.bytes.length) this.regrow(chunk.length)
    chunk.copy(this.bytes, this.end)
    this.end += chunk.length
  }

  /** The next line without its CRLF (a lone LF is taken too, as every server does); undefined while it is incomplete. */
  line(): Buffer | undefined {
    const at = this.bytes.subarray(0, this.end).indexOf(lf, this.scanned)
    if (at < 0) {
      this.scanned = this.end
      return undefined
    }
    const end = at > this.start && this.bytes[at - 1] === cr ? at - 1 : at
    const line = this.bytes.subarray(this.start, end)
    this.consume(at + 1 - this.start)
    return line
  }

  /** Up to `count` bytes, whatever there is. */
  take(count: number): Buffer {
    const taken = this.bytes.subarray(this.start, Math.min(this.end, this.start + count))
    this.consume(taken.length)
    return taken
  }

  /** The first `count` bytes, left where they are. */
  peek(count: number): Buffer {
    return this.bytes.subarray(this.start, Math.min(this.end, this.start + count))
  }

  clear(): void {
    this.bytes = nothing
    this.start = 0
    this.end = 0
    this.scanned = 0
    this.own = false
  }

  private consume(count: number): void {
    this.start += count
    if (this.start === this.end) this.clear()
    else this.scanned = this.start
  }

  private regrow(extra: number): void {
    const length = this.length
    const grown = Buffer.allocUnsafeSlow(Math.max(minimumBytes, 2 * (length + extra)))
    this.bytes.copy(grown, 0, this.start, this.end)
    this.bytes = grown
    this.scanned -= this.start
    this.start = 0
    this.end = length
    this.own = true
  }
}

const nothing = Buffer.alloc(0)
const lf = 0x0a
const cr = 0x0d
const minimumBytes = 512
