/**
 * Where large contents rest: sealed pieces under a random key. A blob is durable when `finish` resolves, and belongs to a
 * content once a row names it; one without a row is swept by housekeeping.
 */
export interface BlobStore {
  create(): Promise<BlobWriter>
  /** Piece lengths first, so that a range can be read without the pieces before it. */
  open(key: string): Promise<BlobReader>
  remove(key: string): Promise<void>
  /** Keys of blobs last written before `olderThan` (ms since the epoch). */
  list(olderThan: number): AsyncIterable<string>
}

export interface BlobWriter {
  readonly key: string
  /** One piece, in parts; they may be reused once it resolves. */
  append(parts: readonly Uint8Array[]): Promise<void>
  finish(): Promise<void>
  abort(): Promise<void>
}

export interface BlobReader {
  readonly pieces: number
  /** In memory that is the caller's. */
  piece(index: number): Promise<Buffer>
  close(): Promise<void>
}
