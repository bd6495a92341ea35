import type { MessageDetails, OpenMailbox } from "../../store/mail-store.ts"
import { selectHeaderFields } from "../../mail/header.ts"
import type { SectionItem } from "../grammar/fetch-items.ts"
import type { Pace } from "../../base/pace.ts"
import { partialWithin, sectionRange, type SectionRange } from "./fetch-section.ts"
import type { ResponseWriter } from "./writer.ts"

/**
 * The bytes of a BODY section, opened before the response that carries them begins: what is missing is found out while it can
 * still be said. Invariant: a literal has exactly the bytes it announced, or the connection breaks.
 */
export type SectionValue =
  | { readonly kind: "nil" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | StreamValue
  /** To be opened when its turn comes: the message has others open already, and each holds a piece of content in memory. */
  | { readonly kind: "later"; readonly open: () => Promise<StreamValue | null> }

interface StreamValue {
  readonly kind: "stream"
  readonly length: number
  readonly first: Uint8Array
  readonly rest: AsyncIterator<Uint8Array>
}

/** Where sections are read, and at whose pace. */
export interface SectionReading {
  readonly mailbox: Pick<OpenMailbox, "read">
  readonly pace: Pace
  /** Content is not read before the section's turn comes. */
  readonly later?: boolean
}

/** Null when the message is gone from the store. */
export const openSection = async (item: SectionItem, details: MessageDetails, { mailbox, pace, later = false }: SectionReading): Promise<SectionValue | null> => {
  const range = sectionRange(item.section, { root: details.structure.root, prefixBytes: details.tracePrefix.length, size: details.size })
  if (!range) return { kind: "nil" }
  const { text, fields } = item.section
  if (text === "headerFields" || text === "headerFieldsNot") {
    const header = await headerBytes(range, details, mailbox)
    return header && bytesValue(await pickFields(header, { fields, not: text === "headerFieldsNot", pace }), item.partial)
  }
  if (isKeptHeader(range, details)) return bytesValue(keptHeader(details), item.partial)
  const part = partialWithin(range.end - range.start, item.partial)
  if (part.end === part.start) return { kind: "bytes", bytes: nothing }
  const open = (): Promise<StreamValue | null> => openStream(part.end - part.start, mailbox.read(details.uid, { start: range.start + part.start, end: range.start + part.end }))
  return later ? { kind: "later", open } : open()
}

const nothing = new Uint8Array(0)

const bytesValue = (bytes: Uint8Array, partial: SectionItem["partial"]): SectionValue => {
  const part = partialWithin(bytes.length, partial)
  return { kind: "bytes", bytes: bytes.subarray(part.start, part.end) }
}

const openStream = async (length: number, chunks: AsyncIterable<Uint8Array>): Promise<StreamValue | null> => {
  const rest = chunks[Symbol.asyncIterator]()
  const first = await rest.next()
  return first.done ? null : { kind: "stream", length, first: first.value, rest }
}

/** Writes NIL or a literal. */
export const writeSection = async (out: ResponseWriter, value: SectionValue): Promise<void> => {
  if (value.kind === "nil") return out.text("NIL")
  // gone since the response began: nothing is announced yet
  if (value.kind === "later") return writeSection(out, (await value.open()) ?? { kind: "nil" })
  out.text(`{${value.kind === "bytes" ? value.bytes.length : value.length}}\r\n`)
  if (value.kind === "bytes") out.bytes(value.bytes)
  else await writeStream(out, value)
}

const writeStream = async (out: ResponseWriter, value: StreamValue): Promise<void> => {
  let left = value.length
  try {
    for (let chunk: Uint8Array | undefined = value.first; chunk && left >= chunk.length; chunk = left === 0 ? undefined : await nextChunk(value.rest)) {
      out.bytes(chunk)
      left -= chunk.length
      await out.ready()
      if (out.closed) return
    }
    if (left !== 0) throw new Error(`a message's bytes do not match its structure: ${left} of ${value.length} are missing`)
  } finally {
    // Nothing else can be said to a client that waits for the rest of a literal.
    if (left !== 0) out.breakOff()
    closeSection(value)
  }
}

const nextChunk = async (chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> => {
  const next = await chunks.next()
  return next.done ? undefined : next.value
}

/** Gives up a section that will not be written to its end. */
export const closeSection = (value: SectionValue): void => {
  if (value.kind === "stream") value.rest.return?.().catch(() => undefined)
}

/** The top header was kept at intake, so that fetching headers reads no content. */
const isKeptHeader = (range: SectionRange, details: MessageDetails): boolean =>
  range.start === 0 && range.end === details.tracePrefix.length + details.structure.headerBytes && details.structure.header.length === details.structure.headerBytes

const keptHeader = (details: MessageDetails): Uint8Array =>
  details.tracePrefix.length === 0 ? details.structure.header : Buffer.concat([details.tracePrefix, details.structure.header])

/** Picks fields in slices, so that a header of megabytes lets others have their turn. */
const pickFields = async (header: Uint8Array, request: { readonly fields: readonly string[]; readonly not: boolean; readonly pace: Pace }): Promise<Uint8Array> => {
  const picked: Uint8Array[] = []
  for (let start = 0; start < header.length; ) {
    const end = endOfField(header, start + sliceBytes)
    picked.push(selectHeaderFields(header.subarray(start, end), request.fields, request.not))
    await request.pace.spend(end - start)
    start = end
  }
  return picked.length === 1 && picked[0] ? picked[0] : Buffer.concat(picked)
}

const sliceBytes = 128 * 1024

/** The first end of a field at or after `from` (RFC 5322 §2.2.3: a line that begins with white space goes on with the field before). */
const endOfField = (header: Uint8Array, from: number): number => {
  let lineEnd = header.indexOf(lineFeed, from)
  while (lineEnd >= 0 && (header[lineEnd + 1] === 0x20 || header[lineEnd + 1] === 0x09)) lineEnd = header.indexOf(lineFeed, lineEnd + 1)
  return lineEnd < 0 ? header.length : lineEnd + 1
}

const lineFeed = 0x0a

/** Only headers that no honest message has are larger; fields beyond are not picked out of them. */
const maxPickedHeaderBytes = 4 * 1024 * 1024

const headerBytes = async (range: SectionRange, details: MessageDetails, mailbox: Pick<OpenMailbox, "read">): Promise<Uint8Array | null> => {
  if (isKeptHeader(range, details)) return keptHeader(details)
  const end = Math.min(range.end, range.start + maxPickedHeaderBytes)
  if (end === range.start) return nothing
  const chunks: Uint8Array[] = []
  for await (const chunk of mailbox.read(details.uid, { start: range.start, end })) chunks.push(chunk)
  return chunks.length === 0 ? null : Buffer.concat(chunks)
}
