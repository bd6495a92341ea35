import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { QueueAction } from "../../src/store/queue-action.ts"
import type { QueueFilter, QueueStore } from "../../src/store/queue-store.ts"
import { createHeldStore } from "../../src/store/sql/held.ts"
import { createQueueStore } from "../../src/store/sql/queue.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
let queue: QueueStore
beforeAll(async () => {
  store = await createTestStore()
  queue = createQueueStore(store)
})
afterAll(() => store.close())
// every test finds an empty queue
beforeEach(() => store.database.query({ text: "UPDATE delivery SET state = 'failed', dsn_owed = '{}' WHERE state NOT IN ('delivered', 'relayed', 'failed')" }))

const by = { by: "QT1", why: "thử" }
const hour = 3_600_000

let counter = 0
async function submit(recipients: readonly string[], more: { readonly reversePath?: string; readonly accountId?: number; readonly local?: readonly number[]; readonly ageMs?: number; readonly held?: boolean } = {}) {
  const content = await store.prepare(`Message-ID: <hang-${++counter}@tinh.example>\r\n\r\n${counter}\r\n`)
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const base = acceptance({ content, accountIds: more.local ?? [], remote: recipients, directoryVersion: current?.version ?? 0, reversePath: more.reversePath ?? "an@tinh.example" })
  const held = more.held ? { held: { kind: "quarantine" as const, ruleId: "r", reasonVi: "a", reasonEn: "b", notify: [] } } : {}
  return unwrap(await store.acceptances.commit({ ...base, ...held, acceptedAt: Date.now() - (more.ageMs ?? 0), session: { ...base.session, accountId: more.accountId ?? null } }))
}
const one = async (recipient: string): Promise<number> => (await submit([recipient])).deliveryIds[0] ?? 0
const act = async (action: QueueAction, ...ids: readonly number[]): Promise<readonly string[]> => queue.act(action, ids, by)
const found = async (filter: QueueFilter): Promise<readonly string[]> => (await queue.list(filter, { limit: 100 })).map(({ recipient }) => recipient)
const state = async (id: number): Promise<string | undefined> => (await queue.find(id))?.state
const claimed = async (ids: readonly number[]): Promise<readonly number[]> => (await store.deliveries.claimRemote(ids, 60_000)).map(({ id }) => id)
const defer = async (id: number): Promise<void> => {
  await claimed([id])
  await store.deliveries.recordAttempt({
    deliveryId: id, startedAt: Date.now() - 50, endedAt: Date.now(), remoteMta: "mx.xa.example [192.0.2.1]", tls: "TLSv1.3 TLS_AES_256_GCM_SHA384", bounceClass: "greylisted",
    outcome: { kind: "deferred", status: "4.7.1", diagnostic: "451 4.7.1 100% greylisted", nextAttemptAt: Date.now() + hour },
  })
}
const owed = async (id: number): Promise<readonly string[]> => (await store.deliveries.owedDsns(1000)).filter(({ deliveryId }) => deliveryId === id).map(({ kind, status, diagnostic }) => `${kind} ${status} ${diagnostic}`)

describe("the queue is seen", () => {
  test("by each filter alone, and by several together", async () => {
    const account = await store.account(`nguoi${++counter}@tinh.example`)
    await submit(["mot@xa.example"], { ageMs: 2 * hour })
    await submit(["hai@a.xa.example"], { reversePath: "" })
    await submit(["ba@khac.example"], { accountId: account })
    const [deferred] = (await submit(["bon@xa.example"])).deliveryIds
    await defer(deferred ?? 0)
    await submit([], { local: [account] })
    expect(await found({})).toHaveLength(5)
    expect(await found({ destination: "xa.example" })).toEqual(["mot@xa.example", "bon@xa.example"])
    expect(await found({ destination: "*.xa.example" })).toEqual(["hai@a.xa.example"])
    expect(await found({ destination: "%.example" })).toEqual([])
    expect(await found({ sender: "" })).toEqual(["hai@a.xa.example"])
    expect(await found({ recipient: "ba@khac.example" })).toEqual(["ba@khac.example"])
    expect(await found({ accountId: account })).toEqual(["ba@khac.example"])
    expect(await found({ acceptedBefore: Date.now() - hour })).toEqual(["mot@xa.example"])
    expect(await found({ diagnostic: "GREYlisted" })).toEqual(["bon@xa.example"])
    expect(await found({ diagnostic: "0% grey" })).toEqual(["bon@xa.example"])
    expect(await found({ diagnostic: "1% grey" })).toEqual([])
    expect(await found({ bounceClass: "greylisted" })).toEqual(["bon@xa.example"])
    expect(await found({ bounceClass: "throttled" })).toEqual([])
    expect((await queue.list({}, { limit: 100 })).map(({ bounceClass }) => bounceClass)).toEqual([null, null, null, "greylisted", null])
    expect(await found({ state: "deferred" })).toEqual(["bon@xa.example"])
    expect(await found({ state: "waiting", destination: "xa.example" })).toEqual(["mot@xa.example"])
    expect(await queue.count({})).toEqual({ waiting: 4, deferred: 1 })
    expect(await queue.destinations(10)).toMatchObject([{ destination: "xa.example", deliveries: 2, byState: { waiting: 1, deferred: 1 }, diagnostic: "451 4.7.1 100% greylisted", paused: false }, { destination: "a.xa.example", deliveries: 1 }, { destination: "khac.example", deliveries: 1 }])
    expect(await queue.destinations(1)).toHaveLength(1)
  })

  test("in pages, without gaps and without repetition, also when what was seen leaves meanwhile", async () => {
    const { deliveryIds } = await submit(Array.from({ length: 7 }, (_, n) => `so${n}@xa.example`))
    const first = await queue.list({}, { limit: 3 })
    await act("delete", first[2]?.id ?? 0)
    const second = await queue.list({}, { limit: 3, after: first.at(-1)?.id ?? 0 })
    const third = await queue.list({}, { limit: 3, after: second.at(-1)?.id ?? 0 })
    expect([...first, ...second, ...third].map(({ id }) => id)).toEqual(deliveryIds)
  })

  test("one delivery with every attempt, the peer's words and TLS, and what people did", async () => {
    const id = await one("chi-tiet@xa.example")
    await defer(id)
    await act("hold", id)
    expect(await queue.find(id)).toMatchObject({
      state: "held", attempts: 1, nextAttemptAt: null, status: "4.7.1", remoteMta: "mx.xa.example [192.0.2.1]", hold: { by: "QT1", why: "thử" }, pause: null,
      bounceClass: "greylisted", tries: [{ number: 1, outcome: "deferred", bounceClass: "greylisted", diagnostic: "451 4.7.1 100% greylisted", tls: "TLSv1.3 TLS_AES_256_GCM_SHA384" }],
      steps: [{ kind: "delivery.held", by: "QT1", why: "thử" }],
    })
    expect(await queue.find(999_999_999)).toBeUndefined()
  })
})

describe("the queue is steered", () => {
  test("what is held is tried by nobody until it is released, and the time does not count", async () => {
    const id = await one("giu@xa.example")
    const before = (await queue.find(id))?.expiresAt ?? 0
    expect(await act("hold", id)).toEqual(["done"])
    expect(await act("hold", id)).toEqual(["unchanged"])
    await store.database.query({ text: "UPDATE delivery_hold SET held_at = held_at - interval '2 hours' WHERE delivery_id = $1" }, [id])
    await store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 hour' WHERE id = $1" }, [id])
    expect(await claimed([id])).toEqual([])
    expect((await store.deliveries.due(1000)).remote).not.toContain(id)
    expect(await act("retry", id)).toEqual(["held"])
    expect(await act("release", id)).toEqual(["done"])
    expect(await act("release", id)).toEqual(["unchanged"])
    expect((await queue.find(id))?.expiresAt).toBeGreaterThanOrEqual(before + 2 * hour)
    expect(await claimed([id])).toEqual([id])
  })

  test("a deferred delivery is deferred again after its release, and a local one waits as before", async () => {
    const deferred = await one("lai@xa.example")
    await defer(deferred)
    const account = await store.account(`hop${++counter}@tinh.example`)
    const [local] = (await submit([], { local: [account] })).deliveryIds
    expect(await act("hold", deferred, local ?? 0)).toEqual(["done", "done"])
    expect(await store.deliveries.deliverLocal([local ?? 0], Date.now())).toBe(0)
    expect(await act("release", deferred, local ?? 0)).toEqual(["done", "done"])
    expect(await state(deferred)).toBe("deferred")
    expect(await store.deliveries.deliverLocal([local ?? 0], Date.now())).toBe(1)
  })

  test("retry now makes it due at once; asked twice, the second finds it so", async () => {
    const id = await one("thu@xa.example")
    await defer(id)
    expect(await claimed([id])).toEqual([])
    expect(await act("retry", id)).toEqual(["done"])
    expect(await act("retry", id)).toEqual(["unchanged"])
    expect((await store.deliveries.due(1000)).remote).toContain(id)
    expect(await claimed([id])).toEqual([id])
  })

  test("a bounce tells the sender with the reason, a deletion tells nobody; both are in the audit, once", async () => {
    const [bounced, deleted] = [await one("tra@xa.example"), await one("xoa@xa.example")]
    expect(await act("hold", deleted)).toEqual(["done"])
    expect(await act("bounce", bounced)).toEqual(["done"])
    expect(await act("bounce", bounced)).toEqual(["settled"])
    expect(await Promise.all([act("delete", deleted), act("delete", deleted)])).toEqual(expect.arrayContaining([["done"], ["settled"]]))
    expect(await owed(bounced)).toEqual(["failure 5.7.1 thử"])
    expect(await owed(deleted)).toEqual([])
    expect(await queue.find(deleted)).toMatchObject({ state: "failed", diagnostic: "deleted by an administrator: thử", hold: null, steps: [{ kind: "delivery.held" }, { kind: "delivery.deleted", by: "QT1" }] })
    const audit = await store.database.query({ text: "SELECT kind, detail FROM audit WHERE (detail->>'deliveryId')::bigint = $1" }, [bounced])
    expect(audit).toMatchObject([{ kind: "delivery.bounced", detail: { by: "QT1", why: "thử", before: { state: "waiting" }, after: { state: "failed" } } }])
  })

  test("nobody is told at the empty reverse-path, nor who asked never to be", async () => {
    const [empty] = (await submit(["rong@xa.example"], { reversePath: "" })).deliveryIds
    const never = await one("khong@xa.example")
    await store.database.query({ text: "UPDATE delivery SET notify = '{never}' WHERE id = $1" }, [never])
    expect(await act("bounce", empty ?? 0, never)).toEqual(["done", "done"])
    expect([await owed(empty ?? 0), await owed(never)]).toEqual([[], []])
  })

  test("what policy holds is decided on as a whole, elsewhere; and a person's hold is not policy's to end", async () => {
    const { envelopeId, deliveryIds: [held] } = await submit(["chinhsach@xa.example"], { held: true })
    expect(await found({ state: "policyHeld" })).toEqual(["chinhsach@xa.example"])
    expect(await act("release", held ?? 0)).toEqual(["policyHeld"])
    unwrap(await createHeldStore(store).release(envelopeId, { by: "QT2", note: "" }))
    expect(await act("hold", held ?? 0)).toEqual(["done"])
    expect(await found({ state: "held" })).toEqual(["chinhsach@xa.example"])
  })

  test("a delivery that is not there is named so, beside those that are", async () => {
    const id = await one("co@xa.example")
    expect(await act("hold", 987_654_321, id)).toEqual(["notFound", "done"])
  })
})

describe("a worker is at it", () => {
  test("nothing is done to it before it has its answer", async () => {
    const id = await one("dang@xa.example")
    expect(await claimed([id])).toEqual([id])
    expect(await state(id)).toBe("underWay")
    for (const action of ["hold", "release", "retry", "bounce", "delete"] as const) expect(await act(action, id)).toEqual(["underWay"])
    await store.deliveries.recordAttempt({ deliveryId: id, startedAt: 0, endedAt: 1, remoteMta: "", tls: null, outcome: { kind: "deferred", status: "4.4.1", diagnostic: "", nextAttemptAt: Date.now() + hour } })
    expect(await act("hold", id)).toEqual(["done"])
  })

  test.each(["hold", "bounce", "delete"] as const)("of a claim and a %s at the same moment exactly one succeeds", async (action) => {
    for (let round = 0; round < 20; round++) {
      const id = await one(`dua${round}@xa.example`)
      const [claims, outcome] = await Promise.all([claimed([id]), act(action, id)])
      expect(claims.length === 1 ? outcome : [outcome, claims]).toEqual(claims.length === 1 ? ["underWay"] : [["done"], []])
    }
  })

  test("two who retry the same at once do it once", async () => {
    const id = await one("hailan@xa.example")
    await defer(id)
    expect((await Promise.all([act("retry", id), act("retry", id)])).flat().toSorted()).toEqual(["done", "unchanged"])
  })
})
