import type { Reader } from "./grammar/reader.ts"
import type { Session } from "./session.ts"
import type { ResponseWriter } from "./response/writer.ts"

/**
 * A command is data: how it is written, where it is allowed, what it may tell the client about expunges, what it does.
 * The dispatcher parses, checks state, runs, flushes the pending updates that are allowed, and writes the tagged reply.
 * A command never checks state, never writes its tag, never catches.
 */
export interface Command<Args> {
  /** Upper case. */
  readonly name: string
  /** RFC 9051 §6.4.9: whether it exists plain, with a UID prefix, or both. */
  readonly forms: readonly ("plain" | "uid")[]
  readonly states: readonly SessionState[]
  /** RFC 9051 §7.5.1: EXPUNGE must not be sent while FETCH, STORE or SEARCH is in progress, except in their UID form. */
  readonly mayExpunge: "always" | "uidForm" | "never"
  /** Pure; throws only `ImapSyntaxError` (answered BAD). Reads up to and including the end of the line. */
  parse(reader: Reader, form: "plain" | "uid"): Args
  run(session: Session, args: Args, out: ResponseWriter, form: "plain" | "uid"): Promise<Reply>
}

/**
 * A command with a literal too large to hold (APPEND). It pulls its own pieces, so that the message streams into the store
 * while the client sends it. The dispatcher still checks the state first, flushes what is allowed after, and writes the tagged reply.
 * `run` may throw `ImapSyntaxError` (answered BAD). When it ends before the command's last piece was read, the connection skips the
 * rest: nothing follows an uninvited synchronizing literal, the bytes of a non-synchronizing one are discarded (RFC 7888 §4).
 */
export interface StreamingCommand {
  readonly name: string
  readonly forms: readonly ("plain" | "uid")[]
  readonly states: readonly SessionState[]
  readonly mayExpunge: "always" | "uidForm" | "never"
  readonly streams: true
  run(session: Session, input: CommandInput, out: ResponseWriter): Promise<Reply>
}

/** The pieces of one command, read from the connection on demand. */
export interface CommandInput {
  /** The next piece: text up to the next literal, or to the end of the command. The literal of the piece before must have been read. */
  next(): Promise<CommandPiece>
}

export interface CommandPiece {
  /** Line bytes without the literal's announcement and without CRLF; the first piece starts right after the command's name. */
  readonly text: Uint8Array
  /** Null: the command ends with this piece. */
  readonly literal: LiteralSource | null
}

/** A literal that was announced and not yet received. */
export interface LiteralSource {
  readonly size: number
  readonly synchronizing: boolean
  /** Invites the client when the literal is synchronizing, then yields exactly `size` bytes; each chunk is the reader's to keep. Throws when the connection breaks. At most once. */
  chunks(): AsyncIterable<Uint8Array>
}

export type SessionState = "notAuthenticated" | "authenticated" | "selected"

/** The tagged response, without its tag. `code` is a response code such as `READ-ONLY` or `COPYUID 1 2 3`. */
export type Reply =
  | { readonly kind: "ok" | "no" | "bad"; readonly code?: string; readonly text: string }
