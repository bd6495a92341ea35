import { ByteCache } from "../../base/byte-cache.ts"
import { decodeSearchText, decodeStructure } from "../../mail/content-record.ts"
import type { SearchText } from "../../mail/content-structure.ts"
import type { MessageDetails } from "../mail-store.ts"
import type { Sealer } from "../sealing.ts"
import { searchTextPlace, structurePlace } from "./contents.ts"
import type { Database } from "./database.ts"

/**
 * What never changes about messages, by (mailbox, uid): read once, kept while memory lasts. Rows come in batches that take
 * the event loop a few milliseconds each.
 */
export interface MessageReader {
  details(mailboxId: number, uids: readonly number[]): Promise<readonly MessageDetails[]>
  searchTexts(mailboxId: number, uids: readonly number[]): Promise<ReadonlyMap<number, SearchText>>
}

const batchSize = 200
/** A sealed record opens to at most this much: far above what the scanner keeps (64 KiB of header, 1 MiB of text, 10,000 parts). */
const maxRecordBytes = 32 * 1024 * 1024

export function createMessageReader({ database, sealer, cacheBytes }: { readonly database: Database; readonly sealer: Sealer; readonly cacheBytes: number }): MessageReader {
  const detailsCache = new ByteCache<string, MessageDetails>(cacheBytes / 2)
  const searchCache = new ByteCache<string, SearchText>(cacheBytes / 2)

  const readDetails = async (mailboxId: number, uids: readonly number[]): Promise<MessageDetails[]> =>
    (await database.query<DetailsRow>(selectDetails, [mailboxId, uids])).map((row) => {
      const plain = sealer.open(row.structure, structurePlace(row.content), maxRecordBytes)
      const details = { uid: row.uid, content: row.content, tracePrefix: Buffer.from(row.trace_prefix ?? ""), size: row.size, internalDate: row.internal_ms, structure: decodeStructure(plain) }
      detailsCache.set(`${mailboxId}/${row.uid}`, details, 600 + 2 * plain.length + details.tracePrefix.length)
      return details
    })

  const readSearchTexts = async (mailboxId: number, uids: readonly number[]): Promise<[number, SearchText][]> =>
    (await database.query<SearchRow>(selectSearchTexts, [mailboxId, uids])).map((row) => {
      const plain = sealer.open(row.search_text, searchTextPlace(row.content), maxRecordBytes)
      const text = decodeSearchText(plain)
      searchCache.set(`${mailboxId}/${row.uid}`, text, 200 + stringBytes(text.header.length + text.body.length, plain.length))
      return [row.uid, text]
    })

  return {
    async details(mailboxId, uids) {
      return (await cached({ mailboxId, uids, cache: detailsCache, read: async (missing) => (await readDetails(mailboxId, missing)).map((details) => [details.uid, details]) })).map(([, details]) => details)
    },
    async searchTexts(mailboxId, uids) {
      return new Map(await cached({ mailboxId, uids, cache: searchCache, read: (missing) => readSearchTexts(mailboxId, missing) }))
    },
  }
}

/** V8 keeps a string of Latin-1 characters at one byte each, any other at two; folded Vietnamese is ASCII. */
const stringBytes = (chars: number, utf8Bytes: number): number => (utf8Bytes <= chars + recordHeadBytes ? chars : 2 * chars)
/** What a search record has beside its text, at most. */
const recordHeadBytes = 8

/** From the cache, else read in batches; in the order of `uids`, those that are gone left out. */
async function cached<T>(request: {
  readonly mailboxId: number
  readonly uids: readonly number[]
  readonly cache: ByteCache<string, T>
  readonly read: (uids: readonly number[]) => Promise<[number, T][]>
}): Promise<[number, T][]> {
  const found = new Map<number, T>()
  const missing: number[] = []
  for (const uid of request.uids) {
    const value = request.cache.get(`${request.mailboxId}/${uid}`)
    if (value === undefined) missing.push(uid)
    else found.set(uid, value)
  }
  for (let at = 0; at < missing.length; at += batchSize) {
    for (const [uid, value] of await request.read(missing.slice(at, at + batchSize))) found.set(uid, value)
  }
  return request.uids.flatMap((uid) => {
    const value = found.get(uid)
    return value === undefined ? [] : [[uid, value] as [number, T]]
  })
}

interface DetailsRow {
  readonly uid: number
  readonly content: Buffer
  readonly trace_prefix: string | null
  readonly size: number
  readonly internal_ms: number
  readonly structure: Buffer
}

const selectDetails = {
  name: "message-details",
  text: `
    SELECT m.uid, m.content, e.trace_prefix, m.size, (extract(epoch FROM m.internal_date) * 1000)::bigint AS internal_ms, c.structure
    FROM message m JOIN content c ON c.hash = m.content LEFT JOIN envelope e ON e.id = m.envelope_id
    WHERE m.mailbox_id = $1 AND m.uid = ANY ($2::bigint[])`,
}

interface SearchRow {
  readonly uid: number
  readonly content: Buffer
  readonly search_text: Buffer
}

const selectSearchTexts = {
  name: "message-search-texts",
  text: "SELECT m.uid, m.content, c.search_text FROM message m JOIN content c ON c.hash = m.content WHERE m.mailbox_id = $1 AND m.uid = ANY ($2::bigint[])",
}
