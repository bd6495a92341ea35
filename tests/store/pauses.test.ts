import { afterAll, beforeAll, expect, test } from "vitest"
import type { PauseStore } from "../../src/store/pause-store.ts"
import type { QueueStore } from "../../src/store/queue-store.ts"
import { createPauseStore } from "../../src/store/sql/pauses.ts"
import { createQueueStore } from "../../src/store/sql/queue.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
let pauses: PauseStore
let queue: QueueStore
beforeAll(async () => {
  store = await createTestStore()
  pauses = createPauseStore(store)
  queue = createQueueStore(store)
})
afterAll(() => store.close())

const by = { by: "QT1", why: "bảo trì" }
const hour = 3_600_000

let counter = 0
async function submit(recipient: string, ageMs = 0): Promise<number> {
  const content = await store.prepare(`Message-ID: <dung-${++counter}@tinh.example>\r\n\r\n${counter}\r\n`)
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const base = acceptance({ content, accountIds: [], remote: [recipient], directoryVersion: current?.version ?? 0, reversePath: "an@tinh.example" })
  return unwrap(await store.acceptances.commit({ ...base, acceptedAt: Date.now() - ageMs })).deliveryIds[0] ?? 0
}
const claimed = async (...ids: readonly number[]): Promise<readonly number[]> => (await store.deliveries.claimRemote(ids, 60_000)).map(({ id }) => id)
const found = (id: number) => queue.find(id)
const owed = async (id: number): Promise<readonly string[]> => (await store.deliveries.owedDsns(1000)).filter(({ deliveryId }) => deliveryId === id).map(({ kind, status }) => `${kind} ${status}`)
const ripen = (id: number) => store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 second' WHERE id = $1" }, [id])

test("what goes to a paused domain is laid aside without an attempt, and goes on when the pause is ended; other mail is not held up", async () => {
  const pause = await pauses.pause({ kind: "domain", pattern: "xa.example", until: null }, by)
  const [there, elsewhere, below] = [await submit("mot@xa.example"), await submit("hai@khac.example"), await submit("ba@a.xa.example")]
  expect(await claimed(there, elsewhere, below)).toEqual([elsewhere, below])
  expect(await found(there)).toMatchObject({ state: "paused", attempts: 0, tries: [], pause: { id: pause.id, pattern: "xa.example", by: "QT1", why: "bảo trì" } })
  expect((await store.deliveries.due(1000)).remote).not.toContain(there)
  expect((await queue.list({ state: "paused" }, { limit: 10 })).map(({ id }) => id)).toEqual([there])
  expect(await queue.act("retry", [there], by)).toEqual(["paused"])
  expect(await pauses.resume(pause.id, by)).toEqual({ ok: true, value: 1 })
  expect((await store.deliveries.due(1000)).remote).toContain(there)
  expect(await claimed(there)).toEqual([there])
  expect(await pauses.resume(pause.id, by)).toMatchObject({ ok: false, failure: { kind: "notFound" } })
  const audit = await store.database.query<{ kind: string }>({ text: "SELECT kind FROM audit WHERE (detail->>'pauseId')::bigint = $1 ORDER BY id" }, [pause.id])
  expect(audit.map(({ kind }) => kind)).toEqual(["destination.paused", "destination.resumed"])
})

test("a pattern means the names below; a pause with an end ends by itself", async () => {
  const until = Date.now() + hour
  const pause = await pauses.pause({ kind: "domain", pattern: "*.duoi.example", until }, by)
  const [top, below] = [await submit("mot@duoi.example"), await submit("hai@a.b.duoi.example")]
  expect(await claimed(top, below)).toEqual([top])
  expect(Math.abs((await found(below))?.nextAttemptAt ?? 0)).toBeGreaterThanOrEqual(until - 1000)
  await store.database.query({ text: "UPDATE destination_pause SET until = now() - interval '1 second' WHERE id = $1" }, [pause.id])
  expect((await pauses.list()).map(({ id }) => id)).not.toContain(pause.id)
  expect((await found(below))?.state).toBe("waiting")
  await ripen(below)
  expect(await claimed(below)).toEqual([below])
  // and the pattern can be paused anew
  const again = await pauses.pause({ kind: "domain", pattern: "*.duoi.example", until: null }, by)
  expect(again.id).not.toBe(pause.id)
  unwrap(await pauses.resume(again.id, by))
})

test("pausing again changes the pause that is in force, and what was laid aside is looked at again", async () => {
  const first = await pauses.pause({ kind: "domain", pattern: "lai.example", until: Date.now() + 10 * hour }, by)
  const id = await submit("mot@lai.example")
  await claimed(id)
  const second = await pauses.pause({ kind: "domain", pattern: "lai.example", until: Date.now() + hour }, { by: "QT2", why: "ngắn hơn" })
  expect(second).toMatchObject({ id: first.id, pausedBy: "QT2", why: "ngắn hơn" })
  expect((await store.deliveries.due(1000)).remote).toContain(id)
  expect(await claimed(id)).toEqual([])
  expect((await found(id))?.nextAttemptAt).toBeLessThan(Date.now() + 2 * hour)
  unwrap(await pauses.resume(first.id, by))
})

test("its time runs on: the sender is told of the delay once, and of the failure at the expiry", async () => {
  const pause = await pauses.pause({ kind: "domain", pattern: "lau.example", until: null }, by)
  const young = await submit("tre@lau.example")
  await claimed(young)
  // looked at again when the sender is to be told: four hours, in these tests
  const nextLook = (await found(young))?.nextAttemptAt ?? 0
  expect(Math.abs(nextLook - Date.now() - 4 * hour)).toBeLessThan(60_000)
  expect(await owed(young)).toEqual([])
  const old = await submit("cu@lau.example", 5 * hour)
  expect(await claimed(old)).toEqual([])
  expect(await owed(old)).toEqual(["delay 4.3.2"])
  await store.deliveries.dsnMade([old], "delay")
  await ripen(old)
  expect(await claimed(old)).toEqual([])
  expect(await owed(old)).toEqual([])
  await store.database.query({ text: "UPDATE delivery SET expires_at = now() - interval '1 second', next_attempt_at = now() - interval '1 second' WHERE id = $1" }, [old])
  expect(await claimed(old)).toEqual([])
  expect(await found(old)).toMatchObject({ state: "failed", status: "5.4.7", attempts: 0, pause: null })
  expect(await owed(old)).toEqual(["failure 5.4.7"])
  unwrap(await pauses.resume(pause.id, by))
})

test("a worker that finds only paused hosts gives its deliveries back; after the pause has ended they are due at once", async () => {
  const pause = await pauses.pause({ kind: "host", pattern: "mx.may.example", until: null }, by)
  expect(await store.deliveries.pausedHosts()).toEqual([{ id: pause.id, pattern: "mx.may.example" }])
  const [kept, never] = [await submit("mot@may.example"), await submit("hai@may.example")]
  expect(await claimed(kept)).toEqual([kept])
  await store.deliveries.layAside([kept, never], pause.id)
  expect(await found(kept)).toMatchObject({ state: "paused", attempts: 0 })
  // one that was not claimed is not anybody's to give back
  expect(await found(never)).toMatchObject({ state: "waiting" })
  expect(await pauses.resume(pause.id, by)).toEqual({ ok: true, value: 1 })
  expect(await claimed(kept)).toEqual([kept])
  await store.deliveries.layAside([kept], pause.id)
  expect(await claimed(kept)).toEqual([kept])
})

test("a claim and the end of a pause at the same moment leave nothing behind", async () => {
  for (let round = 0; round < 20; round++) {
    const pause = await pauses.pause({ kind: "domain", pattern: "dua.example", until: null }, by)
    const ids = [await submit(`mot${round}@dua.example`), await submit(`hai${round}@dua.example`)]
    const [claims] = await Promise.all([claimed(...ids), pauses.resume(pause.id, by)])
    const due = [...claims, ...(await claimed(...ids))]
    expect(due.toSorted((a, b) => a - b)).toEqual(ids)
  }
})
