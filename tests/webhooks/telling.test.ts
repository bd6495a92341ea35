import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import type { WebhookView } from "../../src/store/webhook-desk.ts"
import { verifyWebhook } from "../../src/webhooks/webhook-signature.ts"
import { isFromCongThu } from "../../docs/webhook-receiver.ts"
import { createTestStore, type TestStore } from "../support/store.ts"
import { administrator, openWebhookWorld, type WebhookWorld } from "../support/webhook-world.ts"
import { below } from "../support/whole-province.ts"

/** How events reach a webhook: in their order, again until they are answered, stopped after days, by hand. */
let store: TestStore
let world: WebhookWorld
const contact = "quantri@tinh.example"
const [hour, day] = [3_600_000, 86_400_000]

beforeAll(async () => {
  store = await createTestStore()
  await store.account(contact)
  await store.database.query({ text: "INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES ('vp1', 'Phòng', 'division', 'vp', 'tinh.example'), ('khac', 'Khác', 'department', NULL, 'tinh.example')" })
  world = await openWebhookWorld(store.database, contact)
})
afterAll(async () => {
  await world.close()
  await store.close()
})
beforeEach(async () => {
  await store.database.query({ text: "DELETE FROM webhook" })
  await store.database.query({ text: "DELETE FROM webhook_event" })
  world.receiver.answers.length = 0
  world.clock.ahead = 1
})

let policies = 0
async function happen(times = 1): Promise<void> {
  for (let n = 0; n < times; n++) await store.database.query({ text: "INSERT INTO audit (kind, detail) VALUES ('policy.applied', jsonb_build_object('version', $1::int))" }, [++policies])
}
const later = (ms: number): void => void (world.clock.ahead += ms)
const versions = async () => (await world.round()).map(({ status, body }) => `${status} ${Number(body.data["version"])}`)
const shown = async (id: number) => world.subscriptions.find(administrator, id)
const history = async (id: number) => (await world.subscriptions.deliveries(administrator, id, { limit: 10 })).map(({ state, tries, status, problem }) => [state, tries, status, problem])

test("events come in their order, each when the one before was answered, signed so that the example believes it", async () => {
  const { id, secret } = await world.add(["policy.applied"])
  await happen(3)
  world.receiver.answers.push(500)
  const first = policies - 2
  expect(await versions()).toEqual([`500 ${first}`])
  expect(await shown(id)).toMatchObject({ state: "failing", waiting: 3 })
  expect(await versions()).toEqual([])
  later(3_000)
  const calls = await world.round()
  expect(calls.map(({ body }) => body.data["version"])).toEqual([first, first + 1, first + 2])
  expect(world.receiver.calls.at(-4)?.body.event).toBe(calls[0]?.body.event)
  expect(await shown(id)).toMatchObject({ state: "active", waiting: 0, failingSince: null })
  expect(await history(id)).toEqual([["told", 1, 200, ""], ["told", 1, 200, ""], ["told", 2, 200, ""]])
  const [call] = calls
  expect(call?.body).toMatchObject({ type: "policy.applied", webhook: id, at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown })
  expect(verifyWebhook(secret, call?.text ?? "", call?.signature ?? "", { now: Date.now() + world.clock.ahead })).toBe(true)
  expect([isFromCongThu(call?.text ?? "", call?.signature ?? "", secret), isFromCongThu(`${call?.text} `, call?.signature ?? "", secret), isFromCongThu(call?.text ?? "", call?.signature ?? "", `${secret}x`)]).toEqual([true, false, false])
})

test("an event that is refused for a day gives way to the next; after three days without an answer the webhook is stopped, its contact is owed word, and nothing is lost when it goes on", async () => {
  const { id } = await world.add(["policy.applied"])
  await happen(2)
  const first = policies - 1
  world.receiver.answers.push(...Array<number>(200).fill(503))
  expect(await versions()).toEqual([`503 ${first}`])
  const told: string[] = []
  for (let hours = 0; hours < 25; hours++) {
    later(1.3 * hour)
    told.push(...(await versions()))
  }
  expect(new Set(told)).toEqual(new Set([`503 ${first}`, `503 ${first + 1}`]))
  expect(told).toEqual(told.toSorted())
  expect((await history(id)).at(-1)).toMatchObject(["failed", expect.any(Number) as unknown, 503, "status 503"])
  later(3 * day)
  await happen()
  await versions()
  expect(await shown(id)).toMatchObject({ state: "stopped", stoppedWhy: "failing" })
  expect(await store.database.query({ text: "SELECT detail->>'why' AS why FROM audit WHERE kind = 'webhook.stopped'" })).toEqual([{ why: "failing" }])
  expect(await world.store.owedNotices(10)).toMatchObject([{ id, contact, why: "failing", problem: "status 503", description: "hệ thống một cửa" }])
  await world.store.noticed(id)
  expect(await world.store.owedNotices(10)).toEqual([])
  world.receiver.answers.length = 0
  const waiting = (await shown(id))?.waiting ?? 0
  expect(waiting).toBeGreaterThan(0)
  // not told while it is stopped, also not of what happens then
  await happen()
  expect(await versions()).toEqual([])
  expect(await world.subscriptions.setStopped(administrator, id, false, "QT1")).toBe(true)
  expect(await versions()).toHaveLength(waiting)
  expect(await shown(id)).toMatchObject({ state: "active", waiting: 0 })
})

test("whoever is too far behind is stopped", async () => {
  const { id } = await world.add(["policy.applied"])
  world.receiver.answers.push(500)
  await happen(3)
  await world.round()
  await world.store.stopBehind(3)
  expect(await shown(id)).toMatchObject({ state: "failing" })
  await world.store.stopBehind(2)
  expect(await shown(id)).toMatchObject({ state: "stopped", stoppedWhy: "backlog", waiting: 3 })
})

test("a ping and a repeat go before what waits, once, also where the webhook is stopped, and say nothing of how it usually does", async () => {
  const { id } = await world.add(["policy.applied"])
  await happen()
  expect(await versions()).toHaveLength(1)
  const [{ id: delivery, event } = { id: 0, event: 0 }] = await world.subscriptions.deliveries(administrator, id, { limit: 1 })
  await world.subscriptions.setStopped(administrator, id, true, "QT1")
  world.receiver.answers.push(410)
  expect(await world.subscriptions.ping(administrator, id, "QT1")).toBe(true)
  expect((await world.round()).map(({ body, status }) => [body.type, status])).toEqual([["webhook.ping", 410]])
  expect(await shown(id)).toMatchObject({ state: "stopped", failingSince: null, waiting: 0 })
  expect((await history(id))[0]).toEqual(["failed", 1, 410, "status 410"])
  expect(await world.subscriptions.redeliver(administrator, id, delivery, "QT1")).toBe(true)
  expect((await world.round()).map(({ body }) => body.event)).toEqual([event])
  expect(await world.subscriptions.redeliver(administrator, id, delivery + 1_000, "QT1")).toBe(false)
  for (let n = 0; n < 20; n++) expect(await world.subscriptions.ping(administrator, id, "QT1")).toBe(true)
  expect(await world.subscriptions.ping(administrator, id, "QT1")).toBe(false)
})

test("a secret that is replaced is good beside the new one for a week, then the new one alone", async () => {
  const { id, secret } = await world.add(["policy.applied"])
  const replaced = await world.subscriptions.replaceSecret(administrator, id, "QT1")
  const believed = async () => {
    await happen()
    const [call] = await world.round()
    return [secret, replaced ?? ""].map((one) => verifyWebhook(one, call?.text ?? "", call?.signature ?? "", { now: Date.now() + world.clock.ahead }))
  }
  expect(await believed()).toEqual([true, true])
  later(7 * day + hour)
  expect(await believed()).toEqual([false, true])
  expect(JSON.stringify(await store.database.query({ text: "SELECT * FROM webhook" })) + JSON.stringify(await store.database.query({ text: "SELECT detail FROM audit WHERE kind LIKE 'webhook.%'" }))).not.toContain("whsec_")
})

test("webhooks of a token end with it; a token sees its own, a unit's administrator those of the unit", async () => {
  const tokens = createApiTokenStore(store.database)
  const token = async (unitCode?: string): Promise<WebhookView & { readonly tokenId: number }> =>
    ({ kind: "token", tokenId: await tokens.add({ name: "một cửa", sha256: apiTokenHash(newApiToken()), scopes: ["webhooks:write"], createdBy: "QT1", expiresAt: null, ...(unitCode !== undefined && { unitCode }) }) })
  const [mine, others, ofUnit] = [await token(), await token(), await token("vp")]
  const { id } = await world.add(["policy.applied"], { view: mine })
  expect([await world.subscriptions.list(mine), await world.subscriptions.list(others)].map((list) => list.length)).toEqual([1, 0])
  expect([await world.subscriptions.ping(others, id, "x"), await world.subscriptions.remove(others, id, "x"), await world.subscriptions.replaceSecret(others, id, "x"), await world.subscriptions.deliveries(others, id, { limit: 1 })]).toEqual([false, false, undefined, []])
  const asked = (view: WebhookView, unitCode: string | null) => world.subscriptions.add(view, { description: "x", url: world.receiver.url, events: ["account.changed"], unitCode, contact }, "x")
  for (const view of [ofUnit, { kind: "administrator", scope: below("vp") } as const]) {
    expect(await asked(view, null)).toEqual({ ok: false, failure: "unit" })
    expect(await asked(view, "khac")).toEqual({ ok: false, failure: "unit" })
    expect(await asked(view, "vp1")).toMatchObject({ ok: true })
  }
  expect(await world.subscriptions.list({ kind: "administrator", scope: below("vp") })).toHaveLength(2)
  expect(await world.subscriptions.list({ kind: "administrator", scope: below("khac") })).toEqual([])
  await tokens.revoke(mine.tokenId, "QT1")
  await happen()
  expect(await world.round()).toEqual([])
  expect(await shown(id)).toMatchObject({ state: "tokenEnded", waiting: 0 })
})

test("what may not be called is refused, whoever asks; what is forgotten is gone", async () => {
  const asked = (url: string, more: object = {}) => world.subscriptions.add(administrator, { description: "x", url, events: ["policy.applied"], unitCode: null, contact, ...more }, "QT1")
  for (const url of ["http://localhost/", "https://127.0.0.1/", "https://localhost.example/", "nothing", "file:///etc/passwd"]) expect(await asked(url)).toEqual({ ok: false, failure: "url" })
  expect(await asked(world.receiver.url, { contact: "khong-co@tinh.example" })).toEqual({ ok: false, failure: "contact" })
  expect(await asked(world.receiver.url, { unitCode: "khong-co", events: ["account.changed"] })).toEqual({ ok: false, failure: "unit" })
  const { id } = await world.add(["policy.applied"])
  await happen()
  await world.round()
  expect(await world.store.forget(Date.now() - hour)).toBe(0)
  expect(await world.store.forget(Date.now() + hour)).toBe(1)
  expect(await history(id)).toEqual([])
})
