import { type CalendarDate, parseDate, parseDateTime } from "./date-time.ts"
import { checkKeyword, systemFlagOf } from "./flag.ts"
import { mailboxNameFromWire } from "./mailbox-name.ts"
import { type SequenceSet, parseSequenceSet } from "./sequence-set.ts"
import { ImapSyntaxError } from "./syntax-error.ts"

export { ImapSyntaxError } from "./syntax-error.ts"

/**
 * A cursor over one complete command, its methods named after the grammar of RFC 9051 §9. It starts right after the command's name.
 * Invariants: throws nothing but `ImapSyntaxError`; every token is read in one pass; a string it returns is valid UTF-8 without NUL.
 * Must not know: sockets, sessions, what commands mean.
 */
export class Reader {
  private readonly segments: readonly CommandSegment[]
  private readonly utf8Names: boolean
  private segment = 0
  private bytes: Buffer = noBytes
  private at = 0
  private depth = 0

  constructor(segments: readonly CommandSegment[], options: ReaderOptions = {}) {
    this.segments = segments
    this.utf8Names = options.utf8Names ?? false
    const first = segments[0]
    if (first?.kind === "text") this.bytes = asBuffer(first.bytes)
    else this.segment = -1
  }

  /** Where a message can point at. */
  fail(expected: string): never {
    throw new ImapSyntaxError(`Expected ${expected} ${this.atEnd() ? "at the end of the command" : `at byte ${this.at} of the arguments`}`)
  }

  /** Nothing is left, not even a literal. */
  atEnd(): boolean {
    return this.at >= this.bytes.length && this.segment >= this.segments.length - 1
  }

  /** The command must end here. */
  end(): void {
    if (!this.atEnd()) this.fail("the end of the command")
  }

  /** The next bytes are `text`, in any case; nothing is consumed. */
  peek(text: string): boolean {
    if (this.at + text.length > this.bytes.length) return false
    for (let offset = 0; offset < text.length; offset++) {
      if (upper(this.bytes[this.at + offset] ?? 0) !== upper(text.charCodeAt(offset))) return false
    }
    return true
  }

  /** Consumes `text` when it comes next. */
  skip(text: string): boolean {
    const found = this.peek(text)
    if (found) this.at += text.length
    return found
  }

  expect(text: string): void {
    if (!this.skip(text)) this.fail(text === " " ? "a space" : `"${text}"`)
  }

  sp(): void {
    this.expect(" ")
  }

  /** Reads something that may contain itself (parentheses, NOT, OR). RFC 9051 sets no depth, so ours is bounded: a parser must not run out of stack. */
  nested<T>(inner: () => T): T {
    if (++this.depth > maxDepth) throw new ImapSyntaxError(`The command is nested deeper than ${maxDepth} levels`)
    const value = inner()
    this.depth--
    return value
  }

  /** `(item item …)`, empty allowed. */
  list<T>(item: () => T): T[] {
    return this.nested(() => {
      this.expect("(")
      const items: T[] = []
      if (this.skip(")")) return items
      items.push(item())
      while (this.skip(" ")) items.push(item())
      this.expect(")")
      return items
    })
  }

  /** 1*ATOM-CHAR. */
  atom(): string {
    return this.span(isAtomChar, "an atom")
  }

  /** An atom in upper case: command names, FETCH items, SEARCH keys. */
  keyword(): string {
    return this.atom().toUpperCase()
  }

  /** Letters, digits and dots in upper case: FETCH items and sections, `BODY.PEEK`, `1.2.HEADER.FIELDS`. */
  dottedName(): string {
    return this.span(isDottedChar, "an item").toUpperCase()
  }

  /** 1*ASTRING-CHAR or string. */
  astring(): string {
    return this.atString() ? this.string() : this.span(isAstringChar, "a string")
  }

  /** A quoted string or a literal, as UTF-8 text. */
  string(): string {
    return decodeUtf8(this.stringBytes())
  }

  /** A string, or null for NIL. */
  nstring(): string | null {
    if (this.atString()) return this.string()
    if (this.keyword() !== "NIL") this.fail("a string or NIL")
    return null
  }

  /** The bytes of a quoted string or literal; a NUL in them is refused. */
  stringBytes(): Buffer {
    const bytes = this.skip("\"") ? this.quoted() : this.literal()
    if (bytes.includes(0)) throw new ImapSyntaxError("A string contains a NUL byte")
    return bytes
  }

  /** Unsigned 32-bit (RFC 9051 §9 "number"). */
  number(): number {
    const value = this.number64()
    if (value > 0xffff_ffff) throw new ImapSyntaxError("A number is larger than 4294967295")
    return value
  }

  nzNumber(): number {
    const value = this.number()
    if (value === 0) throw new ImapSyntaxError("A number must not be zero")
    return value
  }

  /** Unsigned 63-bit (RFC 9051 §9 "number64", RFC 7162 "mod-sequence-value"). Above 2^53 the value is rounded: nothing here counts so far. */
  number64(): number {
    const digits = this.span(isDigit, "a number")
    if (digits.length > 19 || (digits.length === 19 && digits > "9223372036854775807")) throw new ImapSyntaxError("A number is too large")
    return Number(digits)
  }

  /** The next token starts like a sequence set. */
  atSequenceSet(): boolean {
    return isSequenceChar[this.bytes[this.at] ?? 0] === 1
  }

  sequenceSet(): SequenceSet {
    return parseSequenceSet(this.span(isSequenceChar, "a sequence set"))
  }

  /** One flag of STORE, APPEND or PERMANENTFLAGS; \Recent and unknown system flags are refused (RFC 9051 §2.3.2). */
  flag(): string {
    if (!this.skip("\\")) return checkKeyword(this.atom())
    const name = this.atom()
    return systemFlagOf(name) ?? this.fail(`a flag that can be stored instead of \\${name}`)
  }

  /** `(\Seen $Forwarded …)`, empty allowed. */
  flagList(): string[] {
    return this.list(() => this.flag())
  }

  /** A mailbox name as UTF-8 NFC, INBOX in upper case (RFC 9051 §5.1, RFC 3501 §5.1.3). */
  mailbox(): string {
    const name = mailboxNameFromWire(this.astring(), this.utf8Names)
    if (name === "") throw new ImapSyntaxError("A mailbox name must not be empty")
    return name
  }

  /** A reference or pattern of LIST (RFC 9051 §6.3.9): a mailbox name with `%` and `*` in it, or empty. */
  listMailbox(): string {
    return mailboxNameFromWire(this.atString() ? this.string() : this.span(isListChar, "a mailbox pattern"), this.utf8Names)
  }

  /** `"17-Jul-1996 02:44:25 -0700"` as milliseconds since the epoch (RFC 9051 §9 "date-time"). */
  dateTime(): number {
    if (!this.peek("\"")) this.fail("a date-time")
    return parseDateTime(this.string())
  }

  /** `1-Feb-1994`, quoted or not (RFC 9051 §9 "date"). */
  date(): CalendarDate {
    return parseDate(this.astring())
  }

  /** A string (quoted or literal) comes next. */
  atString(): boolean {
    return this.peek("\"") || this.atLiteral()
  }

  private atLiteral(): boolean {
    return this.at >= this.bytes.length && this.segments[this.segment + 1]?.kind === "literal"
  }

  private span(accepts: Uint8Array, expected: string): string {
    const start = this.at
    while (accepts[this.bytes[this.at] ?? 0] === 1) this.at++
    if (this.at === start) this.fail(expected)
    return this.bytes.toString("latin1", start, this.at)
  }

  private quoted(): Buffer {
    const start = this.at
    let escaped = false
    for (; this.at < this.bytes.length; this.at++) {
      const byte = this.bytes[this.at]
      if (byte === quote) {
        const inside = this.bytes.subarray(start, this.at++)
        return escaped ? unescape(inside) : inside
      }
      if (byte === backslash) {
        const next = this.bytes[++this.at]
        if (next !== quote && next !== backslash) throw new ImapSyntaxError("Only \\\" and \\\\ may be escaped in a quoted string")
        escaped = true
      }
    }
    throw new ImapSyntaxError("A quoted string is not closed")
  }

  private literal(): Buffer {
    const literal = this.at >= this.bytes.length ? this.segments[this.segment + 1] : undefined
    if (literal?.kind !== "literal") return this.fail("a string")
    const text = this.segments[this.segment + 2]
    this.segment += text?.kind === "text" ? 2 : 1
    this.bytes = text?.kind === "text" ? asBuffer(text.bytes) : noBytes
    this.at = 0
    return asBuffer(literal.bytes)
  }
}

/**
 * A stretch of one command. `text`: line bytes without the literal's announcement and without CRLF. `literal`: the bytes it announced.
 * A command is `text [literal text]…`; an empty text may be left out.
 */
export type CommandSegment =
  | { readonly kind: "text"; readonly bytes: Uint8Array }
  | { readonly kind: "literal"; readonly bytes: Uint8Array }

export interface ReaderOptions {
  /** Mailbox names are plain UTF-8 (IMAP4rev2 or UTF8=ACCEPT is enabled): "&" is only itself. */
  readonly utf8Names?: boolean
}

const maxDepth = 50
const quote = 0x22
const backslash = 0x5c
const noBytes = Buffer.alloc(0)

const asBuffer = (bytes: Uint8Array): Buffer => (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))

const upper = (byte: number): number => (byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte)

/** Char classes as tables of 256: 0x01-0x1f, 0x7f and 8-bit bytes are in none. */
const charClass = (accepts: (char: string) => boolean): Uint8Array => {
  const table = new Uint8Array(256)
  for (let byte = 0x21; byte < 0x7f; byte++) table[byte] = accepts(String.fromCharCode(byte)) ? 1 : 0
  return table
}

const isAtomChar = charClass((char) => !"(){%*\"\\]".includes(char))
const isAstringChar = charClass((char) => !"(){%*\"\\".includes(char))
const isListChar = charClass((char) => !"(){\"\\".includes(char))
const isDottedChar = charClass((char) => /[A-Za-z0-9.]/.test(char))
const isDigit = charClass((char) => char >= "0" && char <= "9")
const isSequenceChar = charClass((char) => "0123456789:,*".includes(char))

const unescape = (bytes: Buffer): Buffer => {
  const plain = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === backslash) at++
    plain[length++] = bytes[at] ?? 0
  }
  return plain.subarray(0, length)
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const decodeUtf8 = (bytes: Buffer): string => {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new ImapSyntaxError("A string is not valid UTF-8")
  }
}
