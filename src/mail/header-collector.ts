/** A top-level header up to this size is kept whole, as received; of a larger one only the fields that are needed later. */
export const maxKeptHeaderBytes = 64 * 1024

const initialBytes = 512
const neededName = /^(?:date|subject|from|sender|reply-to|to|cc|bcc|in-reply-to|message-id|content-[a-z0-9]+(?:-[a-z]+)*)[ \t]*:/i
const neededInitials = new Set(Buffer.from("dsfrtcbim"))

/** Of a needed field in an oversized header, so that one endless field leaves room for the others. */
const maxKeptFieldBytes = 16 * 1024
const nothing = Buffer.alloc(0)
const crlf = Buffer.from("\r\n")

/** Gathers a header block line by line, in bounded memory whatever its size. */
export class HeaderCollector {
  /** Bytes of the block so far, kept or not. */
  total = 0
  private kept: Buffer = nothing
  private used = 0
  private readonly limit: number
  private overflowed = false
  private keepField = false
  private fieldBytes = 0

  constructor(limit = maxKeptHeaderBytes) {
    this.limit = limit
  }

  /** True when `bytes()` is the whole block. */
  get whole(): boolean {
    return !this.overflowed
  }

  /** Takes lines, or a piece of one; `continues` when the piece goes on with a line begun before. */
  add(data: Buffer, start: number, end: number, continues: boolean): void {
    this.total += end - start
    if (!this.overflowed) {
      if (this.used + end - start <= this.limit) {
        this.append(data, start, end)
        return
      }
      this.overflow()
    }
    this.filter(data, start, end, continues)
  }

  /** A view, valid until the next `add`. */
  bytes(): Buffer {
    return this.used === 0 ? nothing : this.kept.subarray(0, this.used)
  }

  private append(data: Buffer, start: number, end: number): void {
    const needed = this.used + end - start
    if (needed > this.kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.kept.length * 2, initialBytes))
      this.kept.copy(larger, 0, 0, this.used)
      this.kept = larger
    }
    data.copy(this.kept, this.used, start, end)
    this.used = needed
  }

  /** The block has become too large: from here on, and of what there is, only needed fields stay. */
  private overflow(): void {
    this.overflowed = true
    const all = this.kept
    const length = this.used
    this.kept = nothing
    this.used = 0
    this.filter(all, 0, length, false)
  }

  private filter(data: Buffer, start: number, end: number, continues: boolean): void {
    let goesOn = continues
    for (let at = start; at < end; ) {
      const lf = data.indexOf(10, at)
      const next = lf === -1 || lf >= end ? end : lf + 1
      const first = data[at]
      if (!goesOn && first !== 0x20 && first !== 0x09) {
        this.keepField = first !== undefined && neededInitials.has(first | 0x20) && neededName.test(data.toString("latin1", at, Math.min(next, at + 40)))
        this.fieldBytes = 0
        if (this.used > 0 && this.kept[this.used - 1] !== 10) this.append(crlf, 0, 2)
      }
      if (this.keepField) {
        const room = Math.min(maxKeptFieldBytes - this.fieldBytes, this.limit - this.used)
        const taken = Math.min(next - at, Math.max(room, 0))
        this.append(data, at, at + taken)
        this.fieldBytes += taken
      }
      goesOn = false
      at = next
    }
  }
}
