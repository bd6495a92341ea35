import { createHash, type Hash } from "node:crypto"
import type { Logger } from "pino"
import { failed, ok, type Result } from "../../base/result.ts"
import { nextTurn } from "../../base/turn.ts"
import { encodeSearchText, encodeStructure } from "../../mail/content-record.ts"
import { ContentScanner } from "../../mail/content-scanner.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { BlobStore } from "../blob/blob-store.ts"
import { partOf, readSealedBlob, SealedBlobWriter } from "../blob/sealed-blob.ts"
import type { ContentRef, ContentStore, ContentWriter, PreparedContent, StoredContent } from "../content-store.ts"
import type { Sealer } from "../sealing.ts"
import type { Database } from "./database.ts"

/**
 * Contents in PostgreSQL (small) and in the blob store (large). Written in one pass: hash, MIME scan, compression and
 * sealing all see each chunk once. Must not know: envelopes, mailboxes.
 */
export interface ContentStoreOptions {
  readonly database: Database
  readonly blobs: BlobStore
  readonly sealer: Sealer
  /** Contents up to this many bytes are inline. */
  readonly inlineBytes: number
  readonly log: Logger
}

export function createContentStore(options: ContentStoreOptions): ContentStore {
  return {
    begin: (maxBytes, keptAs) => new StreamingContentWriter(options, maxBytes, keptAs),
    read: (content, range) => readContent(options, content, range),
  }
}

async function* readContent(options: ContentStoreOptions, content: ContentRef, range = { start: 0, end: Infinity }): AsyncIterable<Uint8Array> {
  const [row] = await options.database.query<ContentRow>(selectContent, [content])
  if (!row) throw new Error("the content is not in the store")
  if (row.inline_bytes) yield partOf(options.sealer.open(row.inline_bytes, content, row.size), range.start, range.end)
  else yield* readSealedBlob(options, row.blob_key ?? "", { start: range.start, end: Math.min(range.end, row.size) })
}

interface ContentRow {
  readonly inline_bytes: Buffer | null
  readonly blob_key: string | null
  readonly size: number
}

const selectContent = { name: "content-read", text: "SELECT inline_bytes, blob_key, size FROM content WHERE hash = $1" }

/** Bytes scanned before the parts found in them are counted. */
const sliceBytes = 16 * 1024
/** Bytes of one chunk before others get their turn: what comes from a socket is not longer, a whole header is. */
const bytesAtOnce = 64 * 1024
/** Parts begun before others get their turn on the event loop: about 3 ms. */
const partsAtOnce = 500
const largeStructureChars = 128 * 1024

/** A content that never outgrows `inlineBytes` is gathered, and never touches the blob store. */
class StreamingContentWriter implements ContentWriter {
  private readonly hash: Hash = createHash("sha256")
  private readonly scanner = new ContentScanner()
  private gathered: Buffer[] = []
  private size = 0
  private blob: SealedBlobWriter | undefined
  private partsAtRest = 0
  private readonly options: ContentStoreOptions
  private readonly maxBytes: number
  private readonly keptAs: ContentRef | undefined

  constructor(options: ContentStoreOptions, maxBytes: number, keptAs: ContentRef | undefined) {
    this.options = options
    this.maxBytes = maxBytes
    this.keptAs = keptAs
  }

  async write(chunk: Uint8Array): Promise<Result<void, Failure>> {
    this.size += chunk.length
    if (this.size > this.maxBytes) {
      await this.abort()
      return failed(failure("tooBig", `the message is larger than ${this.maxBytes} bytes`))
    }
    // of several large ones that come at once, each chunk has its turn
    if (this.size > this.options.inlineBytes) await nextTurn()
    this.hash.update(chunk)
    await this.scan(chunk)
    if (this.keptAs) return ok(undefined)
    if (this.size <= this.options.inlineBytes) {
      this.gathered.push(Buffer.from(chunk))
      return ok(undefined)
    }
    return this.guarded(() => this.writeToBlob(chunk))
  }

  async finish(): Promise<Result<PreparedContent, Failure>> {
    const written = await this.guarded(async () => this.blob?.finish())
    if (!written.ok) return written
    const { sealer, blobs, log } = this.options
    const sha256 = this.hash.digest()
    const ref = sealer.contentHash(sha256)
    const { structure, searchText, ...scanned } = this.scanner.finish()
    const { options, blob, size } = this
    const seen = { ref, sha256, size, structure, scanned, searchText }
    if (this.keptAs) return ok({ ...seen, stored: { kind: "kept" }, read: (range) => readContent(options, ref, range), discard: async () => undefined })
    // only hostile messages have so much to write down; others get their turn between the steps
    const large = structure.bodyStructure.length > largeStructureChars
    if (large) await nextTurn()
    const encodedStructure = encodeStructure(structure)
    if (large) await nextTurn()
    const sealedStructure = sealer.seal(encodedStructure, structurePlace(ref))
    if (large) await nextTurn()
    const sealed = { sealedStructure, sealedSearchText: sealer.seal(encodeSearchText(searchText), searchTextPlace(ref)) }
    // whoever judges a small message reads it once more, at once: it need not be opened for that
    const plain = this.take()
    const stored: Exclude<StoredContent, { readonly kind: "kept" }> = blob ? { kind: "blob", key: blob.key, ...sealed } : { kind: "inline", bytes: sealer.seal(plain, ref), ...sealed }
    return ok({
      ...seen,
      stored,
      async *read(range = { start: 0, end: size }) {
        if (stored.kind === "inline") yield Buffer.from(plain.subarray(range.start, range.end))
        else yield* readSealedBlob(options, stored.key, { start: range.start, end: Math.min(range.end, size) })
      },
      async discard() {
        if (blob) await blobs.remove(blob.key).catch((error: unknown) => log.warn({ err: error, blob: blob.key }, "a blob could not be removed; housekeeping will"))
      },
    })
  }

  async abort(): Promise<void> {
    this.gathered = []
    await this.blob?.abort().catch((error: unknown) => this.options.log.warn({ err: error }, "an unfinished blob could not be removed; housekeeping will"))
  }

  /** In slices, so that thousands of parts, and a header that is one chunk, let others have their turn. */
  private async scan(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      this.scanner.push(chunk.subarray(at, at + sliceBytes))
      const done = at + sliceBytes
      if (this.scanner.partCount - this.partsAtRest < partsAtOnce && (done % bytesAtOnce > 0 || done >= chunk.length)) continue
      this.partsAtRest = this.scanner.partCount
      await nextTurn()
    }
  }

  private async writeToBlob(chunk: Uint8Array): Promise<void> {
    if (!this.blob) {
      this.blob = new SealedBlobWriter(await this.options.blobs.create(), this.options.sealer)
      await this.blob.write(this.take())
    }
    await this.blob.write(chunk)
  }

  /** What is gathered, as one buffer. */
  private take(): Buffer {
    const [first, ...others] = this.gathered
    const all = first && others.length === 0 ? first : Buffer.concat(this.gathered)
    this.gathered = []
    return all
  }

  private async guarded(work: () => Promise<void>): Promise<Result<void, Failure>> {
    try {
      await work()
      return ok(undefined)
    } catch (error) {
      this.options.log.error({ err: error }, "a content could not be written")
      await this.abort()
      return failed(failure("unavailable", "the message could not be stored"))
    }
  }
}

export const structurePlace = (ref: ContentRef): Buffer => Buffer.concat([ref, Buffer.from("structure")])
export const searchTextPlace = (ref: ContentRef): Buffer => Buffer.concat([ref, Buffer.from("search")])
