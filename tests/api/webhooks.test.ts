import { afterAll, beforeAll, expect, test } from "vitest"
import { webhookRoutes } from "../../src/api/routes/webhooks.ts"
import { type ApiWorld, openApiWorld } from "../support/api-world.ts"
import { createTestStore, type TestStore } from "../support/store.ts"
import { openWebhookWorld, type WebhookWorld } from "../support/webhook-world.ts"

/** Webhooks over HTTP; every answer is held against its description. */
let store: TestStore
let webhooks: WebhookWorld
let api: ApiWorld
let token: string

beforeAll(async () => {
  store = await createTestStore()
  await store.account("quantri@tinh.example")
  webhooks = await openWebhookWorld(store.database, "quantri@tinh.example")
  api = await openApiWorld({ database: store.database, routes: webhookRoutes({ webhooks: webhooks.subscriptions }) })
  token = await api.token(["webhooks:read", "webhooks:write"])
})
afterAll(async () => {
  await api.close()
  await webhooks.close()
  await store.close()
})

const ask = (method: string, path: string, body?: unknown, as = token) => api.ask(method, `/api/v1/webhooks${path}`, { token: as, ...(body !== undefined && { body }) })
const wanted = (more: object = {}) => ({ description: "một cửa", url: webhooks.receiver.url, events: ["policy.applied", "policy.applied"], contact: "QuanTri@tinh.example", ...more })

test("made, shown, changed, pinged, its deliveries read and repeated, its secret replaced, stopped, removed", async () => {
  const made = await ask("POST", "", wanted())
  expect(made).toMatchObject({ status: 201, body: { events: ["policy.applied"], unit: null, state: "active", contact: "quantri@tinh.example", waiting: 0, secret: expect.stringMatching(/^whsec_/) as unknown } })
  const path = `/${Number(made.body["id"])}`
  expect(made.headers.location).toBe(`/api/v1/webhooks${path}`)
  expect((await ask("GET", path)).body).not.toHaveProperty("secret")
  expect((await ask("PATCH", path, { events: ["account.created", "policy.applied"], description: "mới" })).body).toMatchObject({ description: "mới", events: ["account.created", "policy.applied"], url: webhooks.receiver.url })
  expect(await ask("POST", `${path}/ping`)).toMatchObject({ status: 202, headers: { location: `/api/v1/webhooks${path}/deliveries` } })
  webhooks.receiver.answers.push(404)
  await webhooks.round()
  const read = await ask("GET", `${path}/deliveries`)
  expect(read.body).toMatchObject({ deliveries: [{ type: "webhook.ping", state: "failed", status: 404, tries: 1, problem: "answered with HTTP status 404" }], next: null })
  const [delivery] = read.body["deliveries"] as { id: number }[]
  expect((await ask("POST", `${path}/deliveries/${delivery?.id}/repeat`)).status).toBe(202)
  expect((await ask("POST", `${path}/deliveries/${delivery?.id}/repeat`)).status).toBe(409)
  expect((await webhooks.round()).map(({ body }) => body.type)).toEqual(["webhook.ping"])
  expect((await ask("POST", `${path}/secret`)).body).toEqual({ id: Number(made.body["id"]), secret: expect.stringMatching(/^whsec_/) as unknown })
  expect((await ask("PATCH", path, { stopped: true })).body).toMatchObject({ state: "stopped", stoppedWhy: "byHand" })
  expect((await ask("PATCH", path, { stopped: false })).body).toMatchObject({ state: "active" })
  expect((await ask("GET", "")).body["webhooks"]).toHaveLength(1)
  expect((await ask("DELETE", path)).status).toBe(200)
  expect((await ask("DELETE", path)).status).toBe(404)
  const kinds = await store.database.query<{ kind: string; name: string }>({ text: "SELECT kind, actor->>'name' AS name FROM audit WHERE kind LIKE 'webhook.%' ORDER BY id" })
  expect(kinds.map(({ kind }) => kind)).toEqual(["webhook.added", "webhook.changed", "webhook.pinged", "webhook.redelivered", "webhook.secretReplaced", "webhook.stoppedByHand", "webhook.resumed", "webhook.removed"])
  expect(new Set(kinds.map(({ name }) => name))).toEqual(new Set(["he-thong"]))
})

test.each([
  ["an address that may not be called", { url: "https://127.0.0.1/" }, "url"],
  ["no https", { url: "http://localhost/" }, "url"],
  ["an unknown event", { events: ["message.read"] }, "events.0"],
  ["no event", { events: [] }, "events"],
  ["what a unit does not have", { events: ["policy.applied"], unit: "vp" }, "events"],
  ["an unknown unit", { events: ["account.created"], unit: "khong-co" }, "unit"],
  ["an unknown contact", { contact: "ai@xa.example" }, "contact"],
  ["a text with NUL", { description: "a\0b" }, "description"],
  ["an unknown member", { secret: "x" }, ""],
])("refused, and said where: %s", async (_what, more, pointer) => {
  const answer = await ask("POST", "", wanted(more))
  expect(answer.status).toBe(400)
  expect((answer.body["errors"] as { pointer: string }[]).map((one) => one.pointer)).toEqual([pointer])
})

test("a token of a unit makes webhooks of it; another's are not there; without the scope nothing is", async () => {
  const [unit, other, reader] = [await api.token(["webhooks:read", "webhooks:write"], "vp"), await api.token(["webhooks:read", "webhooks:write"]), await api.token(["webhooks:read"])]
  const made = await ask("POST", "", wanted({ events: ["account.created"] }), unit)
  expect(made).toMatchObject({ status: 201, body: { unit: "vp" } })
  expect((await ask("POST", "", wanted({ events: ["account.created"], unit: null }), unit)).status).toBe(400)
  const path = `/${Number(made.body["id"])}`
  for (const [method, more, body] of [["GET", "", undefined], ["PATCH", "", { stopped: true }], ["PATCH", "", { description: "x" }], ["DELETE", "", undefined], ["POST", "/ping", undefined], ["POST", "/secret", undefined], ["GET", "/deliveries", undefined], ["POST", "/deliveries/1/repeat", undefined]] as const) {
    expect([method, more, (await ask(method, `${path}${more}`, body, other)).status]).toEqual([method, more, 404])
  }
  expect((await ask("GET", "", undefined, other)).body).toEqual({ webhooks: [] })
  expect((await ask("POST", "", wanted(), reader)).status).toBe(403)
})
