import { ContentScanner } from "../../src/mail/content-scanner.ts"
import type { ScannedContent } from "../../src/mail/content-scanner.ts"
import type { PartOffsets } from "../../src/mail/content-structure.ts"

/** Scans a message given as one char per byte, or as bytes, cut into chunks of the sizes given (the last is repeated). */
export const scan = (message: string | Uint8Array, chunkSizes: readonly number[] = [65_536]): ScannedContent => {
  const bytes = typeof message === "string" ? Buffer.from(message, "latin1") : message
  const scanner = new ContentScanner()
  let at = 0
  for (let chunk = 0; at < bytes.length; chunk++) {
    const size = Math.max(1, chunkSizes[Math.min(chunk, chunkSizes.length - 1)] ?? 1)
    scanner.push(bytes.subarray(at, at + size))
    at += size
  }
  return scanner.finish()
}

/** Lines joined by CRLF, the last one without. */
export const lines = (...all: readonly string[]): string => all.join("\r\n")

/** The bytes of a part's body, one char each. */
export const bodyOf = (message: string, part: PartOffsets | undefined): string => (part ? message.slice(part.bodyStart, part.bodyEnd) : "no such part")

export const headerOf = (message: string, part: PartOffsets | undefined): string => (part ? message.slice(part.headerStart, part.bodyStart) : "no such part")

/** A parsed IMAP value: NIL is null, atoms and numbers are as written, strings are `{ s }`. */
export type ImapValue = null | string | { readonly s: string } | readonly ImapValue[]

/** Reads one IMAP value (RFC 9051 §9) strictly and to the end; throws where a client would be lost. */
export const readImapValue = (text: string): ImapValue => {
  let at = 0
  const value = (): ImapValue => {
    const char = text[at]
    if (char === "(") return list()
    if (char === '"') return quoted()
    if (char === "{") return literal()
    const atom = /^[A-Za-z0-9.-]+/.exec(text.slice(at, at + 100))?.[0]
    if (!atom) throw new Error(`no value at ${at}: ${text.slice(at, at + 20)}`)
    at += atom.length
    return atom === "NIL" ? null : atom
  }
  const list = (): ImapValue => {
    at++
    const items: ImapValue[] = []
    while (text[at] !== ")") {
      if (text[at] === " ") at++
      items.push(value())
    }
    at++
    return items
  }
  const quoted = (): ImapValue => {
    // oxlint-disable-next-line no-control-regex -- QUOTED-CHAR
    const match = /^"((?:[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f]|\\["\\])*)"/.exec(text.slice(at, at + 3_000))
    if (!match) throw new Error(`no quoted string at ${at}`)
    at += match[0].length
    return { s: (match[1] ?? "").replace(/\\(.)/g, "$1") }
  }
  const literal = (): ImapValue => {
    const match = /^\{(\d+)\}\r\n/.exec(text.slice(at, at + 20))
    if (!match) throw new Error(`no literal at ${at}`)
    const start = at + match[0].length
    at = start + Number(match[1])
    if (at > text.length) throw new Error("literal is cut short")
    return { s: text.slice(start, at) }
  }
  const read = value()
  if (at !== text.length) throw new Error(`trailing text at ${at}: ${text.slice(at, at + 20)}`)
  return read
}

const isList = (value: ImapValue | undefined): value is readonly ImapValue[] => Array.isArray(value)
const stringOf = (value: ImapValue | undefined): string => (value && typeof value === "object" && "s" in value ? value.s : "")

const countLines = (bytes: string): number => bytes.split("\n").length - 1

/**
 * What disagrees between a BODY or BODYSTRUCTURE and the offsets, of the whole tree; empty when they agree: the parts, their sizes and lines, and offsets that
 * nest and are in order.
 */
export const disagreements = (message: string, shown: ImapValue, part: PartOffsets, path = "root"): string[] => {
  const wrong: string[] = []
  const check = (right: boolean, what: string): void => {
    if (!right) wrong.push(`${path}: ${what}`)
  }
  check(part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd && part.bodyEnd <= message.length, `order ${part.headerStart} ${part.bodyStart} ${part.bodyEnd}`)
  if (!isList(shown)) return [`${path}: not a list`]
  if (part.multipart) {
    const count = shown.findIndex((item) => !isList(item))
    check(count === part.children.length && count > 0, `${count} parts shown, ${part.children.length} there`)
    let from = part.bodyStart
    part.children.forEach((child, at) => {
      check(child.headerStart >= from && child.bodyEnd <= part.bodyEnd, `part ${at + 1} is not inside`)
      from = child.bodyEnd
      wrong.push(...disagreements(message, shown[at] ?? null, child, `${path}.${at + 1}`))
    })
    return wrong
  }
  check(part.children.length === 0, "a leaf with children")
  const body = bodyOf(message, part)
  check(Number(shown[6]) === body.length, `size ${String(shown[6])}, really ${body.length}`)
  check(stringOf(shown[5]) === part.encoding, "encoding")
  if (stringOf(shown[0]) === "text") check(Number(shown[7]) === countLines(body), `lines ${String(shown[7])}, really ${countLines(body)}`)
  if (stringOf(shown[0]) === "message" && isList(shown[7])) {
    check(part.message !== undefined, "a message without offsets")
    check(Number(shown[9]) === countLines(body), `message lines ${String(shown[9])}, really ${countLines(body)}`)
    if (part.message) {
      check(part.message.headerStart === part.bodyStart && part.message.bodyEnd === part.bodyEnd, "the nested message is not the body")
      wrong.push(...disagreements(message, shown[8] ?? null, part.message, `${path}.message`))
    }
  } else check(part.message === undefined, "a nested message that is not shown")
  return wrong
}
