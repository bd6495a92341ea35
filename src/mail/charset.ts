import { isAscii, isUtf8 } from "node:buffer"
import iconv from "iconv-lite"

/** Charsets in which a byte below 128 may not be the ASCII character. */
const notAsciiBased = /^(?:utf-?(?:7|16|32)|ucs|iso-?2022|hz|x-mac-symbol|cp?037|ebcdic|unicode)/i

const utf8Names = new Set(["utf-8", "utf8", "unicode-1-1-utf-8", "x-unicode-2-0-utf-8"])
const undeclared = new Set(["", "us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit", "x-unknown", "8bit", "binary"])

/** Whether text in it is decoded as its sender meant it; otherwise it is guessed. */
export const isKnownCharset = (charset: string): boolean => {
  const name = charset.trim().toLowerCase()
  return utf8Names.has(name) || undeclared.has(name) || iconv.encodingExists(name)
}

/** Decodes pieces of a text in order; characters may straddle pieces. */
export interface CharsetDecoder {
  write(bytes: Buffer): string
  end(): string
}

/** What bytes without a usable charset mean: UTF-8 when they can be, or else windows-1252. */
const guess = (bytes: Buffer): string => (isUtf8(bytes) ? bytes.toString("utf8") : iconv.decode(bytes, "windows-1252"))

/** Bytes in a MIME charset as text; never fails, whatever the charset is called. */
export const decodeCharset = (bytes: Buffer, charset: string): string => {
  const name = charset.trim().toLowerCase()
  if (isAscii(bytes) && !notAsciiBased.test(name)) return bytes.toString("latin1")
  if (utf8Names.has(name)) return bytes.toString("utf8")
  if (undeclared.has(name) || !iconv.encodingExists(name)) return guess(bytes)
  return iconv.decode(bytes, name)
}

/** The same for a text that comes in pieces. */
export const charsetDecoder = (charset: string, first: Buffer): CharsetDecoder => {
  const name = charset.trim().toLowerCase()
  const known = !undeclared.has(name) && !utf8Names.has(name) && iconv.encodingExists(name)
  if (known) {
    const decoder = iconv.getDecoder(name)
    return { write: (bytes) => decoder.write(bytes), end: () => decoder.end() ?? "" }
  }
  const looksUtf8 = utf8Names.has(name) || isUtf8(first.subarray(0, lastCharacterStart(first)))
  const decoder = new TextDecoder(looksUtf8 ? "utf-8" : "windows-1252")
  return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() }
}

/** Where the last UTF-8 character begins, which the end of the piece may have cut. */
const lastCharacterStart = (bytes: Buffer): number => {
  let at = bytes.length - 1
  while (at > 0 && at > bytes.length - 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--
  return Math.max(at, 0)
}

/** A byte string (one char per byte) that should be UTF-8, as text. */
export const textOf = (bytes: string): string => {
  // oxlint-disable-next-line no-control-regex -- exactly the ASCII range
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes
  return guess(Buffer.from(bytes, "latin1"))
}
