import { Pace } from "../../base/pace.ts"
import { der } from "../der.ts"
import { CmsError } from "./cms-error.ts"

/**
 * Reads BER elements (X.690 §8.1) from bytes that come in chunks, definite and indefinite lengths alike, without holding more than
 * is asked for. Only framing: what elements mean is for their readers. Throws `CmsError` with `malformed`, `tooDeep` or `tooLarge`.
 */
export interface BerHeader {
  /** The identifier's first octet: class, constructed bit and, in all that CMS uses, the tag number. */
  readonly tag: number
  /** Where the contents begin, counted from the start of the stream. */
  readonly start: number
  /** Where they end; null when the end is marked by end-of-contents octets (X.690 §8.1.5). */
  readonly end: number | null
}

/** An element in the currency of Pace: 2-3 µs. */
const headerCost = 500
/** Of one stream: a second's work. 50 MB in the segments of 1,000 octets that X.509 tools write are 50,000. */
const maxElements = 300_000
/** X.690 §8.1.3 allows 126 octets; five hold any length that can come here. */
const maxLengthOctets = 5
const maxHeaderOctets = 2 + 4 + maxLengthOctets

const nothing: Buffer = Buffer.alloc(0)

export class BerStream {
  /** Bytes consumed so far. */
  position = 0
  private readonly chunks: AsyncIterator<Uint8Array>
  private readonly pace = new Pace()
  private readonly maxDepth: number
  private buffer = nothing
  /** Next byte of `buffer`. */
  private at = 0
  private ended = false
  private elements = 0

  constructor(chunks: AsyncIterable<Uint8Array>, maxDepth: number) {
    this.chunks = chunks[Symbol.asyncIterator]()
    this.maxDepth = maxDepth
  }

  /** Lets the source close what it holds. */
  async close(): Promise<void> {
    await this.chunks.return?.()
  }

  /** The header of the next element of `parent`; undefined at the parent's end, whose end-of-contents octets are consumed. */
  async next(parent: BerHeader): Promise<BerHeader | undefined> {
    if (parent.end !== null) {
      if (this.position > parent.end) throw new CmsError("malformed", "element beyond its container")
      if (this.position === parent.end) return undefined
    } else if ((await this.has(2)) && this.buffer[this.at] === 0 && this.buffer[this.at + 1] === 0) {
      this.skip(2)
      return undefined
    }
    return this.header(parent.end)
  }

  /** The header at the very start. */
  async header(limit: number | null = null): Promise<BerHeader> {
    if (++this.elements > maxElements) throw new CmsError("tooLarge", "too many elements")
    await this.pace.spend(headerCost)
    await this.has(maxHeaderOctets)
    const { buffer } = this
    let at = this.at
    const tag = buffer[at++]
    if (tag === undefined) throw new CmsError("malformed", "element is cut short")
    // X.690 §8.1.2.4: a number above 30 takes more octets, the last of which has its high bit clear.
    if ((tag & 0x1f) === 0x1f) for (let more = 0; ((buffer[at++] ?? 0x100) & 0x80) !== 0; more++) if (more === 3) throw new CmsError("malformed", "tag number")
    const first = buffer[at++]
    if (first === undefined) throw new CmsError("malformed", "element is cut short")
    let length: number | null = first
    if (first === 0x80) {
      if ((tag & 0x20) === 0) throw new CmsError("malformed", "primitive element without a length")
      length = null
    } else if (first > 0x80) {
      const octets = first - 0x80
      if (octets > maxLengthOctets) throw new CmsError("malformed", "length of a length")
      length = 0
      for (let octet = 0; octet < octets; octet++) length = length * 256 + (buffer[at++] ?? Number.NaN)
    }
    if (Number.isNaN(length)) throw new CmsError("malformed", "element is cut short")
    this.skip(at - this.at)
    const end = length === null ? null : this.position + length
    if (end !== null && limit !== null && end > limit) throw new CmsError("malformed", "element beyond its container")
    return { tag, start: this.position, end }
  }

  /** The whole element whose header was just read, with a definite length; inside one of definite length everything stays as it is. */
  async element(header: BerHeader, maxBytes: number, depth = 0): Promise<Buffer> {
    // neither CMS nor X.509 uses tag numbers above 30
    if ((header.tag & 0x1f) === 0x1f) throw new CmsError("malformed", "tag number")
    const contents = header.end === null ? await this.indefinite(header, maxBytes, depth) : await this.take(header.end - header.start, maxBytes)
    return der(header.tag, contents)
  }

  /** What there is of `header`'s contents, piece by piece as it arrives. */
  async *pieces(header: BerHeader): AsyncGenerator<Buffer> {
    const { end } = header
    if (end === null) throw new CmsError("malformed", "length is missing")
    while (this.position < end) {
      if (!(await this.has(1))) throw new CmsError("malformed", "content is cut short")
      const piece = this.buffer.subarray(this.at, this.at + Math.min(end - this.position, this.buffer.length - this.at))
      this.skip(piece.length)
      await this.pace.spend(piece.length)
      yield piece
    }
  }

  /** True when nothing follows. */
  async atEnd(): Promise<boolean> {
    return !(await this.has(1))
  }

  private async indefinite(header: BerHeader, maxBytes: number, depth: number): Promise<Buffer> {
    if (depth > this.maxDepth) throw new CmsError("tooDeep", "elements are nested too deeply")
    const parts: Buffer[] = []
    let size = 0
    for (let child = await this.next(header); child; child = await this.next(header)) {
      const part = await this.element(child, maxBytes - size, depth + 1)
      size += part.length
      if (size > maxBytes) throw new CmsError("tooLarge", "element is too large")
      parts.push(part)
    }
    return Buffer.concat(parts)
  }

  private async take(length: number, maxBytes: number): Promise<Buffer> {
    if (length > maxBytes) throw new CmsError("tooLarge", "element is too large")
    if (!(await this.has(length))) throw new CmsError("malformed", "element is cut short")
    const bytes = Buffer.from(this.buffer.subarray(this.at, this.at + length))
    this.skip(length)
    await this.pace.spend(length)
    return bytes
  }

  private skip(bytes: number): void {
    this.at += bytes
    this.position += bytes
  }

  /** Makes sure of so many bytes in `buffer`; false when the stream has fewer. */
  private async has(bytes: number): Promise<boolean> {
    if (this.buffer.length - this.at >= bytes) return true
    const parts = this.at < this.buffer.length ? [this.buffer.subarray(this.at)] : []
    let there = this.buffer.length - this.at
    while (there < bytes && !this.ended) {
      const { value, done } = await this.chunks.next()
      if (done) this.ended = true
      else {
        parts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
        there += value.length
      }
    }
    this.buffer = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
    this.at = 0
    return there >= bytes
  }
}
