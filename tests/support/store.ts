import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pino } from "pino"
import { createFileBlobs } from "../../src/store/blob/file-blobs.ts"
import type { Acceptance, AcceptanceStore } from "../../src/store/acceptance-store.ts"
import type { ChangeFeed } from "../../src/store/change-feed.ts"
import type { ContentStore, PreparedContent } from "../../src/store/content-store.ts"
import type { DeliveryStore } from "../../src/store/delivery-store.ts"
import type { MailStore } from "../../src/store/mail-store.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createAcceptanceStore } from "../../src/store/sql/acceptances.ts"
import { createContentStore } from "../../src/store/sql/contents.ts"
import { createDeliveryStore } from "../../src/store/sql/deliveries.ts"
import { createMailStore } from "../../src/store/sql/mail-store.ts"
import { createPostgresChangeFeed } from "../../src/store/sql/postgres-feed.ts"
import { createTestDatabase, type TestDatabase } from "./database.ts"

/** The real store on a fresh database, as one or more processes would have it. */
export interface TestStore {
  readonly database: TestDatabase
  readonly contents: ContentStore
  readonly acceptances: AcceptanceStore
  readonly deliveries: DeliveryStore
  readonly mail: MailStore
  readonly feed: ChangeFeed
  readonly blobDir: string
  /** Another process's mail store on the same database, with its own feed connection. */
  otherProcess(): Promise<MailStore>
  /** An account with INBOX and the usual folders; returns its id. */
  account(address: string, quotaBytes?: number): Promise<number>
  prepare(bytes: Uint8Array | string): Promise<PreparedContent>
  /** Accepts and delivers to the accounts' INBOX, as intake and worker would. */
  deliver(content: Uint8Array | string, accountIds: readonly number[]): Promise<{ readonly envelopeId: number; readonly deliveryIds: readonly number[] }>
  close(): Promise<void>
}

const contentKey = Buffer.alloc(32, 7)
export const testLog = pino({ level: "silent" })

export async function createTestStore(): Promise<TestStore> {
  const database = await createTestDatabase()
  const dir = await mkdtemp(join(tmpdir(), "congthu-blobs-"))
  const sealer = createSealer(contentKey)
  const contents = createContentStore({ database, blobs: createFileBlobs(dir), sealer, inlineBytes: 64 * 1024, log: testLog })
  const closers: (() => Promise<void>)[] = []
  const newFeed = async () => {
    const feed = createPostgresChangeFeed({ database, url: database.url, log: testLog })
    await feed.ready
    closers.push(() => feed.close())
    return feed
  }
  const newMailStore = (feed: ChangeFeed) => createMailStore({ database, feed, contents, sealer, cacheBytes: 8 * 1024 * 1024, log: testLog })
  const feed = await newFeed()
  const acceptances = createAcceptanceStore({ database, log: testLog })
  const deliveries = createDeliveryStore({ database, feed, delayNoticeMs: 4 * 3_600_000 })
  const store: TestStore = {
    database,
    contents,
    acceptances,
    deliveries,
    feed,
    mail: newMailStore(feed),
    blobDir: dir,
    otherProcess: async () => newMailStore(await newFeed()),
    async account(address, quotaBytes = 1e12) {
      await database.query({ text: "INSERT INTO organization_unit (code, name, kind, domain) VALUES ('vp', 'Văn phòng', 'department', 'tinh.example') ON CONFLICT DO NOTHING" })
      const [row] = await database.query<{ id: number }>({ text: "INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) VALUES ($1, 'personal', $1, 'vp', $2) RETURNING id" }, [address, quotaBytes])
      if (!row) throw new Error("no account")
      await database.query({ text: "INSERT INTO mailbox (account_id, name) SELECT $1, unnest(ARRAY['INBOX', 'Sent', 'Trash'])" }, [row.id])
      await database.query({ text: "UPDATE directory_version SET version = version + 1" })
      return row.id
    },
    prepare: async (bytes) => prepareContent(contents, bytes),
    async deliver(bytes, accountIds) {
      const content = await prepareContent(contents, bytes)
      const [current] = await database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
      const done = await acceptances.commit(acceptance({ content, accountIds, directoryVersion: current?.version ?? 0 }))
      if (!done.ok) throw new Error(done.failure.detail)
      await deliveries.deliverLocal(done.value.deliveryIds, Date.now())
      return done.value
    },
    async close() {
      for (const close of closers) await close()
      await database.drop()
      await rm(dir, { recursive: true, force: true })
    },
  }
  return store
}

export async function prepareContent(contents: ContentStore, bytes: Uint8Array | string): Promise<PreparedContent> {
  const writer = contents.begin(1e9)
  const all = Buffer.from(bytes)
  for (let at = 0; at < all.length; at += 60_000) {
    const written = await writer.write(all.subarray(at, at + 60_000))
    if (!written.ok) throw new Error(written.failure.detail)
  }
  const finished = await writer.finish()
  if (!finished.ok) throw new Error(finished.failure.detail)
  return finished.value
}

export const acceptance = (options: { readonly content: PreparedContent; readonly accountIds: readonly number[]; readonly directoryVersion: number; readonly remote?: readonly string[]; readonly reversePath?: string }): Acceptance => {
  const addresses = [...options.accountIds.map((id) => ({ recipient: `account${id}@tinh.example`, accountId: id })), ...(options.remote ?? []).map((recipient) => ({ recipient, accountId: null }))]
  return {
    source: "mx",
    envelope: { reversePath: options.reversePath ?? "nguoigui@ngoai.example", recipients: addresses.map(({ recipient }) => ({ forwardPath: recipient })), requireTls: false, smtpUtf8: false },
    deliveries: addresses.map(({ recipient, accountId }) => ({ recipient, accountId, originalRecipient: recipient, notify: [], expiresAt: Date.now() + 86_400_000 })),
    content: options.content,
    tracePrefix: "Return-Path: <nguoigui@ngoai.example>\r\nReceived: from thu.ngoai.example\r\n",
    directoryVersion: options.directoryVersion,
    acceptedAt: Date.now(),
    session: { sessionId: "s1", clientAddress: "127.0.0.1", helo: "thu.ngoai.example", tls: null, accountId: null, principalId: null },
  }
}

export const unwrap = <T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: { readonly detail: string } }): T => {
  if (!result.ok) throw new Error(result.failure.detail)
  return result.value
}

export const readAll = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

