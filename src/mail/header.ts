/**
 * A header block as fields (RFC 5322 §2.2), tolerant of everything that arrives in practice: bare LF, lines without a colon,
 * 8-bit bytes. Values are "byte strings", one char per byte, until somebody asks for text.
 */
export interface HeaderField {
  /** Lower case; empty for a line that is no field at all. */
  readonly name: string
  /** Unfolded (RFC 5322 §2.2.3), outer white space removed, one char per byte. */
  readonly value: string
}

const lf = "\n"

const isFold = (code: number): boolean => code === 0x20 || code === 0x09

/** Removes white space at both ends. Not `String.trim`, which would take byte 0xA0 out of a UTF-8 "à". */
export const trimWhite = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) <= 0x20) start++
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** One char per byte. */
export const byteString = (bytes: Uint8Array): string => asBuffer(bytes).toString("latin1")

/** Calls `visit(start, end, nameEnd)` for each field of a block up to its empty line; `nameEnd` is the colon, or `start` when there is none. */
const eachField = (block: string, visit: (start: number, end: number, nameEnd: number) => void): void => {
  let at = 0
  let colon = -2
  while (at < block.length) {
    const first = block.charCodeAt(at)
    if (first === 10 || (first === 13 && block.charCodeAt(at + 1) === 10)) return
    let end = block.indexOf(lf, at)
    while (end !== -1 && isFold(block.charCodeAt(end + 1))) end = block.indexOf(lf, end + 1)
    const next = end === -1 ? block.length : end + 1
    // Looked up once for each colon of the block, so that a block without any stays linear.
    if (colon !== -1 && colon < at) colon = block.indexOf(":", at)
    visit(at, next, colon > at && colon < next && !isFold(first) ? colon : at)
    at = next
  }
}

/** Whether a block has more lines that begin a field, or look like it, than `most`. Cheap whatever is in it. */
export const hasMoreFields = (block: Uint8Array, most: number): boolean => {
  let begun = 0
  let first = true
  for (const byte of block) {
    if (first && !isFold(byte) && ++begun > most) return true
    first = byte === 10
  }
  return false
}

const fieldName = (block: string, start: number, nameEnd: number): string => {
  // RFC 5322 §4.5: obsolete syntax allows white space before the colon.
  const name = block.slice(start, nameEnd).trimEnd().toLowerCase()
  return name.includes(" ") || name.includes(lf) ? "" : name
}

/** The fields of a raw header block in order; what is not a field is left out. */
export const parseHeader = (block: Uint8Array): HeaderField[] => {
  const text = byteString(block)
  const fields: HeaderField[] = []
  eachField(text, (start, end, nameEnd) => {
    const name = fieldName(text, start, nameEnd)
    if (name === "") return
    const raw = trimWhite(text.slice(nameEnd + 1, end))
    fields.push({ name, value: raw.includes(lf) ? raw.replace(/\r?\n/g, "") : raw })
  })
  return fields
}

/** A field as it stands in its message. */
export interface RawField {
  /** Lower case. */
  readonly name: string
  /** All lines of it, with their ends; one char per byte. */
  readonly raw: string
}

/** Its value unfolded (RFC 5322 §2.2.3), outer white space removed. */
export const unfoldedValue = ({ raw }: RawField): string => trimWhite(raw.slice(raw.indexOf(":") + 1).replace(/\r?\n/g, ""))

/** The fields of a raw header block in order, unchanged; what is not a field is left out. */
export const rawFields = (block: Uint8Array): RawField[] => {
  const text = byteString(block)
  const fields: RawField[] = []
  eachField(text, (start, end, nameEnd) => {
    const name = fieldName(text, start, nameEnd)
    if (name !== "") fields.push({ name, raw: text.slice(start, end) })
  })
  return fields
}

/** The first field called `name` (lower case), one char per byte, or undefined. */
export const fieldValue = (fields: readonly HeaderField[], name: string): string | undefined => {
  for (const field of fields) if (field.name === name) return field.value
  return undefined
}

/** All fields called `name` (lower case). */
export const fieldValues = (fields: readonly HeaderField[], name: string): string[] =>
  fields.filter((field) => field.name === name).map((field) => field.value)

/** True when the block ends with the empty line that separates it from a body. */
const hasEmptyLine = (block: string): boolean =>
  block.endsWith("\n\r\n") || block.endsWith("\n\n") || block === "\r\n" || block === lf

/**
 * The raw lines of the named fields, or of all others (`not`), in the order of the block (RFC 9051 §6.4.5 HEADER.FIELDS).
 * The empty line at the end is kept except when the message has none. Names are matched case-insensitively.
 */
export const selectHeaderFields = (block: Uint8Array, names: readonly string[], not = false): Buffer => {
  const text = byteString(block)
  const wanted = new Set(names.map((name) => name.toLowerCase()))
  let selected = ""
  eachField(text, (start, end, nameEnd) => {
    if (wanted.has(fieldName(text, start, nameEnd)) !== not) selected += text.slice(start, end)
  })
  return Buffer.from(hasEmptyLine(text) ? `${selected}\r\n` : selected, "latin1")
}

/** The block without those fields called `name` (lower case) of which `drop` says so; undefined when it has none of them. */
export const withoutHeaderFields = (block: Uint8Array, name: string, drop: (value: string) => boolean): Buffer | undefined => {
  const text = byteString(block)
  if (!text.toLowerCase().includes(name)) return undefined
  let kept = ""
  let rest = 0
  eachField(text, (start, end, nameEnd) => {
    rest = end
    const isCalledSo = fieldName(text, start, nameEnd) === name
    if (!isCalledSo || !drop(trimWhite(text.slice(nameEnd + 1, end)).replace(/\r?\n/g, ""))) kept += text.slice(start, end)
  })
  return kept.length === rest ? undefined : Buffer.from(kept + text.slice(rest), "latin1")
}
