/** RFC 9051 §4.3: what may stand between quotes for every client, old ones included. */
// oxlint-disable-next-line no-control-regex -- the grammar's QUOTED-CHAR: 7-bit, no NUL, CR or LF
const quotable = /^[\x01-\x09\x0b\x0c\x0e-\x7f]*$/

/** Longer strings go as literals, which clients read without a line buffer. */
const maxQuotedChars = 1_000

/** A byte string (one char per byte) as an IMAP string: quoted where that is legal for IMAP4rev1, or else a literal; NUL has no place in either and is dropped. */
export const imapString = (value: string): string => {
  if (value.length <= maxQuotedChars && quotable.test(value)) {
    return value.includes('"') || value.includes("\\") ? `"${value.replace(/["\\]/g, "\\$&")}"` : `"${value}"`
  }
  const clean = value.includes("\0") ? value.replaceAll("\0", "") : value
  return `{${clean.length}}\r\n${clean}`
}

/** `NIL` for what is absent (RFC 9051 §9 nstring). */
export const imapNstring = (value: string | undefined): string => (value === undefined ? "NIL" : imapString(value))
