import { decodeCharset, textOf } from "./charset.ts"
import { trimWhite } from "./header.ts"

/** RFC 2047 §2, with the language of RFC 2231 §5; the text may hold spaces, as careless senders write it. */
const encodedWord = /=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bBqQ])\?([^?]*)\?=/g

const fromQ = (text: string): Buffer =>
  Buffer.from(
    text.replace(/_/g, " ").replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    "latin1",
  )

/**
 * A header field's value as text: encoded-words decoded (RFC 2047), raw bytes taken as UTF-8 where they are.
 * Neighbouring words in one charset are joined before decoding, since senders cut characters in two.
 */
export const decodeHeaderText = (value: string): string => {
  if (!value.includes("=?")) return textOf(value)
  let text = ""
  let bytes: Buffer[] = []
  let charset = ""
  let at = 0
  const flush = (): void => {
    if (bytes.length > 0) text += decodeCharset(bytes.length === 1 && bytes[0] ? bytes[0] : Buffer.concat(bytes), charset)
    bytes = []
  }
  for (const match of value.matchAll(encodedWord)) {
    const [whole, wordCharset = "", encoding = "", body = ""] = match
    const between = value.slice(at, match.index)
    // RFC 2047 §6.2: white space between encoded-words is not shown.
    const adjoining = bytes.length > 0 && trimWhite(between) === ""
    if (!adjoining) {
      flush()
      text += textOf(between)
    }
    const named = wordCharset.toLowerCase().replace(/^utf8$/, "utf-8")
    if (named !== charset) flush()
    charset = named
    bytes.push(encoding === "b" || encoding === "B" ? Buffer.from(body, "base64") : fromQ(body))
    at = match.index + whole.length
  }
  flush()
  return text + textOf(value.slice(at))
}
