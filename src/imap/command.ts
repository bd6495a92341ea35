import type { Result } from "../base/result.ts"
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

export type SessionState = "notAuthenticated" | "authenticated" | "selected"

/** The tagged response, without its tag. `code` is a response code such as `READ-ONLY` or `COPYUID 1 2 3`. */
export type Reply =
  | { readonly kind: "ok" | "no" | "bad"; readonly code?: string; readonly text: string }

export type Parsed<Args> = Result<Args, string>
