import { once } from "node:events"
import type { ServerResponse } from "node:http"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { systemRandom } from "../../src/base/random.ts"
import { createWebhookPost, type WebhookPost } from "../../src/webhooks/webhook-post.ts"
import { newWebhookSecret } from "../../src/webhooks/webhook-signature.ts"
import { createWebhooks, type Webhooks, webhookSecretPlace } from "../../src/notifications/webhooks.ts"
import { createAllowedUrls } from "../../src/pki/revocation/allowed-url.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import { createNotificationStore } from "../../src/store/sql/notifications.ts"
import { createWebhookStore } from "../../src/store/sql/webhooks.ts"
import { createTestStore, type TestStore } from "../support/store.ts"
import { testTls } from "../support/test-tls.ts"

/** Several systems whose webhooks are told on the real store, over real HTTPS: one that does not answer keeps no other waiting. */
let world: TestStore
let hook: Server
let url: string
let post: WebhookPost
/** Calls as they came: the system's name and the notification. */
const calls: string[] = []
const silent: ServerResponse[] = []
let heard: (() => void) | undefined
let now = Date.parse("2026-11-27T08:00:00+07:00")
const clock = { now: () => now }
const sealer = createSealer(Buffer.alloc(32, 7))
const systems = { tot: 0, xau: 0 }

beforeAll(async () => {
  world = await createTestStore()
  const { ca, cert, key } = await testTls("localhost", "127.0.0.1")
  hook = createServer({ cert, key }, (request, response) => {
    let body = ""
    request.on("data", (chunk: Buffer) => (body += chunk.toString()))
    request.on("end", () => {
      const name = request.url?.slice(1) ?? ""
      calls.push(`${name} ${(JSON.parse(body) as { notification: number }).notification}`)
      if (name === "xau") silent.push(response)
      else response.writeHead(204).end()
      heard?.()
    })
  }).listen(0, "127.0.0.1")
  await once(hook, "listening")
  url = `https://127.0.0.1:${(hook.address() as AddressInfo).port}/`
  post = createWebhookPost({ allowed: createAllowedUrls([url]), resolver: { resolve: () => Promise.reject(new Error("no name is asked for")) } as never, timeoutMs: 30_000, authorities: [ca] })
  const accountId = await world.account("may@tinh.example")
  const tokens = createApiTokenStore(world.database)
  for (const name of ["tot", "xau"] as const) {
    systems[name] = await tokens.add({ name, sha256: apiTokenHash(newApiToken()), scopes: ["notifications:send"], createdBy: "QT1", expiresAt: null, sender: { accountId, principalId: null } })
    await tokens.setWebhook(systems[name], { url: `${url}${name}`, secret: sealer.seal(Buffer.from(newWebhookSecret()), webhookSecretPlace) }, "QT1")
  }
})
afterAll(async () => {
  post?.close()
  hook?.close()
  hook?.closeAllConnections()
  await world?.close()
})
beforeEach(async () => {
  await world.database.query({ text: "DELETE FROM notification" })
  await world.database.query({ text: "UPDATE api_token SET revoked_at = NULL" })
  calls.length = 0
})

/** Notifications of a system whose one recipient has it, and who is to be told of. */
async function changed(tokenId: number, count: number): Promise<readonly number[]> {
  const rows = await world.database.query<{ id: number }>({
    text: `WITH n AS (
        INSERT INTO notification (account_id, token_id, source, request_sha256, priority, accepted_at, send_at, expires_at, next_at, state, content, recipient_count, changes, webhook_token_id, webhook_next_at)
        SELECT account_id, id, 'api', '', 3, t.at, t.at, t.at, t.at, 'sent', '\\x00', 1, 1, id, t.at FROM api_token, (SELECT to_timestamp($3::float8 / 1000) AS at) t, generate_series(1, $2) WHERE id = $1 RETURNING id
      ), r AS (INSERT INTO notification_recipient (notification_id, n, address, asked, state, changed_at, change) SELECT id, 1, 'an@tinh.example', 'an@tinh.example', 'delivered', now(), 1 FROM n)
      SELECT id FROM n ORDER BY id`,
  }, [tokenId, count, now])
  now += 1
  return rows.map(({ id }) => id)
}

const open = (): Webhooks => createWebhooks({ webhooks: createWebhookStore(world), store: createNotificationStore(world), post, sealing: sealer, clock, random: systemRandom, log: { webhookFailed: () => undefined, webhookBroken: ({ error }) => expect.unreachable(String(error)) } })

/** When so many calls of a system have come. */
const heardOf = (name: string, count: number): Promise<void> => new Promise((resolve) => {
  heard = () => calls.filter((call) => call.startsWith(`${name} `)).length >= count && resolve()
  heard()
})

test("a system that does not answer has some calls under way and no more, and the others are told meanwhile", async () => {
  await changed(systems.xau, 60)
  const mine = await changed(systems.tot, 40)
  const webhooks = open()
  const running = webhooks.run()
  await heardOf("tot", mine.length)
  expect(calls.filter((call) => call.startsWith("xau ")).length).toBeLessThanOrEqual(4)
  // what is asked for while calls hang is told, too
  const [later = 0] = await changed(systems.tot, 1)
  void webhooks.run()
  await heardOf("tot", mine.length + 1)
  expect(calls).toContain(`tot ${later}`)
  const closed = webhooks.close()
  post.close()
  for (const response of silent.splice(0)) response.destroy()
  await Promise.all([running, closed])
})

test("what a system without a webhook, or one that was revoked, would have been told stands in nobody's way", async () => {
  const tokens = createApiTokenStore(world.database)
  await changed(systems.xau, 30)
  const mine = await changed(systems.tot, 1)
  await world.database.query({ text: "UPDATE api_token SET webhook_url = NULL, webhook_secret = NULL WHERE id = $1" }, [systems.xau])
  await open().run()
  expect(calls).toEqual(mine.map((id) => `tot ${id}`))
  await world.database.query({ text: "UPDATE api_token SET webhook_url = $2, webhook_secret = $3 WHERE id = $1" }, [systems.xau, `${url}xau`, sealer.seal(Buffer.from("x"), webhookSecretPlace)])
  expect(await tokens.revoke(systems.xau, "QT1")).toBe(true)
  await open().run()
  expect(calls).toHaveLength(1)
})
