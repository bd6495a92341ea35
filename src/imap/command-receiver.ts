import type { Reply } from "./command.ts"
import { type LiteralAnnouncement, literalAnnouncement } from "./grammar/literal.ts"
import type { CommandSegment } from "./grammar/reader.ts"
import { InputBuffer } from "./input-buffer.ts"

/**
 * Bytes in, whole commands out: lines, literals of both kinds (RFC 3501 §4.3, RFC 7888), and what is refused before it is
 * read. No I/O: the connection asks `next` after each chunk and does what it is told.
 * Invariant: holds no more than one command's limit plus one chunk; what a streaming command takes passes through.
 */
export class CommandReceiver {
  limits: ReceiverLimits
  private readonly streams: (line: Buffer) => boolean
  private readonly input = new InputBuffer()
  private segments: CommandSegment[] | null = null
  /** Bytes of the segments so far. */
  private held = 0
  /** Bytes of the literal still to come. */
  private remaining = 0
  private mode: Mode = "line"
  /** Bytes read and thrown away of the command that was refused. */
  private dropped = 0

  /** `streams` tells from a command's first line whether it pulls its own literals. */
  constructor(limits: ReceiverLimits, streams: (line: Buffer) => boolean) {
    this.limits = limits
    this.streams = streams
  }

  get buffered(): number {
    return this.input.length
  }

  push(chunk: Buffer): void {
    this.input.push(chunk)
  }

  /** RFC 9051 §6.2.1: plaintext that came with STARTTLS must not be read as if it had come under TLS. */
  clear(): void {
    this.input.clear()
    this.reset()
  }

  next(): Received {
    for (;;) {
      const received = this.step()
      if (received) return received
    }
  }

  /** The line that answers a continuation request (AUTHENTICATE, IDLE). */
  answer(): Buffer | "tooLong" | undefined {
    const line = this.input.line()
    if (this.lengthOf(line) > this.limits.lineBytes) return "tooLong"
    return line
  }

  /** The next line of a streaming command, its literal before having been read to its end. */
  streamLine(): StreamedLine | "tooLong" | undefined {
    const line = this.input.line()
    const streamed = line && this.streamed(line)
    return this.lengthOf(line) > this.limits.lineBytes ? "tooLong" : streamed
  }

  /** The streaming command asks for its literal: its bytes may be taken now. */
  openLiteral(): void {
    this.mode = "streamLiteral"
  }

  /** Some bytes of the open literal; undefined while none are here, null at its end. */
  literalBytes(): Buffer | undefined | null {
    if (this.remaining === 0) {
      this.mode = "streamLine"
      return null
    }
    if (this.input.length === 0) return undefined
    const bytes = this.input.take(this.remaining)
    this.remaining -= bytes.length
    return bytes
  }

  /** The streaming command has answered. What it left unread is dropped, except that nothing follows a literal that was not asked for. */
  streamEnded(): void {
    if (this.mode === "streamDone" || this.mode === "streamUninvited") this.reset()
    else this.mode = "dropLiteral"
  }

  private step(): Received | undefined {
    switch (this.mode) {
      case "line":
        return this.nextLine()
      case "literal":
        return this.nextLiteral()
      case "dropLiteral":
        return this.dropLiteral()
      case "dropLine":
        return this.dropLine()
      default:
        return waiting
    }
  }

  private nextLine(): Received | undefined {
    const line = this.input.line()
    if (this.held + this.lengthOf(line) > this.limits.lineBytes) {
      const tag = this.tag(line ?? this.input.peek(maxTagBytes + 1))
      if (line) this.dropAfter(line)
      else this.mode = "dropLine"
      return this.refused(tag)
    }
    if (!line) return waiting
    const literal = literalAnnouncement(line)
    if (literal && !this.segments && this.streams(line)) return { kind: "stream", ...this.streamed(line) }
    this.add({ kind: "text", bytes: literal ? line.subarray(0, literal.textEnd) : line })
    return literal ? this.beginLiteral(literal) : this.complete()
  }

  private complete(): Received {
    const segments = this.segments ?? []
    this.reset()
    return { kind: "command", segments }
  }

  private beginLiteral(literal: LiteralAnnouncement): Received | undefined {
    this.remaining = literal.size
    if (literal.size <= this.limits.lineBytes - this.held) {
      this.mode = "literal"
      return literal.synchronizing ? { kind: "continue" } : undefined
    }
    // RFC 7888 §4: a synchronizing literal is refused by not asking for it; any other is coming whatever we say
    const refused = this.refused(this.tag(nothing))
    if (literal.synchronizing) this.reset()
    else this.mode = "dropLiteral"
    return refused
  }

  private nextLiteral(): Received | undefined {
    if (this.input.length < this.remaining) return waiting
    this.add({ kind: "literal", bytes: this.input.take(this.remaining) })
    this.mode = "line"
    return undefined
  }

  private dropLiteral(): Received | undefined {
    if (this.dropped + this.remaining > this.limits.discardBytes) return tooMuch
    const taken = this.input.take(this.remaining).length
    this.dropped += taken
    this.remaining -= taken
    if (this.remaining > 0) return waiting
    this.mode = "dropLine"
    return undefined
  }

  private dropLine(): Received | undefined {
    const line = this.input.line()
    if (line) {
      this.dropAfter(line)
      return undefined
    }
    // the end of the line is kept: it may announce a literal
    if (this.input.length > maxAnnouncementBytes) this.dropped += this.input.take(this.input.length - maxAnnouncementBytes).length
    return this.dropped + this.lengthOf(undefined) > this.limits.discardBytes ? tooMuch : waiting
  }

  /** A line of a refused command: its literal is dropped too, unless the client will not send it. */
  private dropAfter(line: Buffer): void {
    const literal = literalAnnouncement(line)
    this.dropped += line.length
    const ends = !literal || literal.synchronizing
    if (ends && this.dropped <= this.limits.discardBytes) return this.reset()
    this.remaining = ends ? 0 : literal.size
    this.mode = "dropLiteral"
  }

  /** Of a line, or of what there is of it: the last byte may be the CR, which does not count. */
  private lengthOf(line: Buffer | undefined): number {
    return line?.length ?? this.input.length - 1
  }

  private streamed(line: Buffer): StreamedLine {
    const literal = literalAnnouncement(line)
    this.remaining = literal?.size ?? 0
    this.mode = !literal ? "streamDone" : literal.synchronizing ? "streamUninvited" : "streamLiteral"
    return { line: literal ? line.subarray(0, literal.textEnd) : line, literal }
  }

  private refused(tag: string): Received {
    this.segments = null
    return { kind: "refused", tag, reply: { kind: "bad", code: "TOOBIG", text: `A command may have ${this.limits.lineBytes} octets` } }
  }

  private add(segment: CommandSegment): void {
    this.segments ??= []
    this.segments.push(segment)
    this.held += segment.bytes.length
  }

  private reset(): void {
    this.segments = null
    this.held = 0
    this.remaining = 0
    this.dropped = 0
    this.mode = "line"
  }

  private tag(line: Buffer): string {
    const first = this.segments?.[0]?.bytes ?? line
    return tagPattern.exec(Buffer.from(first.buffer, first.byteOffset, first.length).toString("latin1", 0, maxTagBytes + 1))?.[0] ?? "*"
  }
}

type Mode = "line" | "literal" | "dropLiteral" | "dropLine" | "streamLine" | "streamUninvited" | "streamLiteral" | "streamDone"

export interface ReceiverLimits {
  /** Longest command, its held literals included. */
  readonly lineBytes: number
  /** How much of a refused command is read to its end; beyond it the connection is closed instead. */
  readonly discardBytes: number
}

export interface StreamedLine {
  /** Without the announcement. */
  readonly line: Buffer
  readonly literal: LiteralAnnouncement | null
}

export type Received =
  | { readonly kind: "waiting" }
  | { readonly kind: "command"; readonly segments: readonly CommandSegment[] }
  /** A command that pulls the rest through `openLiteral`, `literalBytes`, `streamLine`, `streamEnded`. */
  | ({ readonly kind: "stream" } & StreamedLine)
  /** The client waits for a continuation request. */
  | { readonly kind: "continue" }
  /** To be answered now; the rest of it will be dropped. The tag is "*" when the line had none. */
  | { readonly kind: "refused"; readonly tag: string; readonly reply: Reply }
  /** More than may be dropped: only closing helps. */
  | { readonly kind: "tooMuch" }

const waiting: Received = { kind: "waiting" }
const tooMuch: Received = { kind: "tooMuch" }
const nothing = Buffer.alloc(0)
export const maxTagBytes = 64
const maxAnnouncementBytes = 24
/** 1*<any ASTRING-CHAR except "+"> (RFC 3501 §9 "tag"), followed by a space. */
export const tagPattern = /^[!#$&',\-./0-9:;<=>?@A-Z[\]^_`a-z|}~]{1,64}(?= )/
