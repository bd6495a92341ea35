import type { Reader } from "./reader.ts"
import type { SequenceSet } from "./sequence-set.ts"
import { ImapSyntaxError } from "./syntax-error.ts"

/** One thing that FETCH asks for (RFC 9051 §6.4.5, RFC 7162 §3.1.4). */
export type FetchItem =
  | { readonly kind: "flags" | "uid" | "internalDate" | "size" | "envelope" | "body" | "bodyStructure" | "modSeq" }
  | SectionItem

/** Bytes of the message: BODY[…], RFC822, RFC822.HEADER, RFC822.TEXT. */
export interface SectionItem {
  readonly kind: "section"
  readonly section: Section
  /** What is fetched is not thereby seen. */
  readonly peek: boolean
  readonly partial: { readonly start: number; readonly count: number } | null
  /** How the response names it: `BODY[1.MIME]`, `BODY[]<0>`, `RFC822.TEXT`. */
  readonly label: string
}

export interface Section {
  /** Part numbers from the outside in; empty for the message itself. */
  readonly part: readonly number[]
  readonly text: SectionText
  /** Lower case field names of `headerFields` and `headerFieldsNot`. */
  readonly fields: readonly string[]
}

/** RFC 9051 §6.4.5.1: `all` is the whole part or message; `header`, `text` and `headerFields` of a part need message/rfc822. */
export type SectionText = "all" | "header" | "headerFields" | "headerFieldsNot" | "text" | "mime"

export interface FetchArgs {
  readonly set: SequenceSet
  readonly items: readonly FetchItem[]
  /** RFC 7162 §3.1.4.1: only messages whose modseq is greater. */
  readonly changedSince: number | null
}

/** Many items in one command multiply the work of the server; no client asks for so many. */
const maxItems = 256

const attributes: Readonly<Record<string, FetchItem["kind"]>> = {
  FLAGS: "flags", UID: "uid", INTERNALDATE: "internalDate", "RFC822.SIZE": "size",
  ENVELOPE: "envelope", BODY: "body", BODYSTRUCTURE: "bodyStructure", MODSEQ: "modSeq",
}

const macros: Readonly<Record<string, readonly FetchItem["kind"][]>> = {
  FAST: ["flags", "internalDate", "size"],
  ALL: ["flags", "internalDate", "size", "envelope"],
  FULL: ["flags", "internalDate", "size", "envelope", "body"],
}

const rfc822: Readonly<Record<string, Omit<SectionItem, "kind" | "label" | "partial">>> = {
  RFC822: { section: { part: [], text: "all", fields: [] }, peek: false },
  "RFC822.HEADER": { section: { part: [], text: "header", fields: [] }, peek: true },
  "RFC822.TEXT": { section: { part: [], text: "text", fields: [] }, peek: false },
}

/** FETCH and UID FETCH arguments, to the end of the command. A UID FETCH answers UID whether asked or not (RFC 9051 §6.4.9). */
export const fetchArgs = (reader: Reader, form: "plain" | "uid"): FetchArgs => {
  reader.sp()
  const set = reader.sequenceSet()
  reader.sp()
  const asked = reader.peek("(") ? reader.list(() => fetchItem(reader)) : macroOrItem(reader)
  if (asked.length === 0) reader.fail("an item to fetch")
  const changedSince = reader.skip(" ") ? fetchModifiers(reader) : null
  reader.end()
  const implied: FetchItem[] = form === "uid" ? [{ kind: "uid" }] : []
  // RFC 7162 §3.1.4.1: CHANGEDSINCE implies MODSEQ.
  if (changedSince !== null) implied.push({ kind: "modSeq" })
  const items = distinct([...implied, ...asked])
  if (items.length > maxItems) throw new ImapSyntaxError(`More than ${maxItems} items are asked for`)
  return { set, items, changedSince }
}

/** What is asked for twice is told once; what is read anywhere without PEEK is seen. */
const distinct = (items: readonly FetchItem[]): FetchItem[] => {
  const kept = new Map<string, FetchItem>()
  for (const item of items) {
    const name = item.kind === "section" ? item.label : item.kind
    const before = kept.get(name)
    if (before?.kind !== "section" || before.peek) kept.set(name, item)
  }
  return [...kept.values()]
}

const macroOrItem = (reader: Reader): FetchItem[] => {
  const name = reader.dottedName()
  const macro = macros[name]
  return macro ? macro.map((kind) => simple(kind)) : [itemNamed(reader, name)]
}

const fetchItem = (reader: Reader): FetchItem => itemNamed(reader, reader.dottedName())

const simple = (kind: FetchItem["kind"]): FetchItem => {
  if (kind === "section") throw new Error("a section is not a simple item")
  return { kind }
}

const itemNamed = (reader: Reader, name: string): FetchItem => {
  if ((name === "BODY" || name === "BODY.PEEK") && reader.skip("[")) return bodySection(reader, name === "BODY.PEEK")
  const whole = Object.hasOwn(rfc822, name) ? rfc822[name] : undefined
  if (whole) return { kind: "section", ...whole, partial: null, label: name }
  const kind = Object.hasOwn(attributes, name) ? attributes[name] : undefined
  if (!kind) throw new ImapSyntaxError("Unknown FETCH item")
  return simple(kind)
}

const bodySection = (reader: Reader, peek: boolean): SectionItem => {
  const { section, label } = reader.peek("]") ? { section: { part: [], text: "all" as const, fields: [] }, label: "" } : sectionSpec(reader)
  reader.expect("]")
  const partial = reader.skip("<") ? partialRange(reader) : null
  return { kind: "section", section, peek, partial, label: `BODY[${label}]${partial ? `<${partial.start}>` : ""}` }
}

const sectionTexts: Readonly<Record<string, SectionText>> = {
  HEADER: "header", "HEADER.FIELDS": "headerFields", "HEADER.FIELDS.NOT": "headerFieldsNot", TEXT: "text", MIME: "mime",
}

const sectionSpec = (reader: Reader): { readonly section: Section; readonly label: string } => {
  const name = reader.dottedName()
  const words = name.split(".")
  const firstText = words.findIndex((word) => !/^[1-9]\d{0,9}$/.test(word))
  const part = (firstText < 0 ? words : words.slice(0, firstText)).map((word) => Number(word))
  const textName = firstText < 0 ? "" : words.slice(firstText).join(".")
  const text = firstText < 0 ? "all" : Object.hasOwn(sectionTexts, textName) ? sectionTexts[textName] : undefined
  // RFC 9051 §6.4.5.1: MIME needs a part number.
  if (!text || (text === "mime" && part.length === 0)) throw new ImapSyntaxError("Unknown BODY section")
  if (text !== "headerFields" && text !== "headerFieldsNot") return { section: { part, text, fields: [] }, label: name }
  reader.sp()
  const fields = reader.list(() => fieldName(reader))
  if (fields.length === 0) reader.fail("a field name")
  return { section: { part, text, fields: fields.map((field) => field.toLowerCase()) }, label: `${name} (${fields.join(" ")})` }
}

/** RFC 5322 §3.6.8: printable ASCII without colon. Anything else names no field, and could not be echoed safely. */
const fieldName = (reader: Reader): string => {
  const name = reader.astring()
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name)) throw new ImapSyntaxError("A header field name contains characters that no field name has")
  return /["(){%*\\\]]/.test(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : name
}

const partialRange = (reader: Reader): { readonly start: number; readonly count: number } => {
  const start = reader.number64()
  reader.expect(".")
  const count = reader.number64()
  if (count === 0) throw new ImapSyntaxError("A partial range must not be empty")
  reader.expect(">")
  return { start, count }
}

const fetchModifiers = (reader: Reader): number | null => {
  let changedSince: number | null = null
  const names = reader.list(() => {
    const name = reader.keyword()
    if (name === "VANISHED") throw new ImapSyntaxError("VANISHED needs QRESYNC, which this server does not have")
    if (name !== "CHANGEDSINCE") throw new ImapSyntaxError("Unknown FETCH modifier")
    reader.sp()
    changedSince = reader.number64()
    return name
  })
  if (names.length === 0) reader.fail("a FETCH modifier")
  return changedSince
}
