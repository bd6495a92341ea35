import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import { verifyWebhook } from "../../src/webhooks/webhook-signature.ts"
import { askApi } from "../support/api-client.ts"
import { eventually, type FaultsWorld, inboxSources, startFaultsWorld } from "../support/faults-world.ts"
import { killNow } from "../support/running-system.ts"
import { startWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts"

/** Webhooks of events on the whole server: made over the API, told by the worker, also by the next one when it is killed; word by mail when one is stopped. */
let world: FaultsWorld
let receiver: WebhookReceiver
let home: string
let token: string
let hook: { readonly id: number; readonly secret: string }

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "congthu-webhooks-"))
  receiver = await startWebhookReceiver()
  await writeFile(join(home, "ca.pem"), receiver.ca)
  world = await startFaultsWorld({ env: { CONGTHU_NOTIFICATIONS_WEBHOOKS: receiver.url, CONGTHU_NOTIFICATIONS_WEBHOOK_CA_FILE: join(home, "ca.pem"), CONGTHU_API_REQUESTS_PER_MINUTE: "0" } })
  token = newApiToken()
  await createApiTokenStore(world.database).add({ name: "nhân sự", sha256: apiTokenHash(token), scopes: ["webhooks:read", "webhooks:write", "directory:read", "directory:write"], createdBy: "QT1", expiresAt: null })
  const made = await ask("POST", "/webhooks", { description: "nhân sự", url: `${receiver.url}su-kien`, events: ["account.suspended", "account.reactivated"], contact: contact() })
  expect(made.status).toBe(201)
  hook = { id: Number(made.body["id"]), secret: String(made.body["secret"]) }
}, 90_000)
afterAll(async () => {
  await world?.close()
  receiver?.close()
  await rm(home, { recursive: true, force: true })
}, 60_000)

const contact = (): string => world.accounts[0]?.address ?? ""
const subject = (): string => world.accounts[1]?.address ?? ""
const ask = (method: string, path: string, body?: unknown) => askApi(world.system.ports.https, method, path, { token, ...(body !== undefined && { body }), headers: { "if-match": "*" } })
const act = async (action: "suspend" | "reactivate"): Promise<void> => void expect((await ask("POST", `/directory/accounts/${subject()}/${action}`)).status).toBe(200)
const told = (): readonly string[] => receiver.calls.filter(({ status }) => status === 200).map(({ body }) => body.type)

test("what the API changes is told, signed, with no name in it", async () => {
  await act("suspend")
  await act("reactivate")
  await eventually(async () => told(), (types) => types.length === 2)
  expect(told()).toEqual(["account.suspended", "account.reactivated"])
  const [call] = receiver.calls
  expect(verifyWebhook(hook.secret, call?.text ?? "", call?.signature ?? "", { now: Date.now() })).toBe(true)
  expect(call?.body.data).toMatchObject({ account: subject() })
})

test("a worker that is killed between an event and its answer: the next one tells it, with the same number", async () => {
  receiver.answers.push(503, 503, 503)
  await act("suspend")
  await eventually(async () => receiver.calls.filter(({ status }) => status === 503), (some) => some.length > 0)
  killNow(world.system.processes().get("worker"))
  await act("reactivate")
  receiver.answers.length = 0
  await eventually(async () => told(), (types) => types.length >= 4, 90_000)
  expect(told()).toEqual(["account.suspended", "account.reactivated", "account.suspended", "account.reactivated"])
  const again = receiver.calls.filter(({ status }) => status === 503).map(({ body }) => body.event)
  expect(new Set(again)).toEqual(new Set([receiver.calls.at(-2)?.body.event]))
})

test("a webhook that has not answered for days is stopped; whoever answers for it reads why in the mailbox", async () => {
  receiver.answers.push(...Array<number>(50).fill(500))
  // the answer to the last one is noted
  await eventually(async () => (await ask("GET", `/webhooks/${hook.id}`)).body, ({ state, waiting }) => state === "active" && waiting === 0)
  await world.database.query({ text: "UPDATE webhook SET failing_since = now() - interval '4 days'" })
  await act("suspend")
  await eventually(async () => (await ask("GET", `/webhooks/${hook.id}`)).body, ({ state }) => state === "stopped")
  const account = world.accounts[0]
  if (!account) throw new Error("nobody")
  const mails = await eventually(() => inboxSources(world.people, account), (all) => all.some((source) => source.includes(`webhook.${hook.id}.`)))
  const text = Buffer.from(/\r\n\r\n([\s\S]+)$/.exec(mails.find((source) => source.includes(`webhook.${hook.id}.`)) ?? "")?.[1] ?? "", "base64").toString()
  expect(text).toContain("đã bị dừng")
  expect(text).toContain("answered with HTTP status 500")
  receiver.answers.length = 0
  expect((await ask("PATCH", `/webhooks/${hook.id}`, { stopped: false })).body).toMatchObject({ state: "active" })
  await eventually(async () => told(), (types) => types.length >= 5, 30_000)
})
