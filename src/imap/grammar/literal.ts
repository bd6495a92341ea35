/** What `{n}`, `{n+}` or `~{n}` at the end of a line announces (RFC 9051 §4.3, RFC 7888). */
export interface LiteralAnnouncement {
  /** Length of the line text before the announcement. */
  readonly textEnd: number
  /** Bytes that follow; clamped to `Number.MAX_SAFE_INTEGER`, far above any limit. */
  readonly size: number
  /** The client waits for a continuation request before it sends the bytes. */
  readonly synchronizing: boolean
  /** literal8 (RFC 3516): may contain NUL. */
  readonly binary: boolean
}

const openBrace = 0x7b
const closeBrace = 0x7d
const plus = 0x2b
const tilde = 0x7e

/** Reads the announcement that ends `line` (given without its CRLF), or null when the command ends with this line. */
export const literalAnnouncement = (line: Uint8Array): LiteralAnnouncement | null => {
  let at = line.length - 1
  if (line[at] !== closeBrace) return null
  at--
  const synchronizing = line[at] !== plus
  if (!synchronizing) at--
  const lastDigit = at
  let size = 0
  let unit = 1
  for (let digit = line[at] ?? 0; digit >= 0x30 && digit <= 0x39; digit = line[--at] ?? 0) {
    size += (digit - 0x30) * unit
    unit *= 10
  }
  if (at === lastDigit || line[at] !== openBrace) return null
  const binary = line[at - 1] === tilde
  return { textEnd: binary ? at - 1 : at, size: Math.min(size, Number.MAX_SAFE_INTEGER), synchronizing, binary }
}
