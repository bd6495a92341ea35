import { afterAll, beforeAll, expect, test } from "vitest"
import type { Attempt, DeliveryStore } from "../../src/store/delivery-store.ts"
import { createDeliveryStore } from "../../src/store/sql/deliveries.ts"
import { createSuppressionStore } from "../../src/store/sql/suppressions.ts"
import type { SuppressionStore } from "../../src/store/suppression-store.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

const day = 86_400_000
let store: TestStore
let deliveries: DeliveryStore
let list: SuppressionStore
beforeAll(async () => {
  store = await createTestStore()
  deliveries = createDeliveryStore({ database: store.database, feed: store.feed, delayNoticeMs: 4 * 3_600_000, suppression: { afterBounces: 2, withinMs: 30 * day, forMs: 10 * day } })
  list = createSuppressionStore(store)
})
afterAll(() => store.close())

let counter = 0
/** A message to the recipients, each with this outcome. */
async function bounce(recipients: readonly string[], over: Partial<Attempt> & { readonly kind?: "failed" | "relayed" } = {}): Promise<void> {
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const content = await store.prepare(`Message-ID: <tra-${++counter}@tinh.example>\r\n\r\n`)
  const { deliveryIds } = unwrap(await store.acceptances.commit(acceptance({ content, accountIds: [], remote: recipients, directoryVersion: current?.version ?? 0 })))
  await deliveries.claimRemote(deliveryIds, 60_000)
  const { kind = "failed", ...more } = over
  const outcome = kind === "failed" ? { kind, status: "5.1.1", diagnostic: "550 5.1.1 user unknown" } as const : { kind, status: "2.0.0", diagnostic: "250 ok" } as const
  for (const deliveryId of deliveryIds) await deliveries.recordAttempt({ deliveryId, startedAt: Date.now(), endedAt: Date.now(), remoteMta: "mx", tls: null, outcome, ...(kind === "failed" && { bounceClass: "mailboxUnknown" as const }), ...more })
}

test("a recipient that does not exist is refused after its second message, for a while", async () => {
  await bounce(["la@xa.example"])
  expect(await list.inForce("la@xa.example")).toBeUndefined()
  expect(await list.find("la@xa.example")).toMatchObject({ bounces: 1, until: null, by: "", diagnostic: "550 5.1.1 user unknown" })
  await bounce(["la@xa.example"])
  const entry = await list.inForce("la@xa.example")
  expect(entry).toMatchObject({ bounces: 2 })
  expect((entry?.until ?? 0) - (entry?.lastAt ?? 0)).toBeGreaterThan(9.9 * day)
  await store.database.query({ text: "UPDATE suppression SET until = now() - interval '1 second' WHERE recipient = 'la@xa.example'" })
  expect(await list.inForce("la@xa.example")).toBeUndefined()
  expect(await list.forget()).toBe(1)
  expect(await list.find("la@xa.example")).toBeUndefined()
})

test("only messages that came back for that reason are counted, and only when they are close", async () => {
  await bounce(["bo@xa.example"], { bounceClass: "mailboxFull" })
  await bounce(["bo@xa.example"], { bounceClass: "blocked" })
  expect(await list.find("bo@xa.example")).toBeUndefined()
  await bounce(["xa@xa.example"])
  await store.database.query({ text: "UPDATE suppression SET last_at = now() - interval '31 days' WHERE recipient = 'xa@xa.example'" })
  await bounce(["xa@xa.example"])
  expect(await list.find("xa@xa.example")).toMatchObject({ bounces: 1, until: null })
})

test("one that is reached after all is forgotten, unless an administrator put it there", async () => {
  await bounce(["moi@xa.example"])
  await bounce(["moi@xa.example"], { kind: "relayed" })
  expect(await list.find("moi@xa.example")).toBeUndefined()
  await list.add({ recipient: "moi@xa.example", until: null, by: "QT1", note: "theo yêu cầu" })
  await bounce(["moi@xa.example"], { kind: "relayed" })
  expect(await list.inForce("moi@xa.example")).toMatchObject({ by: "QT1", until: Infinity, diagnostic: "theo yêu cầu" })
  await bounce(["moi@xa.example"])
  expect(await list.inForce("moi@xa.example")).toMatchObject({ by: "QT1", until: Infinity })
})

test("an administrator's removal ends it, and the count begins anew", async () => {
  await bounce(["sua@xa.example"])
  await bounce(["sua@xa.example"])
  expect((await list.list({ limit: 10, counted: false })).map(({ recipient }) => recipient)).toContain("sua@xa.example")
  expect(await list.remove("sua@xa.example", "QT1")).toBe(true)
  expect(await list.remove("sua@xa.example", "QT1")).toBe(false)
  await bounce(["sua@xa.example"])
  expect(await list.inForce("sua@xa.example")).toBeUndefined()
  expect(await store.database.query({ text: "SELECT detail FROM audit WHERE kind = 'suppression.removed'" })).toEqual([{ detail: { by: "QT1", recipient: "sua@xa.example", before: { bounces: 2, by: "", until: expect.stringMatching(/^\d{4}-/) } } }])
})

test("the meaning of a refusal is kept with the attempt and with the delivery", async () => {
  await bounce(["day@xa.example"], { bounceClass: "mailboxFull" })
  expect(await store.database.query({ text: "SELECT d.bounce_class AS d, a.bounce_class AS a FROM delivery d JOIN attempt a ON a.delivery_id = d.id WHERE d.recipient = 'day@xa.example'" })).toEqual([{ d: "mailboxFull", a: "mailboxFull" }])
})

const away = { status: "4.4.1", bounceClass: "unreachable" } as const

test("what is postponed waits without an attempt, not past its expiry, and a sender who has waited long is told", async () => {
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const content = await store.prepare("Message-ID: <hoan@tinh.example>\r\n\r\n")
  const { deliveryIds } = unwrap(await store.acceptances.commit(acceptance({ content, accountIds: [], remote: ["bo@xb.example"], directoryVersion: current?.version ?? 0 })))
  const claimed = async () => (await deliveries.claimRemote(deliveryIds, 60_000)).length
  expect(await claimed()).toBe(1)
  await deliveries.postpone({ ids: deliveryIds, at: Date.now() + 60_000, diagnostic: "left alone", ...away })
  expect(await claimed()).toBe(0)
  const row = async () => (await store.database.query<{ state: string; attempts: number; diagnostic: string; owed: string[]; capped: boolean }>({ text: "SELECT state, attempts, diagnostic, dsn_owed AS owed, next_attempt_at = expires_at AS capped FROM delivery WHERE id = $1" }, [deliveryIds[0]]))[0]
  expect(await row()).toEqual({ state: "deferred", attempts: 0, diagnostic: "left alone", owed: [], capped: false })
  await store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 second' WHERE id = $1" }, [deliveryIds[0]])
  await store.database.query({ text: "UPDATE envelope SET accepted_at = now() - interval '5 hours' WHERE id = (SELECT envelope_id FROM delivery WHERE id = $1)" }, [deliveryIds[0]])
  expect(await claimed()).toBe(1)
  await deliveries.postpone({ ids: deliveryIds, at: Date.now() + 1_000 * day, diagnostic: "left alone", ...away })
  expect(await row()).toMatchObject({ owed: ["delay"], capped: true })
  // given back already: nothing changes
  await deliveries.postpone({ ids: deliveryIds, at: Date.now(), diagnostic: "again", ...away })
  expect(await row()).toMatchObject({ diagnostic: "left alone" })
})
