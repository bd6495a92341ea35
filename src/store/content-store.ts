import type { Result } from "../base/result.ts"
import type { ScannedContent } from "../mail/content-scanner.ts"
import type { ContentStructure, SearchText } from "../mail/content-structure.ts"
import type { Failure } from "../mail/failure.ts"

/**
 * Message bytes, stored once whoever receives them, compressed and sealed. A content is written before the transaction
 * that refers to it: small ones travel inside that transaction, large ones are already in the blob store under a random
 * key (a blob without a row is swept). Must not know: mailboxes, envelopes.
 */
export interface ContentStore {
  /**
   * Starts a content. `maxBytes` is a hard limit: `write` fails with `tooBig` beyond it. `keptAs`: it is read once more from the store, where a committed row keeps it at
   * least until what is made of it here is committed: it is only looked at, not written again.
   */
  begin(maxBytes: number, keptAs?: ContentRef): ContentWriter
  /** All bytes of a stored content from `start` (default 0) to `end` (exclusive, default the end), in chunks of bounded size. */
  read(content: ContentRef, range?: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>
}

export interface ContentWriter {
  /** Resolves when more may be written and the chunk's memory is the caller's again; a failure (`tooBig`, `unavailable`) is final and the writer has already cleaned up. */
  write(chunk: Uint8Array): Promise<Result<void, Failure>>
  finish(): Promise<Result<PreparedContent, Failure>>
  abort(): Promise<void>
}

/** How a content is found: the keyed hash, HMAC-SHA-256 of the bytes' SHA-256, 32 bytes. */
export type ContentRef = Uint8Array

/** Where its bytes are, and the sealed `ContentStructure` and `SearchText` for its row; `kept`: the row is there. */
export type StoredContent =
  | { readonly kind: "kept" }
  | (({ readonly kind: "inline"; readonly bytes: Uint8Array } | { readonly kind: "blob"; readonly key: string }) & { readonly sealedStructure: Uint8Array; readonly sealedSearchText: Uint8Array })

/** A finished content, not yet referred to by any committed row. */
export interface PreparedContent {
  readonly ref: ContentRef
  /** Plain SHA-256 of the bytes: the evidence that what was accepted is what is handed out. */
  readonly sha256: Uint8Array
  readonly size: number
  readonly structure: ContentStructure
  /** The part tree and the top-level header as the scanner read them: for whoever judges the message before it is stored. */
  readonly scanned: Pick<ScannedContent, "root" | "headerFields">
  readonly searchText: SearchText
  readonly stored: StoredContent
  /** The bytes again, as `ContentStore.read` will give them, in memory that is the reader's. */
  read(range?: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>
  /** Deletes the blob of a content that will not be committed. */
  discard(): Promise<void>
}
