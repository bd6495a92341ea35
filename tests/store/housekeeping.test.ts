import { createHash, randomBytes } from "node:crypto"
import { readdir } from "node:fs/promises"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { createFileBlobs } from "../../src/store/blob/file-blobs.ts"
import { createHousekeeping } from "../../src/store/sql/housekeeping.ts"
import { createRevocationStore } from "../../src/store/sql/revocations.ts"
import type { Housekeeping } from "../../src/store/housekeeping.ts"
import { acceptance, createTestStore, readAll, type TestStore, unwrap } from "../support/store.ts"

const future = { now: () => Date.now() + 3_600_000 }
let store: TestStore
let housekeeping: Housekeeping
let account: number
beforeAll(async () => {
  store = await createTestStore()
  housekeeping = createHousekeeping({ database: store.database, blobs: createFileBlobs(store.blobDir), clock: future })
})
beforeEach(async () => {
  account = await store.account(`don${randomBytes(4).toString("hex")}@tinh.example`)
})
afterAll(() => store.close())

const contents = async (): Promise<number> => (await store.database.query<{ n: number }>({ text: "SELECT count(*) AS n FROM content" }))[0]?.n ?? -1
const blobs = async (): Promise<number> => (await readdir(store.blobDir, { recursive: true })).filter((name) => name.includes("/")).length
const inbox = async () => unwrap(await store.mail.openMailbox(unwrap(await store.mail.findMailbox(account, "INBOX")).id))
const version = async (): Promise<number> => (await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" }))[0]?.version ?? 0

test("the content of the last message to go is deleted with its blob after the grace period, not before", async () => {
  const before = { contents: await contents(), blobs: await blobs() }
  const bytes = randomBytes(200_000)
  await store.deliver(bytes, [account, await store.account("don-hai@tinh.example")])
  const mailbox = await inbox()
  unwrap(await mailbox.setFlags([1], { mode: "add", flags: ["\\Deleted"] }))
  unwrap(await mailbox.expunge(null))
  expect(await housekeeping.markOrphans()).toBe(0)
  const other = unwrap(await store.mail.openMailbox((await store.database.query<{ id: number }>({ text: "SELECT mailbox_id AS id FROM message LIMIT 1" }))[0]?.id ?? 0))
  unwrap(await other.setFlags([1], { mode: "add", flags: ["\\Deleted"] }))
  unwrap(await other.expunge(null))
  expect(await housekeeping.markOrphans()).toBe(1)
  expect(await housekeeping.deleteOrphans(60_000)).toBe(0)
  expect(await housekeeping.deleteOrphans(0)).toBe(1)
  expect({ contents: await contents(), blobs: await blobs() }).toEqual(before)
})

test("a marked content that is sent again is kept", async () => {
  const bytes = randomBytes(100_000)
  await store.deliver(bytes, [account])
  const mailbox = await inbox()
  unwrap(await mailbox.setFlags([1], { mode: "add", flags: ["\\Deleted"] }))
  unwrap(await mailbox.expunge(null))
  expect(await housekeeping.markOrphans()).toBe(1)
  await store.deliver(bytes, [account])
  expect(await housekeeping.deleteOrphans(0)).toBe(0)
  await mailbox.refresh()
  expect((await readAll(mailbox.read(2))).subarray(-bytes.length)).toEqual(bytes)
})

test("a delivery that waits keeps its content", async () => {
  unwrap(await store.acceptances.commit(acceptance({ content: await store.prepare(randomBytes(100)), accountIds: [account], directoryVersion: await version() })))
  expect(await housekeeping.markOrphans()).toBe(0)
})

test("a blob that no content names is swept once it is old, others are not", async () => {
  await store.deliver(randomBytes(100_000), [account])
  const before = await blobs()
  await store.prepare(randomBytes(100_000))
  expect(await blobs()).toBe(before + 1)
  expect(await housekeeping.sweepBlobs(2 * 3_600_000)).toBe(0)
  expect(await housekeeping.sweepBlobs(0)).toBe(1)
  expect(await blobs()).toBe(before)
})

test("a long log is folded", async () => {
  const { id } = unwrap(await store.mail.findMailbox(account, "INBOX"))
  await store.database.query({ text: "INSERT INTO message (mailbox_id, uid, modseq, content, size, internal_date) SELECT $1, n, n + 1, '\\x00', 10, now() FROM generate_series(1, 2500) n" }, [id])
  await store.database.query({ text: "UPDATE mailbox SET uid_next = 2501, highest_modseq = 2501, messages = 2500, unseen = 2500, bytes = 25000 WHERE id = $1" }, [id])
  expect(await housekeeping.foldLogs()).toBe(1)
  expect(await housekeeping.foldLogs()).toBe(0)
  expect((await inbox()).index.count).toBe(2500)
})

test("a list that nothing refers to any more goes after the grace period, not before", async () => {
  const revocations = createRevocationStore({ database: store.database })
  const der = randomBytes(1_000)
  const sha256 = createHash("sha256").update(der).digest("hex")
  await revocations.keep({ kind: "crl", der, sha256 })
  expect(await housekeeping.deleteRevocations(2 * 3_600_000)).toBe(0)
  expect(await housekeeping.deleteRevocations(0)).toBe(1)
  expect(await revocations.read(sha256)).toBeUndefined()
})

test("the content of a message that waits for a person's word is kept", async () => {
  const bytes = Buffer.from(`Subject: giu ${randomBytes(8).toString("hex")}\r\n\r\ngiu\r\n`)
  const held = { kind: "quarantine" as const, ruleId: "r", reasonVi: "a", reasonEn: "b", notify: [] }
  const content = await store.prepare(bytes)
  unwrap(await store.acceptances.commit({ ...acceptance({ content, accountIds: [account], directoryVersion: await version() }), held }))
  await housekeeping.markOrphans()
  await housekeeping.deleteOrphans(0)
  expect(await readAll(store.contents.read(content.ref))).toEqual(bytes)
})
