import { ImapSyntaxError } from "./syntax-error.ts"

/** Modified UTF-7 of RFC 3501 §5.1.3: printable ASCII stands for itself, "&" is "&-", the rest is UTF-16BE in base64 with "," for "/". */
export const encodeMailboxName = (name: string): string =>
  name.replace(/&|[^\x20-\x7e]+/g, (run) => (run === "&" ? "&-" : `&${Buffer.from(run, "utf16le").swap16().toString("base64").replace(/=+$/, "").replaceAll("/", ",")}-`))

/** Reverses `encodeMailboxName`; undefined when the text is not modified UTF-7. */
export const decodeMailboxName = (text: string): string | undefined => {
  if (!text.includes("&")) return text
  let valid = true
  const name = text.replace(/&([^-]*)(-?)/g, (_, base64: string, dash: string) => {
    if (dash === "") valid = false
    if (base64 === "") return "&"
    const decoded = decodeRun(base64)
    if (decoded === undefined) valid = false
    return decoded ?? ""
  })
  return valid ? name : undefined
}

const decodeRun = (base64: string): string | undefined => {
  if (!/^[A-Za-z0-9+,]+$/.test(base64)) return undefined
  const bytes = Buffer.from(base64.replaceAll(",", "/"), "base64")
  if (bytes.length === 0 || bytes.length % 2 !== 0) return undefined
  const run = bytes.swap16().toString("utf16le")
  return run.isWellFormed() ? run : undefined
}

/** C0, DEL, C1, line and paragraph separators: they would break lines and lists wherever the name is shown. */
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/**
 * The name the store knows: UTF-8 NFC, INBOX in upper case. Under IMAP4rev1 the wire carries modified UTF-7; a client that
 * sends raw UTF-8 instead is understood as well (RFC 9051 §5.1 expects it, old clients do it).
 */
export const mailboxNameFromWire = (text: string, utf8Names: boolean): string => {
  // oxlint-disable-next-line no-control-regex
  const ascii = /^[\u0000-\u007f]*$/.test(text)
  const decoded = utf8Names ? text : (decodeMailboxName(text) ?? (ascii ? undefined : text))
  if (decoded === undefined) throw new ImapSyntaxError("The mailbox name is not valid modified UTF-7")
  if (forbidden.test(decoded)) throw new ImapSyntaxError("The mailbox name contains a control character")
  return decoded.normalize("NFC").replace(/^inbox(?=\/|$)/i, "INBOX")
}
