/**
 * Learns a message's MIME structure, with byte offsets, while its bytes stream past (RFC 2045, RFC 2046, RFC 5322).
 * It works line by line, never holds the message, never throws, whatever the bytes are: what is broken becomes a plainer
 * structure. Memory is bounded by the limits below. Must not know: where bytes come from or go.
 */
import type { ContentStructure, SearchText } from "./content-structure.ts"
import { addShownPart, showPart } from "./body-structure.ts"
import type { ShownPart } from "./body-structure.ts"
import { parseRfc5322Date } from "./date-time.ts"
import { textOf } from "./charset.ts"
import { renderEnvelope } from "./envelope-structure.ts"
import { HeaderCollector, maxKeptHeaderBytes } from "./header-collector.ts"
import { fieldValue, parseHeader } from "./header.ts"
import type { HeaderField } from "./header.ts"
import { parameterValue } from "./mime-parameter.ts"
import { digestEntry, plainText, readMimeFields } from "./mime-part.ts"
import type { MimePart, ScannedPart } from "./mime-part.ts"
import { partOffsets } from "./part-offsets.ts"
import { SearchTextBuilder } from "./search-text.ts"

/** Parts nested deeper are opaque. */
export const maxPartDepth = 100
/** Parts beyond this many are not told apart from the one before. */
export const maxParts = 10_000
/** RFC 2046 §5.1.1 allows 70; some senders do not read it. */
const maxBoundaryBytes = 8 * 1024
/** A longer line is no delimiter. Also the most that is carried from one chunk to the next. */
const maxDelimiterLineBytes = maxBoundaryBytes + 1024
/** All part headers of a message together; parts beyond count as having none. */
const maxPartHeaderBytes = 4 * 1024 * 1024

const maxMessageIdChars = 500

const cr = 13
const lf = 10
const dash = 45
const delimiterStart = Buffer.from("\n--")
const identityEncodings = new Set(["7bit", "8bit", "binary"])

export interface ScannedContent {
  readonly structure: ContentStructure
  readonly searchText: SearchText
  /**
   * The top-level fields in order. Of a header over `maxKeptHeaderBytes` (then `structure.header` is empty) only those that matter,
   * and of an endless field only the start: who must trust every address of From: refuses such a header.
   */
  readonly headerFields: readonly HeaderField[]
  /** The part tree with what each part's header says of it. */
  readonly root: ScannedPart
}

interface OpenPart {
  readonly part: MimePart
  /** `lines` of the scanner when the body began. */
  linesBefore: number
  /** The top-level or a nested message's root. */
  readonly isMessageRoot: boolean
  readonly absent: typeof plainText
}

interface OpenBoundary {
  readonly text: string
  /** Index of its multipart in `open`. */
  readonly depth: number
}

interface Delimiter {
  readonly boundary: number
  readonly closes: boolean
}

const noFields: readonly HeaderField[] = []

const newPart = (start: number): MimePart => ({
  headerStart: start, bodyStart: start, bodyEnd: start, mime: plainText, lines: 0,
  kind: "leaf", opaque: false, children: [], message: undefined, envelope: "", shownParts: undefined,
})

/** Without angle brackets. Cut to what a database can index: no honest one is near it. */
const messageIdOf = (fields: readonly HeaderField[]): string => {
  const value = fieldValue(fields, "message-id") ?? ""
  const start = value.indexOf("<") + 1
  const end = value.indexOf(">", start)
  const inside = start > 0 && end !== -1 ? value.slice(start, end) : value
  return textOf(inside).replaceAll("\0", "").slice(0, maxMessageIdChars).toWellFormed()
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09 || Number.isNaN(code)

export class ContentScanner {
  private readonly open: OpenPart[] = []
  private readonly boundaries: OpenBoundary[] = []
  private readonly root: MimePart = newPart(0)
  private readonly search: SearchTextBuilder
  private header: HeaderCollector = new HeaderCollector()
  private topHeader: Uint8Array = new Uint8Array(0)
  private topFields: readonly HeaderField[] = []
  private partHeaderBytes = 0
  private parts = 1
  private inHeader = true
  /** The next byte goes on with a line that began before it. */
  private midLine = false
  /** Line feeds seen, while they are counted. */
  private lines = 0
  /** Nested messages that are open: all their lines count, attachments' too. */
  private openMessages = 0
  /** What is left of the chunk is the start of a line that only the next chunk can decide. */
  private starved = false
  private carry: Buffer | undefined
  /** Content bytes consumed, and the last two of them. */
  private consumed = 0
  private last = 0
  private lastButOne = 0

  /** Without `searchText` it is a third quicker, for who only asks for the structure. */
  constructor(options: { readonly searchText: boolean } = { searchText: true }) {
    this.search = new SearchTextBuilder(options.searchText)
    this.open.push({ part: this.root, linesBefore: 0, isMessageRoot: true, absent: plainText })
  }

  /** Parts begun so far: each costs far more than its bytes. */
  get partCount(): number {
    return this.parts
  }

  push(chunk: Uint8Array): void {
    const fresh = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const data = this.carry ? Buffer.concat([this.carry, fresh]) : fresh
    const done = this.scan(data, false)
    this.carry = done < data.length ? Buffer.from(data.subarray(done)) : undefined
  }

  /** The content is complete; the scanner must not be used again. */
  finish(): ScannedContent {
    if (this.carry) this.scan(this.carry, true)
    const size = this.consumed
    this.endHeaders(size)
    const { body, bodyStructure } = this.closeParts(0, size, this.lines)
    const date = fieldValue(this.topFields, "date")
    const structure: ContentStructure = {
      header: this.topHeader,
      headerBytes: this.root.bodyStart,
      envelope: this.root.envelope,
      body,
      bodyStructure,
      root: partOffsets(this.root),
      sentAt: date === undefined ? null : parseRfc5322Date(date),
      messageId: messageIdOf(this.topFields),
    }
    return { structure, searchText: this.search.finish(this.topFields), headerFields: this.topFields, root: this.root }
  }

  /** Returns how much of `data` is consumed; the rest is the start of a line that the next chunk must decide. */
  private scan(data: Buffer, final: boolean): number {
    const base = this.consumed
    let at = 0
    while (at < data.length) {
      this.starved = false
      at = this.inHeader ? this.scanHeader(data, at, base, final) : this.scanBody(data, at, base, final)
      if (this.starved) break
    }
    this.consumed = base + at
    if (at >= 2) {
      this.last = data[at - 1] ?? 0
      this.lastButOne = data[at - 2] ?? 0
    } else if (at === 1) {
      this.lastButOne = this.last
      this.last = data[0] ?? 0
    }
    return at
  }

  /** Both scanners return where they stopped: behind what ended a header or body, or short of the end when `starved`. */
  private scanHeader(data: Buffer, start: number, base: number, final: boolean): number {
    let from = start
    let at = start
    let continues = this.midLine
    const keep = (end: number): void => {
      if (end > from) this.header.add(data, from, end, continues)
      from = end
      continues = false
    }
    while (at < data.length) {
      const end = data.indexOf(lf, at)
      if (!this.midLine) {
        if (end === -1 && !final && data.length - at <= maxDelimiterLineBytes) {
          keep(at)
          this.starved = true
          return at
        }
        if (end === at || (end === at + 1 && data[at] === cr)) {
          keep(end + 1)
          this.lines++
          this.endHeader(base + end + 1)
          return end + 1
        }
        if (data[at] === dash && data[at + 1] === dash && this.boundaries.length > 0) {
          const lineEnd = end === -1 ? data.length : end
          const delimiter = this.delimiter(data, at, lineEnd)
          if (delimiter) {
            keep(at)
            // The header's own line end is all that separates it from the delimiter, so it stays with the header.
            this.endHeaders(base + at)
            this.apply(delimiter, base + at, this.lines, end === -1 ? base + lineEnd : base + end + 1)
            if (end !== -1) this.lines++
            return end === -1 ? lineEnd : end + 1
          }
        }
      }
      this.midLine = end === -1
      if (end !== -1) this.lines++
      at = end === -1 ? data.length : end + 1
    }
    keep(at)
    return at
  }

  private scanBody(data: Buffer, start: number, base: number, final: boolean): number {
    const top = this.open[this.open.length - 1]
    const mime = top?.part.mime
    const counting = this.openMessages > 0 || (top?.part.kind === "leaf" && mime?.type === "text")
    if (this.boundaries.length === 0) {
      if (counting) this.countLines(data, start)
      this.search.push(data, start, data.length)
      return data.length
    }
    let at = start
    while (at < data.length) {
      if (!this.midLine && data[at] === dash) {
        if (at + 1 === data.length && !final) {
          this.search.push(data, start, at)
          this.starved = true
          return at
        }
        if (data[at + 1] === dash) {
          const found = data.indexOf(lf, at)
          if (found === -1 && !final && data.length - at <= maxDelimiterLineBytes) {
            this.search.push(data, start, at)
            this.starved = true
            return at
          }
          const lineEnd = found === -1 ? data.length : found
          const delimiter = this.delimiter(data, at, lineEnd)
          if (delimiter) {
            this.search.push(data, start, at)
            this.endBody(delimiter, data, at, base, found === -1 ? lineEnd : found + 1)
            if (found !== -1) this.lines++
            return found === -1 ? lineEnd : found + 1
          }
        }
      }
      if (counting) {
        const end = data.indexOf(lf, at)
        this.midLine = end === -1
        if (end !== -1) this.lines++
        at = end === -1 ? data.length : end + 1
        continue
      }
      const next = data.indexOf(delimiterStart, at)
      if (next !== -1) {
        this.midLine = false
        at = next + 1
        continue
      }
      const endsLine = data[data.length - 1] === lf
      const endsDash = !endsLine && data.length - at > 1 && data[data.length - 1] === dash && data[data.length - 2] === lf
      this.midLine = !endsLine && !endsDash
      at = endsDash ? data.length - 1 : data.length
      if (endsDash && final) {
        this.midLine = true
        at = data.length
      }
    }
    this.search.push(data, start, at)
    return at
  }

  /** A delimiter line ends the innermost part: the line end before it is part of the delimiter (RFC 2046 §5.1.1). */
  private endBody(delimiter: Delimiter, data: Buffer, at: number, base: number, next: number): void {
    const before = at >= 2 ? data[at - 2] : at === 1 ? this.last : this.lastButOne
    const innermost = this.open[this.open.length - 1]
    const bodyStart = innermost?.part.bodyStart ?? 0
    const lineEnd = base + at - (before === cr ? 2 : 1)
    const overlaps = lineEnd < bodyStart
    this.apply(delimiter, overlaps ? bodyStart : lineEnd, overlaps ? this.lines : this.lines - 1, base + next)
  }

  /** The delimiter that the line from `at` to `end` is: of the innermost open multipart whose boundary it names, so that a parent's ends its children. */
  private delimiter(data: Buffer, at: number, end: number): Delimiter | undefined {
    if (end - at > maxDelimiterLineBytes) return undefined
    const line = data.toString("latin1", at + 2, end > at && data[end - 1] === cr ? end - 1 : end)
    for (let boundary = this.boundaries.length - 1; boundary >= 0; boundary--) {
      const text = this.boundaries[boundary]?.text ?? ""
      if (!line.startsWith(text)) continue
      // RFC 2046 §5.1.1 lets anything follow. White space at least is asked for, since one boundary may begin with another.
      if (isBlank(line.charCodeAt(text.length))) return this.parts < maxParts ? { boundary, closes: false } : undefined
      if (line.startsWith("--", text.length) && isBlank(line.charCodeAt(text.length + 2))) return { boundary, closes: true }
    }
    return undefined
  }

  private apply(delimiter: Delimiter, end: number, lines: number, next: number): void {
    const depth = this.boundaries[delimiter.boundary]?.depth ?? 0
    this.closeParts(depth + 1, end, lines)
    this.boundaries.length = delimiter.closes ? delimiter.boundary : delimiter.boundary + 1
    this.inHeader = false
    this.midLine = false
    if (delimiter.closes) return
    const parent = this.open[depth]?.part
    if (!parent) return
    const part = newPart(next)
    parent.children.push(part)
    this.startHeader({ part, linesBefore: 0, isMessageRoot: false, absent: parent.mime.subtype === "digest" ? digestEntry : plainText })
  }

  private startHeader(opened: OpenPart): void {
    this.parts++
    this.open.push(opened)
    if (this.header.total > 0) this.header = new HeaderCollector(Math.max(0, Math.min(maxKeptHeaderBytes, maxPartHeaderBytes - this.partHeaderBytes)))
    this.inHeader = true
    this.midLine = false
  }

  /** Ends the open header and those of messages that thereby begin and end at once. */
  private endHeaders(bodyStart: number): void {
    while (this.inHeader) this.endHeader(bodyStart)
  }

  private endHeader(bodyStart: number): void {
    this.inHeader = false
    this.midLine = false
    const opened = this.open[this.open.length - 1]
    if (!opened) return
    const { part } = opened
    const block = this.header.bytes()
    const fields = block.length <= 2 ? noFields : parseHeader(block)
    if (part === this.root) {
      if (this.header.whole) this.topHeader = new Uint8Array(block)
      this.topFields = fields
    } else this.partHeaderBytes += block.length
    part.bodyStart = bodyStart
    part.mime = readMimeFields(fields, opened.absent)
    if (opened.isMessageRoot) part.envelope = renderEnvelope(fields)
    opened.linesBefore = this.lines
    if (part !== this.root) this.search.addPartHeader(part.mime, opened.isMessageRoot ? fields : [])
    this.enter(part, bodyStart)
  }

  /** Decides what the body of `part` is. */
  private enter(part: MimePart, bodyStart: number): void {
    const { type, subtype, parameters, encoding } = part.mime
    const mayNest = this.open.length < maxPartDepth && this.parts < maxParts
    if (type === "multipart") {
      const boundary = (parameterValue(parameters, "boundary") ?? "").trimEnd()
      if (boundary === "") part.mime = { ...part.mime, type: "text", subtype: "plain", parameters: [] }
      else if (mayNest && boundary.length <= maxBoundaryBytes) {
        part.kind = "multipart"
        this.boundaries.push({ text: boundary, depth: this.open.length - 1 })
        return
      } else part.opaque = true
    } else if (type === "message" && (subtype === "rfc822" || subtype === "global")) {
      // RFC 2046 §5.2.1 forbids any other encoding; inside one there are no offsets to give.
      if (mayNest && identityEncodings.has(encoding)) {
        part.kind = "message"
        part.message = newPart(bodyStart)
        this.openMessages++
        this.startHeader({ part: part.message, linesBefore: 0, isMessageRoot: true, absent: plainText })
        return
      }
      part.opaque = true
    }
    if (part.mime.type === "text") this.search.begin(part.mime)
  }

  /** Ends all open parts from index `from` of `open` at byte `end`, where `lines` line ends had been counted. Returns the last one ended, rendered. */
  private closeParts(from: number, end: number, lines: number): ShownPart {
    let shown: ShownPart = { body: "", bodyStructure: "" }
    for (let at = this.open.length - 1; at >= from; at--) {
      const opened = this.open[at]
      if (!opened) continue
      opened.part.bodyEnd = end
      opened.part.lines = Math.max(0, lines - opened.linesBefore)
      if (opened.part.kind === "message") this.openMessages--
      this.open.pop()
      shown = showPart(opened.part)
      const parent = this.open[at - 1]?.part
      if (parent) addShownPart(parent, shown)
    }
    this.search.end()
    return shown
  }

  private countLines(data: Buffer, start: number): void {
    for (let at = data.indexOf(lf, start); at !== -1; at = data.indexOf(lf, at + 1)) this.lines++
  }
}
