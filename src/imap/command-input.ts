import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import type { PreparedContent } from "../store/content-store.ts"

/**
 * One command as the connection received it, in the order of the wire: text, literal, text …, without the CRLF that ends
 * the command and without the `{n}` / `{n+}` CRLF that announces a literal (what was announced follows as the next piece).
 * A command reads it through `new Reader(pieces)`; text and literals are bounded by `maxLineBytes` together.
 */
export type CommandPiece =
  | { readonly kind: "text"; readonly bytes: Buffer }
  /** A literal small enough to be held. */
  | { readonly kind: "literal"; readonly bytes: Buffer }
  /**
   * A message literal of APPEND, already streamed into the content store; or why that failed (its bytes were read and dropped).
   * The dispatcher discards it unless the command answers OK.
   */
  | { readonly kind: "content"; readonly content: Result<PreparedContent, Failure> }
