import { afterAll, beforeAll, expect, test } from "vitest"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
beforeAll(async () => {
  store = await createTestStore()
})
afterAll(() => store.close())

const remote = async (...recipients: string[]): Promise<readonly number[]> => {
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  return unwrap(await store.acceptances.commit(acceptance({ content: await store.prepare(`Subject: ${recipients.join()}\r\n\r\n`), accountIds: [], remote: recipients, directoryVersion: current?.version ?? 0 }))).deliveryIds
}
const claimed = async (ids: readonly number[], leaseMs = 60_000): Promise<readonly number[]> => (await store.deliveries.claimRemote(ids, leaseMs)).map(({ id }) => id)

test("a claimed delivery is nobody else's until its lease has run out, and is never due meanwhile", async () => {
  const ids = await remote("mot@xa.example", "hai@xa.example")
  expect(await claimed(ids)).toEqual(ids)
  expect(await claimed(ids)).toEqual([])
  await store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 hour' WHERE id = ANY ($1)" }, [ids])
  expect((await store.deliveries.due(10)).remote).toEqual([])
})

test("a lease that ran out frees the delivery, unless it was extended before", async () => {
  const ids = await remote("ba@xa.example")
  expect(await claimed(ids, 0)).toEqual(ids)
  expect(await claimed(ids, 0)).toEqual(ids)
  await store.deliveries.extendLease(ids, 60_000)
  expect(await claimed(ids)).toEqual([])
})

test("extending touches neither what was never claimed nor what is settled", async () => {
  const [waiting, settled] = await remote("bon@xa.example", "nam@xa.example")
  expect(await claimed([settled ?? 0])).toEqual([settled])
  await store.deliveries.recordAttempt({ deliveryId: settled ?? 0, startedAt: 0, endedAt: 1, remoteMta: "mx.xa.example", tls: null, outcome: { kind: "relayed", status: "2.0.0", diagnostic: "250 OK" } })
  await store.deliveries.extendLease([waiting ?? 0, settled ?? 0], 60_000)
  expect(await store.database.query({ text: "SELECT claimed_until FROM delivery WHERE id = ANY ($1)" }, [[waiting, settled]])).toEqual([{ claimed_until: null }, { claimed_until: null }])
})

test("a delivery whose row is locked for a moment is claimed all the same, by one worker only", async () => {
  const ids = await remote("bay@xa.example", "tam@xa.example")
  let claims: Promise<readonly (readonly number[])[]> | undefined
  await store.database.transaction(async (tx) => {
    await tx.query({ text: "UPDATE delivery SET dsn_made = '{delay}' WHERE id = $1" }, [ids[1]])
    claims = Promise.all([claimed(ids), claimed(ids.toReversed())])
    // both are waiting for the row, or have not begun: nothing is answered before this commits
    await store.database.query({ text: "SELECT 1" })
  })
  expect((await claims)?.flat().toSorted()).toEqual(ids)
})

test("a deferred delivery is tried again only when its time has come", async () => {
  const ids = await remote("sau@xa.example")
  await claimed(ids)
  const deferred = { kind: "deferred" as const, status: "4.2.1" as const, diagnostic: "450 4.2.1 Try again later" }
  await store.deliveries.recordAttempt({ deliveryId: ids[0] ?? 0, startedAt: 0, endedAt: 1, remoteMta: "mx.xa.example", tls: null, outcome: { ...deferred, nextAttemptAt: Date.now() + 3_600_000 } })
  expect(await claimed(ids)).toEqual([])
  await store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 second' WHERE id = ANY ($1)" }, [ids])
  expect((await store.deliveries.due(10)).remote).toEqual(ids)
  expect(await store.deliveries.claimRemote(ids, 1000)).toMatchObject([{ id: ids[0], attempts: 1 }])
})
