/**
 * How a content's structure and search text are written down: compact, and quick to read, since a FETCH reads one for each message.
 * The first byte is the version of the form. Sealing and compression are the store's affair.
 */
import { byteString } from "./header.ts"
import type { ContentStructure, PartOffsets, SearchText } from "./content-structure.ts"

const structureVersion = 1
const searchTextVersion = 1
/** Version, then the lengths of the five sections as 32-bit little-endian numbers. */
const structureHeadBytes = 1 + 5 * 4
const numbersPerPart = 6

interface Head {
  /** headerBytes, sentAt, messageId. */
  readonly h: number
  readonly d: number | null
  readonly m: string
  /** Distinct encodings. */
  readonly e: readonly string[]
  /** Parts in preorder, `numbersPerPart` each: headerStart, bodyStart, bodyEnd (each less the one before), encoding, kind, number of children. */
  readonly p: readonly number[]
}

/** Bits of a part's kind. */
const isMultipart = 1
const hasMessage = 2

const flatten = (part: PartOffsets, encodings: string[], numbers: number[]): void => {
  let encoding = encodings.indexOf(part.encoding)
  if (encoding === -1) encoding = encodings.push(part.encoding) - 1
  const kind = (part.multipart ? isMultipart : 0) | (part.message ? hasMessage : 0)
  numbers.push(part.headerStart, part.bodyStart - part.headerStart, part.bodyEnd - part.bodyStart, encoding, kind, part.children.length)
  for (const child of part.children) flatten(child, encodings, numbers)
  if (part.message) flatten(part.message, encodings, numbers)
}

export const encodeStructure = (structure: ContentStructure): Buffer => {
  const encodings: string[] = []
  const numbers: number[] = []
  flatten(structure.root, encodings, numbers)
  const head: Head = { h: structure.headerBytes, d: structure.sentAt, m: structure.messageId, e: encodings, p: numbers }
  const headBytes = Buffer.from(JSON.stringify(head))
  const sections = [headBytes.length, structure.envelope.length, structure.body.length, structure.bodyStructure.length, structure.header.length]
  const record = Buffer.allocUnsafe(structureHeadBytes + sections.reduce((sum, length) => sum + length, 0))
  record[0] = structureVersion
  sections.forEach((length, at) => record.writeUInt32LE(length, 1 + at * 4))
  let at = structureHeadBytes
  record.set(headBytes, at)
  at += headBytes.length
  for (const text of [structure.envelope, structure.body, structure.bodyStructure]) at += record.write(text, at, "latin1")
  record.set(structure.header, at)
  return record
}

const none: readonly PartOffsets[] = []

/** Throws on a record of another version: that is a bug or a damaged store, never a user's doing. */
export const decodeStructure = (bytes: Uint8Array): ContentStructure => {
  const record = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (record[0] !== structureVersion) throw new Error(`structure record of unknown version ${record[0]}`)
  let at = structureHeadBytes
  const section = (number: number): Buffer => {
    const end = at + record.readUInt32LE(1 + number * 4)
    if (end > record.length) throw new Error("structure record is cut short")
    const view = record.subarray(at, end)
    at = end
    return view
  }
  const head = JSON.parse(section(0).toString()) as Head
  const { p: numbers, e: encodings } = head
  let next = 0
  const readPart = (): PartOffsets => {
    const headerStart = numbers[next] ?? 0
    const bodyStart = headerStart + (numbers[next + 1] ?? 0)
    const bodyEnd = bodyStart + (numbers[next + 2] ?? 0)
    const encoding = encodings[numbers[next + 3] ?? 0] ?? "7bit"
    const kind = numbers[next + 4] ?? 0
    const count = numbers[next + 5] ?? 0
    next += numbersPerPart
    let children = none
    if (count > 0) {
      const list: PartOffsets[] = []
      for (let child = 0; child < count; child++) list.push(readPart())
      children = list
    }
    const multipart = (kind & isMultipart) !== 0
    if ((kind & hasMessage) === 0) return { headerStart, bodyStart, bodyEnd, encoding, multipart, children }
    return { headerStart, bodyStart, bodyEnd, encoding, multipart, children, message: readPart() }
  }
  const root = readPart()
  return {
    envelope: byteString(section(1)), body: byteString(section(2)), bodyStructure: byteString(section(3)), header: section(4),
    headerBytes: head.h, root, sentAt: head.d, messageId: head.m,
  }
}

/** Version, then the length of the header text in bytes. */
const searchHeadBytes = 1 + 4

export const encodeSearchText = (text: SearchText): Buffer => {
  const header = Buffer.from(text.header)
  const head = Buffer.allocUnsafe(searchHeadBytes)
  head[0] = searchTextVersion
  head.writeUInt32LE(header.length, 1)
  return Buffer.concat([head, header, Buffer.from(text.body)])
}

/** Throws on a record of another version, as `decodeStructure` does. */
export const decodeSearchText = (bytes: Uint8Array): SearchText => {
  const record = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (record[0] !== searchTextVersion) throw new Error(`search text record of unknown version ${record[0]}`)
  const headerEnd = searchHeadBytes + record.readUInt32LE(1)
  return { header: record.toString("utf8", searchHeadBytes, headerEnd), body: record.toString("utf8", headerEnd) }
}
