import { createSecretKey } from "node:crypto"
import { request } from "node:https"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import type { Serving } from "../../src/base/serving.ts"
import { createLookupRates } from "../../src/console/lookup-rates.ts"
import { quarantineRoutes } from "../../src/console/quarantine.ts"
import { startConsole } from "../../src/console/server.ts"
import { createReleaseTokens } from "../../src/mail/release-token.ts"
import { shownHeader } from "../../src/store/shown-header.ts"
import { isUnavailable } from "../../src/store/sql/database.ts"
import { createHeldStore } from "../../src/store/sql/held.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"
import { served, testTls } from "../support/test-tls.ts"

/** The page behind a link, on a real store; that the link comes by mail and the message arrives is in flows/held-mail.test.ts. */
let store: TestStore
let server: Serving
let ca: string
let accountId: number
let now = Date.now()
const tokens = createReleaseTokens({ key: createSecretKey(Buffer.alloc(32, 3)) })
const woken: unknown[] = []
const hourMs = 3_600_000

beforeAll(async () => {
  store = await createTestStore()
  accountId = await store.account("an@tinh.example")
  const pem = await testTls("localhost")
  ca = pem.ca
  const clock = { now: () => now }
  const routes = (pagesPerHour: number) =>
    quarantineRoutes({
      tokens, held: createHeldStore(store), header: (content) => shownHeader(store.contents, content), rates: createLookupRates(pagesPerHour), clock,
      wake: (deliveries) => void woken.push(deliveries), log: { releasedByRecipient: () => undefined }, isUnavailable,
    })
  server = await startConsole({
    host: "127.0.0.1", port: 0, tls: served(pem), help: { host: "h", imaps: 0, imap: 0, submissions: 0, submission: 0 }, health: async () => [], clock,
    certificates: { authenticator: { login: () => Promise.reject(new Error("nobody signs in")) }, lookup: { find: () => Promise.reject(new Error("nothing is looked up")) }, rates: createLookupRates(0), askers: createLookupRates(0) },
    mounted: [{ path: "/quarantine", router: routes(0) }, { path: "/rare", router: routes(2) }],
  })
})
afterAll(async () => {
  await server.close()
  await store.close()
})

interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

const ask = (method: string, path: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: server.port, servername: "localhost", ca, path, method }, (response) => {
      let body = ""
      response.on("data", (chunk: Buffer) => (body += chunk.toString()))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
      .on("error", reject)
      .end()
  })

let counter = 0
async function heldCopy(recipientsMayRelease = true): Promise<{ readonly envelopeId: number; readonly deliveryId: number; readonly path: string }> {
  const content = await store.prepare(`Subject: =?utf-8?q?<b>kh=E1=BA=A9n</b>?= ${++counter}\r\nFrom: "<i>Giám đốc</i>" <vt@bo.example>\r\n\r\nnội dung\r\n`)
  const [row] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const held = { kind: "quarantine" as const, ruleId: "r", reasonVi: "Nghi ngờ", reasonEn: "Doubtful", notify: [], recipientsMayRelease }
  const { envelopeId, deliveryIds: [deliveryId = 0] } = unwrap(await store.acceptances.commit({ ...acceptance({ content, accountIds: [accountId], directoryVersion: row?.version ?? 0 }), held }))
  return { envelopeId, deliveryId, path: `/quarantine/${tokens.make({ deliveryId, recipient: `account${accountId}@tinh.example`, expiresAt: now + hourMs })}` }
}

const state = async (deliveryId: number): Promise<string | undefined> => (await store.database.query<{ state: string }>({ text: "SELECT state FROM delivery WHERE id = $1" }, [deliveryId]))[0]?.state

beforeEach(() => {
  now = Date.now()
  woken.length = 0
})

test("the page says what it is, and however often it is read nothing changes", async () => {
  const { deliveryId, envelopeId, path } = await heldCopy()
  for (const method of ["GET", "HEAD", "GET"]) expect((await ask(method, path)).status).toBe(200)
  const { body, headers } = await ask("GET", path)
  for (const text of [`account${accountId}@tinh.example`, "Nghi ngờ", "&lt;b>khẩn", "Giám đốc", "vt@bo.example", String(envelopeId), '<form method="post">']) expect(body).toContain(text)
  expect(body).not.toMatch(/<b>|<i>|<script/)
  const english = (await ask("GET", `${path}?language=en`)).body
  expect(english).toContain("Doubtful")
  expect(english).not.toContain("Nghi ngờ")
  expect(headers["cache-control"]).toBe("no-store")
  // the link is a key: no other site is to learn it
  expect(headers["referrer-policy"]).toBe("no-referrer")
  expect(await state(deliveryId)).toBe("held")
})

test("the button lets the copy go, once", async () => {
  const { deliveryId, path } = await heldCopy()
  const done = await ask("POST", path)
  expect(done).toMatchObject({ status: 303, headers: { location: path } })
  expect(await state(deliveryId)).toBe("waiting")
  expect(woken).toEqual([{ local: [deliveryId], remote: [] }])
  expect((await ask("GET", path)).body).toContain("không còn bị giữ")
  expect(await ask("POST", path)).toMatchObject({ status: 200, body: expect.stringContaining("không còn bị giữ") as unknown })
  expect(woken).toHaveLength(1)
})

test.each([
  ["made by somebody else", 404, (deliveryId: number) => createReleaseTokens({ key: createSecretKey(Buffer.alloc(32, 4)) }).make({ deliveryId, recipient: `account${accountId}@tinh.example`, expiresAt: now + hourMs })],
  ["of another recipient", 404, (deliveryId: number) => tokens.make({ deliveryId, recipient: "binh@tinh.example", expiresAt: now + hourMs })],
  ["of a delivery that is not there", 404, () => tokens.make({ deliveryId: 123_456_789, recipient: `account${accountId}@tinh.example`, expiresAt: now + hourMs })],
  ["that is none", 404, () => "abc"],
  ["that is endless", 404, () => "A".repeat(5_000)],
  ["that has expired", 410, (deliveryId: number) => tokens.make({ deliveryId, recipient: `account${accountId}@tinh.example`, expiresAt: now - 1_000 })],
])("a link %s lets nothing go", async (_what, status, make) => {
  const { deliveryId } = await heldCopy()
  for (const method of ["GET", "POST"]) expect((await ask(method, `/quarantine/${make(deliveryId)}`)).status).toBe(status)
  expect(await state(deliveryId)).toBe("held")
})

test("nor does a good link where only administrators release, or after they have refused", async () => {
  const kept = await heldCopy(false)
  expect((await ask("POST", kept.path)).status).toBe(403)
  expect(await state(kept.deliveryId)).toBe("held")
  const refused = await heldCopy()
  unwrap(await createHeldStore(store).refuse(refused.envelopeId, { by: "QT1", note: "giả mạo" }))
  expect(await ask("POST", refused.path)).toMatchObject({ status: 200, body: expect.stringContaining("đã từ chối") as unknown })
  expect(await state(refused.deliveryId)).toBe("failed")
})

test("who asks too often waits, whatever the link", async () => {
  const statuses: number[] = []
  for (let count = 0; count < 3; count++) statuses.push((await ask("GET", "/rare/abc")).status)
  expect(statuses).toEqual([404, 404, 429])
})
