import { decodeCharset } from "./charset.ts"
import { decodeHeaderText } from "./encoded-word.ts"
import { trimWhite } from "./header.ts"

/** One `attribute=value` of a Content-Type or Content-Disposition (RFC 2045 §5.1), as given, unquoted, one char per byte. */
export interface Parameter {
  readonly name: string
  readonly value: string
}

export interface Parameterized {
  readonly value: string
  readonly parameters: readonly Parameter[]
}

/** More than any sender writes; RFC 2231 continuations of a long file name take a few dozen. */
const maxParameters = 200

/** Removes RFC 5322 §3.2.2 comments, leaving quoted strings alone. */
export const stripComments = (text: string): string => {
  if (!text.includes("(")) return text
  let plain = ""
  let depth = 0
  let from = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === "\\") at++
    else if (char === '"' && depth === 0) quoted = !quoted
    else if (char === "(" && !quoted) {
      if (depth++ === 0) plain += text.slice(from, at)
    } else if (char === ")" && !quoted && depth > 0 && --depth === 0) from = at + 1
  }
  return depth === 0 ? plain + text.slice(from) : plain
}

/** End of the quoted string whose opening quote is at `start`: index of the closing quote, or the end of the text. */
export const closingQuote = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at++
    else if (code === 0x22) return at
  }
  return text.length
}

export const unescapeQuoted = (text: string): string => (text.includes("\\") ? text.replace(/\\([\s\S])/g, "$1") : text)

/** `text/plain; charset="utf-8"` → value and parameters; junk between semicolons is skipped. */
export const parseParameterized = (field: string): Parameterized => {
  const text = stripComments(field)
  const semicolon = text.indexOf(";")
  if (semicolon === -1) return { value: trimWhite(text), parameters: [] }
  const parameters: Parameter[] = []
  let at = semicolon + 1
  let equals = text.indexOf("=", at)
  while (equals !== -1 && parameters.length < maxParameters) {
    const name = trimWhite(text.slice(Math.max(at, text.lastIndexOf(";", equals) + 1), equals))
    let start = equals + 1
    while (text.charCodeAt(start) === 0x20 || text.charCodeAt(start) === 0x09) start++
    let end: number
    let value: string
    if (text.charCodeAt(start) === 0x22) {
      const close = closingQuote(text, start)
      value = unescapeQuoted(text.slice(start + 1, close))
      end = text.indexOf(";", close)
    } else {
      end = text.indexOf(";", start)
      value = trimWhite(text.slice(start, end === -1 ? text.length : end))
    }
    if (name !== "") parameters.push({ name, value })
    if (end === -1) break
    at = end + 1
    equals = text.indexOf("=", at)
  }
  return { value: trimWhite(text.slice(0, semicolon)), parameters }
}

type Lookup = (name: string) => string | undefined

/** The first parameter of a name, case-insensitively (RFC 2045 §5.1). A map serves the long lists that only hostile or RFC 2231 senders write. */
const lookup = (parameters: readonly Parameter[]): Lookup => {
  if (parameters.length <= 8) return (name) => parameters.find((parameter) => parameter.name.length === name.length && parameter.name.toLowerCase() === name)?.value
  const values = new Map<string, string>()
  for (const { name, value } of parameters) if (!values.has(name.toLowerCase())) values.set(name.toLowerCase(), value)
  return (name) => values.get(name)
}

/** The raw value of a parameter (name in lower case), one char per byte; RFC 2231 §3 continuations are joined. */
export const parameterValue = (parameters: readonly Parameter[], name: string): string | undefined => {
  if (parameters.length === 0) return undefined
  const find = lookup(parameters)
  const plain = find(name)
  if (plain !== undefined) return plain
  let joined: string | undefined
  for (let part = 0; part < maxParameters; part++) {
    const piece = find(`${name}*${part}`)
    if (piece === undefined) break
    joined = (joined ?? "") + piece
  }
  return joined
}

const fromPercent = (text: string): string =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))

/** A parameter as text: RFC 2231 §4 charsets and continuations, and the RFC 2047 words that should not be there but are. */
export const parameterText = (parameters: readonly Parameter[], name: string): string | undefined => {
  if (parameters.length === 0) return undefined
  const find = lookup(parameters)
  const extended = find(`${name}*`)
  let bytes = extended === undefined ? "" : fromPercent(extended)
  let charset = extended !== undefined
  if (extended === undefined) {
    for (let part = 0; part < maxParameters; part++) {
      const encoded = find(`${name}*${part}*`)
      const piece = encoded === undefined ? find(`${name}*${part}`) : fromPercent(encoded)
      if (piece === undefined) break
      if (part === 0) charset = encoded !== undefined
      bytes += piece
    }
  }
  if (bytes === "") {
    const plain = find(name)
    return plain === undefined ? undefined : decodeHeaderText(plain)
  }
  const match = charset ? /^([^']*)'[^']*'([\s\S]*)$/.exec(bytes) : null
  return decodeCharset(Buffer.from(match?.[2] ?? bytes, "latin1"), match?.[1] ?? "utf-8")
}
