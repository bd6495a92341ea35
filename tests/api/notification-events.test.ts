import { get, type IncomingMessage } from "node:http"
import { afterAll, beforeAll, expect, test } from "vitest"
import { apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { notificationRoutes } from "../../src/api/routes/notifications.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import { createNotificationStore } from "../../src/store/sql/notifications.ts"
import { type ApiWorld, openApiWorld } from "../support/api-world.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

/** Streams of a notification that nothing becomes of for long: a token that is revoked meanwhile hears no more of it. */
let store: TestStore
let world: ApiWorld
let token: string
let id: number
let streamMs = 20

beforeAll(async () => {
  store = await createTestStore()
  const accountId = await store.account("may@tinh.example")
  token = newApiToken()
  const tokenId = await createApiTokenStore(store.database).add({ name: "may", sha256: apiTokenHash(token), scopes: ["notifications:send"], createdBy: "QT1", expiresAt: null, sender: { accountId, principalId: null } })
  const [row] = await store.database.query<{ id: number }>({
    text: `WITH n AS (INSERT INTO notification (account_id, token_id, source, request_sha256, priority, accepted_at, send_at, expires_at, next_at, content, recipient_count)
        VALUES ($1, $2, 'api', '', 3, now(), now() + interval '1 day', now() + interval '2 days', now() + interval '1 day', '\\x00', 1) RETURNING id)
      INSERT INTO notification_recipient (notification_id, n, address, asked) SELECT id, 1, 'an@tinh.example', 'an@tinh.example' FROM n RETURNING notification_id AS id`,
  }, [accountId, tokenId])
  id = row?.id ?? 0
  world = await openApiWorld({
    database: store.database,
    routes: notificationRoutes({
      notifications: { send: () => Promise.reject(new Error("nothing is sent")) }, store: createNotificationStore(store), onChange: () => () => undefined, changed: () => undefined, mayKnowRead: () => false, callsPerMinute: 0, maxBodyBytes: 1_000,
      clock: { now: () => Date.now() }, get streamMs() {
        return streamMs
      },
    }),
  })
})
afterAll(async () => {
  await world.close()
  await store.close()
})

test("a stream ends after a while, without having said that it is over, so that who follows comes again and is looked at again", async () => {
  const text = await new Promise<string>((resolve, reject) => {
    get({ host: "127.0.0.1", port: world.port, path: `/api/v1/notifications/${id}/events`, headers: { authorization: `Bearer ${token}` } }, (response) => {
      let all = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (all += chunk)).on("end", () => resolve(all)).on("error", reject)
    }).on("error", reject)
  })
  expect(text).not.toContain("event: end")
})

test("no more streams of one token than may be, however many are asked for at once", async () => {
  streamMs = 60_000
  const asked = Array.from({ length: 30 }, () => new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: "127.0.0.1", port: world.port, path: `/api/v1/notifications/${id}/events`, headers: { authorization: `Bearer ${token}` } }, resolve).on("error", reject)
  }))
  const answers = await Promise.all(asked)
  const statuses = answers.map(({ statusCode }) => statusCode)
  for (const answer of answers) answer.destroy()
  expect([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 429).length]).toEqual([20, 10])
})
