import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import type { Acceptance, AcceptanceStore, Committed } from "../../src/store/acceptance-store.ts"
import type { Change } from "../../src/store/change.ts"
import { createAcceptanceStore } from "../../src/store/sql/acceptances.ts"
import { acceptance, createTestStore, testLog, type TestStore, unwrap } from "../support/store.ts"

/** Deliveries to mailboxes here that are made in the acceptance's own transaction. */
let store: TestStore
let acceptances: AcceptanceStore
let account: number
let published: Change[]
let delivered: number
let serial = 0
beforeAll(async () => {
  store = await createTestStore()
  acceptances = createAcceptanceStore({ database: store.database, log: testLog, atOnce: { feed: { publish: (changes) => void published.push(...changes) }, delivered: (count) => void (delivered += count) } })
})
beforeEach(async () => {
  published = []
  delivered = 0
  account = await store.account(`nguoi${++serial}@tinh.example`)
})
afterAll(() => store.close())

const offer = async (accountIds: readonly number[], change: Partial<Acceptance> = {}, text = `Subject: ${++serial}\r\n\r\nthu\r\n`): Promise<Committed> => {
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  return unwrap(await acceptances.commit({ ...acceptance({ content: await store.prepare(text), accountIds, directoryVersion: current?.version ?? 0 }), ...change }))
}
interface Row {
  readonly uid: number
  readonly delivery_id: number
  readonly flags: number
}
const inbox = (of: number): Promise<Row[]> =>
  store.database.query<Row>({ text: "SELECT m.uid, m.delivery_id, m.flags FROM message m JOIN mailbox b ON b.id = m.mailbox_id WHERE b.account_id = $1 AND b.name = 'INBOX' ORDER BY m.uid" }, [of])
const states = async ({ deliveryIds }: Committed): Promise<string[]> =>
  (await store.database.query<{ state: string }>({ text: "SELECT state FROM delivery WHERE id = ANY ($1::bigint[]) ORDER BY id" }, [deliveryIds])).map(({ state }) => state)

test("the message is in the mailbox when the commit is told, and whoever has it open is told what the store holds", async () => {
  const done = await offer([account])
  const [mailbox] = await store.database.query<{ id: number; uid_next: number; highest_modseq: number; messages: number; unseen: number; bytes: number }>({ text: "SELECT id, uid_next, highest_modseq, messages, unseen, bytes FROM mailbox WHERE account_id = $1 AND name = 'INBOX'" }, [account])
  const [message] = await store.database.query<{ size: number; modseq: number; ms: number }>({ text: "SELECT size, modseq, (extract(epoch FROM internal_date) * 1000)::bigint AS ms FROM message WHERE delivery_id = $1" }, [done.deliveryIds[0]])
  expect(await inbox(account)).toMatchObject([{ uid: 1, delivery_id: done.deliveryIds[0], flags: 0 }])
  expect(await states(done)).toEqual(["delivered"])
  expect([...done.delivered]).toEqual(done.deliveryIds)
  expect(mailbox).toMatchObject({ uid_next: 2, highest_modseq: 2, messages: 1, unseen: 1, bytes: message?.size })
  expect(published).toEqual([{ kind: "appended", accountId: account, mailboxId: mailbox?.id, modSeq: 2, messages: [{ uid: 1, flags: 0, size: message?.size, internalDate: message?.ms }] }])
  expect(delivered).toBe(1)
})

test("what is marked as junk goes into the Junk mailbox at once, too", async () => {
  await store.database.query({ text: "UPDATE mailbox SET special_use = NULL WHERE account_id = $1 AND special_use = '\\Junk'" }, [account])
  await store.database.query({ text: "INSERT INTO mailbox (account_id, name, special_use) VALUES ($1, 'Thư rác', '\\Junk')" }, [account])
  const junk = await offer([account], { marks: ["$Junk"] })
  await offer([account])
  const rows = await store.database.query<{ name: string; delivery_id: number }>({ text: "SELECT b.name, m.delivery_id FROM message m JOIN mailbox b ON b.id = m.mailbox_id WHERE b.account_id = $1 AND b.name <> 'INBOX'" }, [account])
  expect(rows).toEqual([{ name: "Thư rác", delivery_id: junk.deliveryIds[0] }])
  expect(await inbox(account)).toHaveLength(1)
})

test("a worker that is woken for it all the same delivers nothing", async () => {
  const { deliveryIds } = await offer([account])
  expect(await store.deliveries.deliverLocal(deliveryIds, 0)).toBe(0)
  expect(await inbox(account)).toHaveLength(1)
})

test("messages that share a commit are placed in the order of their acceptance, each once", async () => {
  const other = await store.account(`khac${serial}@tinh.example`)
  const all = await Promise.all(Array.from({ length: 40 }, (_, n) => offer(n % 2 === 0 ? [account, other] : [other])))
  // two commits under way at once may find each other's mailboxes locked: those deliveries wait for their worker
  for (const done of all) await store.deliveries.deliverLocal(done.deliveryIds.filter((id) => !done.delivered.has(id)), 0)
  for (const [of, count] of [[account, 20], [other, 40]] as const) {
    const rows = await inbox(of)
    expect(rows.map(({ uid }) => uid)).toEqual(Array.from({ length: count }, (_, n) => n + 1))
    expect(new Set(rows.map(({ delivery_id }) => delivery_id)).size).toBe(count)
  }
  expect(delivered).toBeGreaterThan(0)
})

test("a mailbox that somebody else has locked holds nobody up: that delivery waits, the others are made", async () => {
  const busy = await store.account(`ban${serial}@tinh.example`)
  const done = await store.database.transaction(async (tx) => {
    await tx.query({ text: "SELECT id FROM mailbox WHERE account_id = $1 AND name = 'INBOX' FOR UPDATE" }, [busy])
    return offer([account, busy])
  })
  expect(await states(done)).toEqual(["delivered", "waiting"])
  expect(await inbox(busy)).toEqual([])
  expect(await store.deliveries.deliverLocal(done.deliveryIds, 0)).toBe(1)
  expect(await inbox(busy)).toHaveLength(1)
  expect(await inbox(account)).toHaveLength(1)
})

test("what is held for approval, and what goes to many, is left to others", async () => {
  const held = await offer([account], { held: { kind: "approval", ruleId: "r", reasonVi: "v", reasonEn: "e", notify: [] } })
  expect(await states(held)).toEqual(["held"])
  const many = await Promise.all(Array.from({ length: 51 }, (_, n) => store.account(`dong${serial}-${n}@tinh.example`)))
  const circular = await offer(many)
  expect(new Set(await states(circular))).toEqual(new Set(["waiting"]))
  expect(circular.delivered.size).toBe(0)
  expect(await inbox(account)).toEqual([])
})

test("a recipient on another server waits for its worker", async () => {
  const both = acceptance({ content: await store.prepare("Subject: x\r\n\r\n"), accountIds: [account], remote: ["bo@xa.example"], directoryVersion: 0 })
  const done = await offer([], { deliveries: both.deliveries })
  expect(await states(done)).toEqual(["delivered", "waiting"])
})

test("marks become keywords, and whoever asked for a report of success is owed one", async () => {
  const [delivery] = acceptance({ content: await store.prepare("x"), accountIds: [account], directoryVersion: 0 }).deliveries
  if (!delivery) throw new Error("no delivery")
  const done = await offer([], { marks: ["$SignatureValid"], deliveries: [{ ...delivery, notify: ["success"] }] })
  expect(published).toMatchObject([{ kind: "advanced" }])
  expect((await inbox(account))[0]?.flags).toBeGreaterThan(0)
  expect((await store.deliveries.owedDsns(10)).map(({ deliveryId, kind }) => ({ deliveryId, kind }))).toEqual([{ deliveryId: done.deliveryIds[0], kind: "success" }])
})

test("a decision taken on an old directory places nothing", async () => {
  const done = await acceptances.commit(acceptance({ content: await store.prepare("Subject: cu\r\n\r\n"), accountIds: [account], directoryVersion: 0 }))
  expect(done).toMatchObject({ ok: false, failure: { kind: "inUse" } })
  expect(await inbox(account)).toEqual([])
  expect(published).toEqual([])
})
