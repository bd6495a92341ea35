import type { MessageDetails, OpenMailbox } from "../../store/mail-store.ts"
import { selectHeaderFields } from "../../mail/header.ts"
import type { FetchItem, SectionItem } from "../grammar/fetch-items.ts"
import { type FetchRows, isIndexItem } from "./fetch-rows.ts"
import { partialWithin, sectionRange, type SectionRange } from "./fetch-section.ts"
import type { ResponseWriter } from "./writer.ts"

/**
 * One FETCH response that needs more than the index: stored ENVELOPE and BODYSTRUCTURE are copied out, sections are literals
 * streamed from the store. Invariant: a literal has exactly the bytes it announced, or the connection breaks.
 */
export interface FetchedMessage {
  readonly seq: number
  /** Position in the index when the row began; its cheap items are read there. */
  readonly at: number
  readonly details: MessageDetails
}

export const writeFetched = async (
  out: ResponseWriter,
  message: FetchedMessage,
  request: { readonly items: readonly FetchItem[]; readonly rows: FetchRows; readonly mailbox: Pick<OpenMailbox, "read"> },
): Promise<void> => {
  const { rows, mailbox } = request
  rows.begin(message.seq)
  // What the index knows goes first and at once: the message's place there may move while we wait for the store.
  for (const item of request.items) if (isIndexItem(item.kind)) rows.item(item.kind, message.at)
  out.text(rows.take())
  let separator = request.items.some((item) => isIndexItem(item.kind)) ? " " : ""
  const { structure } = message.details
  for (const item of request.items) {
    if (isIndexItem(item.kind)) continue
    if (item.kind === "envelope") out.text(`${separator}ENVELOPE ${structure.envelope}`)
    else if (item.kind === "body") out.text(`${separator}BODY ${structure.body}`)
    else if (item.kind === "bodyStructure") out.text(`${separator}BODYSTRUCTURE ${structure.bodyStructure}`)
    else if (item.kind === "section") {
      out.text(`${separator}${item.label} `)
      await writeSection(out, item, message.details, mailbox)
    }
    separator = " "
  }
  out.text(")\r\n")
}

const writeSection = async (out: ResponseWriter, item: SectionItem, details: MessageDetails, mailbox: Pick<OpenMailbox, "read">): Promise<void> => {
  const range = sectionRange(item.section, { root: details.structure.root, prefixBytes: details.tracePrefix.length, size: details.size })
  if (!range) return out.text("NIL")
  const { text, fields } = item.section
  if (text === "headerFields" || text === "headerFieldsNot") {
    const header = selectHeaderFields(await headerBytes(range, details, mailbox), fields, text === "headerFieldsNot")
    return writeLiteral(out, header, item.partial)
  }
  if (isKeptHeader(range, details)) return writeLiteral(out, keptHeader(details), item.partial)
  const part = partialWithin(range.end - range.start, item.partial)
  await streamLiteral(out, mailbox.read(details.uid, { start: range.start + part.start, end: range.start + part.end }), part.end - part.start)
}

const writeLiteral = (out: ResponseWriter, bytes: Uint8Array, partial: SectionItem["partial"]): void => {
  const part = partialWithin(bytes.length, partial)
  out.text(`{${part.end - part.start}}\r\n`)
  out.bytes(bytes.subarray(part.start, part.end))
}

const streamLiteral = async (out: ResponseWriter, chunks: AsyncIterable<Uint8Array>, length: number): Promise<void> => {
  out.text(`{${length}}\r\n`)
  if (length === 0) return
  let left = length
  for await (const chunk of chunks) {
    left -= chunk.length
    if (left < 0) break
    out.bytes(chunk)
    await out.ready()
    if (out.closed) return
  }
  if (left !== 0) throw new Error(`a message's bytes do not match its structure: ${left} of ${length} are missing`)
}

/** The top header was kept at intake, so that fetching headers reads no content. */
const isKeptHeader = (range: SectionRange, details: MessageDetails): boolean =>
  range.start === 0 && range.end === details.tracePrefix.length + details.structure.headerBytes && details.structure.header.length === details.structure.headerBytes

const keptHeader = (details: MessageDetails): Uint8Array =>
  details.tracePrefix.length === 0 ? details.structure.header : Buffer.concat([details.tracePrefix, details.structure.header])

/** Only headers that no honest message has are larger; fields beyond are not picked out of them. */
const maxPickedHeaderBytes = 4 * 1024 * 1024

const headerBytes = async (range: SectionRange, details: MessageDetails, mailbox: Pick<OpenMailbox, "read">): Promise<Uint8Array> => {
  if (isKeptHeader(range, details)) return keptHeader(details)
  const end = Math.min(range.end, range.start + maxPickedHeaderBytes)
  if (end === range.start) return new Uint8Array(0)
  const chunks: Uint8Array[] = []
  for await (const chunk of mailbox.read(details.uid, { start: range.start, end })) chunks.push(chunk)
  return Buffer.concat(chunks)
}
