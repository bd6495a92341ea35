import { mkdtemp, readFile, rm } from "node:fs/promises"
import { request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { z } from "zod"
import { type ApiScope, apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { createApiGate } from "../../src/api/gate.ts"
import { openApiDocument } from "../../src/api/openapi/document.ts"
import type { Route } from "../../src/api/route.ts"
import { auditRoutes } from "../../src/api/routes/audit.ts"
import { pauseRoutes } from "../../src/api/routes/pauses.ts"
import { queueRoutes } from "../../src/api/routes/queue.ts"
import { traceRoutes } from "../../src/api/routes/trace.ts"
import { apiRouter } from "../../src/api/server.ts"
import { failed } from "../../src/base/result.ts"
import { createLookupRates } from "../../src/console/lookup-rates.ts"
import type { Serving } from "../../src/base/serving.ts"
import { startConsole } from "../../src/console/server.ts"
import { failure } from "../../src/mail/failure.ts"
import { ensureDevelopmentCertificates } from "../../src/pki/development-ca.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import { createAuditStore } from "../../src/store/sql/audit.ts"
import { createAuditChain } from "../../src/store/sql/audit-chain.ts"
import { isUnavailable } from "../../src/store/sql/database.ts"
import { createPauseStore } from "../../src/store/sql/pauses.ts"
import { createQueueStore } from "../../src/store/sql/queue.ts"
import { createTraceStore } from "../../src/store/sql/trace.ts"
import { createApiLog } from "../../src/telemetry/mail-log.ts"
import { createAnswerCheck } from "../support/described-answers.ts"
import { acceptance, createTestStore, testLog, type TestStore, unwrap } from "../support/store.ts"
import { served } from "../support/test-tls.ts"

let store: TestStore
let dir: string
let tls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer }
let server: Serving
let routes: readonly Route[]
/** Every answer that a test gets is held against the description. */
let check: ReturnType<typeof createAnswerCheck> = () => undefined
const woken: number[] = []
const clock = { now: () => Date.now() }

beforeAll(async () => {
  store = await createTestStore()
  dir = await mkdtemp(join(tmpdir(), "congthu-api-"))
  const files = await ensureDevelopmentCertificates({ dir, names: ["localhost"], clock })
  tls = { ca: await readFile(files.caFile), cert: await readFile(files.certificateFile), key: await readFile(files.keyFile) }
  const accounts = new Map([["bi-danh@tinh.example", { id: await store.account("goc@tinh.example"), address: "goc@tinh.example" }]])
  routes = [
    ...pauseRoutes({ pauses: createPauseStore(store) }),
    ...queueRoutes({ queue: createQueueStore(store), accountOf: (address) => accounts.get(address)?.id, wake: ({ local, remote }) => void woken.push(...local, ...remote) }),
    ...traceRoutes({ traces: createTraceStore({ database: store.database, sealer: createSealer(Buffer.alloc(32, 7)) }), accountAddress: (address) => accounts.get(address)?.address, clock }),
    ...auditRoutes({ audit: createAuditStore(store.database), chain: createAuditChain(store), accountOf: (address) => accounts.get(address)?.id, clock }),
  ]
  server = await serve({ requestsPerMinute: 0, maxFailures: 0 })
  check = createAnswerCheck((await ask("GET", "/openapi.json")).body as never)
})
afterAll(async () => {
  await server.close()
  await store.close()
  await rm(dir, { recursive: true })
})

const serve = (limits: { readonly requestsPerMinute: number; readonly maxFailures: number }, more: readonly Route[] = []): Promise<Serving> =>
  startConsole({
    host: "127.0.0.1", port: 0, tls: served(tls),
    help: { host: "mail.tinh.example", imaps: 993, imap: 143, submissions: 465, submission: 587 }, health: async () => [], clock,
    certificates: { authenticator: { login: async () => failed(failure("noPermission", "refused")) }, lookup: { find: async () => failed(failure("notFound", "nothing")) }, rates: createLookupRates(0), askers: createLookupRates(0) },
    mounted: [{ path: "/api/v1", router: apiRouter({ gate: createApiGate({ tokens: createApiTokenStore(store.database), failureWindowMs: 60_000, ...limits }), routes: [...more, ...routes], document: openApiDocument(routes, { title: "Công Thư" }), isUnavailable, log: createApiLog(testLog) }) }],
  })

async function token(...scopes: readonly ApiScope[]): Promise<string> {
  const text = newApiToken()
  await createApiTokenStore(store.database).add({ name: "giam-sat", sha256: apiTokenHash(text), scopes, createdBy: "QT1", expiresAt: null })
  return text
}

interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Readonly<Record<string, unknown>>
}

interface Asked {
  readonly token?: string
  readonly body?: unknown
  readonly raw?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly at?: Serving
}

const ask = (method: string, path: string, { token, body, raw, headers = {}, at = server }: Asked = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const options = {
      host: "127.0.0.1", port: at.port, servername: "localhost", ca: tls.ca, path: `/api/v1${path}`, method,
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...(content !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(content) }), ...headers },
    }
    const outgoing = request(options, (response) => {
      let text = ""
      response.on("data", (chunk: Buffer) => (text += chunk.toString()))
      response.on("end", () => {
        const answer = { status: response.statusCode ?? 0, headers: response.headers, body: text === "" ? {} : (JSON.parse(text) as Answer["body"]) }
        try {
          check({ method, path, status: answer.status, contentType: response.headers["content-type"] ?? "", body: answer.body })
          resolve(answer)
        } catch (error) {
          reject(error as Error)
        }
      }).on("error", reject)
    }).on("error", reject)
    outgoing.end(content)
  })

let counter = 0
async function submit(...recipients: readonly string[]) {
  const content = await store.prepare(`Message-ID: <api-${++counter}@tinh.example>\r\n\r\n${counter}\r\n`)
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const done = unwrap(await store.acceptances.commit(acceptance({ content, accountIds: [], remote: recipients, directoryVersion: current?.version ?? 0, reversePath: "goc@tinh.example" })))
  return { ...done, id: done.deliveryIds[0] ?? 0, messageId: `api-${counter}@tinh.example` }
}

describe("who asks", () => {
  test("whatever is wrong with a token, the answer is the same", async () => {
    const revoked = await token("queue:read")
    const old = await token("queue:read")
    await store.database.query({ text: "UPDATE api_token SET revoked_at = now() WHERE sha256 = $1" }, [apiTokenHash(revoked)])
    await store.database.query({ text: "UPDATE api_token SET expires_at = now() - interval '1 second' WHERE sha256 = $1" }, [apiTokenHash(old)])
    const answers = await Promise.all([ask("GET", "/queue"), ask("GET", "/queue", { token: newApiToken() }), ask("GET", "/queue", { token: "x" }), ask("GET", "/queue", { token: revoked }), ask("GET", "/queue", { token: old }), ask("GET", "/nothing"), ask("POST", "/queue/1/hold", { raw: "{" })])
    for (const { status, body, headers } of answers) {
      expect(status).toBe(401)
      expect(body).toEqual(answers[0]?.body)
      expect(headers["content-type"]).toMatch(/^application\/problem\+json/)
      expect(headers["www-authenticate"]).toBe('Bearer realm="Cong Thu"')
    }
  })

  test("a token does what its scopes say, and nothing is learnt without them", async () => {
    const [read, write, trace] = [await token("queue:read"), await token("queue:write"), await token("trace:read")]
    const { id, messageId } = await submit("quyen@xa.example")
    const statuses = async (text: string) => Promise.all([["GET", "/queue"], ["GET", `/queue/${id}`], ["GET", "/queue/999999999"], ["POST", "/queue/999999999/retry"], ["GET", `/trace?of=${messageId}`]].map(async ([method = "", path = ""]) => (await ask(method, path, { token: text })).status))
    expect(await statuses(read)).toEqual([200, 200, 404, 403, 403])
    expect(await statuses(write)).toEqual([403, 403, 403, 404, 403])
    expect(await statuses(trace)).toEqual([403, 403, 403, 403, 200])
  })

  test("its last use is noted", async () => {
    const text = await token("queue:read")
    await ask("GET", "/queue", { token: text })
    const [row] = await store.database.query<{ used: boolean }>({ text: "SELECT last_used_at IS NOT NULL AS used FROM api_token WHERE sha256 = $1" }, [apiTokenHash(text)])
    expect(row).toEqual({ used: true })
  })

  test("one that asks too much waits, and so does a network that guesses, even when it guesses right", async () => {
    const limited = await serve({ requestsPerMinute: 2, maxFailures: 3 })
    try {
      const text = await token("queue:read")
      const statuses: number[] = []
      for (let n = 0; n < 3; n++) statuses.push((await ask("GET", "/queue", { token: text, at: limited })).status)
      expect(statuses).toEqual([200, 200, 429])
      for (let n = 0; n < 3; n++) expect((await ask("GET", "/queue", { token: newApiToken(), at: limited })).status).toBe(401)
      const { status, headers } = await ask("GET", "/queue", { token: await token("queue:read"), at: limited })
      expect([status, Number(headers["retry-after"]) > 0]).toEqual([429, true])
    } finally {
      await limited.close()
    }
  })
})

describe("the queue", () => {
  test("is listed in pages by what was asked for", async () => {
    const text = await token("queue:read")
    const { deliveryIds } = await submit("mot@trang.example", "hai@trang.example", "ba@trang.example")
    const first = await ask("GET", "/queue?destination=Trang.example&limit=2", { token: text })
    expect(first).toMatchObject({ status: 200, body: { deliveries: [{ id: deliveryIds[0], recipient: "mot@trang.example", state: "waiting", reversePath: "goc@tinh.example" }, { id: deliveryIds[1] }], next: deliveryIds[1] } })
    expect(first.headers["cache-control"]).toBe("no-store")
    expect(await ask("GET", `/queue?destination=trang.example&limit=2&after=${deliveryIds[1]}`, { token: text })).toMatchObject({ body: { deliveries: [{ id: deliveryIds[2] }], next: null } })
    expect(await ask("GET", "/queue?destination=trang.example&bounceClass=throttled", { token: text })).toMatchObject({ body: { deliveries: [] } })
    expect(await ask("GET", "/queue?account=khong-co@tinh.example", { token: text })).toMatchObject({ status: 200, body: { deliveries: [] } })
    expect(await ask("GET", "/queue/destinations", { token: text })).toMatchObject({ body: { destinations: expect.arrayContaining([expect.objectContaining({ destination: "trang.example", deliveries: 3 })]) as unknown } })
  })

  test("a character that no text in the database has is the client's mistake, wherever it stands", async () => {
    const text = await token("queue:read", "queue:write", "trace:read")
    const { id } = await submit("khong@xa.example")
    const asked = [ask("GET", "/queue?text=%00", { token: text }), ask("GET", "/queue?sender=a%00@x.example", { token: text }), ask("GET", "/trace?of=a%00@x.example", { token: text }), ask("POST", `/queue/${id}/hold`, { token: text, body: { why: "vì\0sao" } }), ask("POST", "/queue/pauses", { token: text, body: { destination: "xa.example", why: "\0x" } })]
    expect((await Promise.all(asked)).map(({ status, body }) => [status, body["type"]])).toEqual(asked.map(() => [400, "urn:congthu:problem:invalid"]))
  })

  test("is steered: held, tried only after its release, bounced with the token's name in the audit", async () => {
    const text = await token("queue:write", "queue:read")
    const { id } = await submit("lai@xa.example")
    expect(await ask("POST", `/queue/${id}/hold`, { token: text, body: { why: "chờ xác minh" } })).toMatchObject({ status: 200, body: { outcome: "done", delivery: { state: "held", hold: { by: "token giam-sat", why: "chờ xác minh" }, nextAttemptAt: null } } })
    expect(await ask("POST", `/queue/${id}/hold`, { token: text, body: { why: "lại" } })).toMatchObject({ status: 200, body: { outcome: "unchanged" } })
    expect(await ask("POST", `/queue/${id}/retry`, { token: text, headers: { "accept-language": "en" } })).toMatchObject({ status: 409, body: { type: "urn:congthu:problem:conflict", detail: "It is held; release it first" } })
    expect(woken).not.toContain(id)
    expect(await ask("POST", `/queue/${id}/release`, { token: text })).toMatchObject({ status: 200, body: { delivery: { state: "waiting" } } })
    expect(woken).toContain(id)
    expect(await ask("POST", `/queue/${id}/bounce`, { token: text, body: { why: "Sai địa chỉ" } })).toMatchObject({ status: 200, body: { delivery: { state: "failed", diagnostic: "Sai địa chỉ" } } })
    expect(await ask("DELETE", `/queue/${id}`, { token: text, body: { why: "nữa" } })).toMatchObject({ status: 409, body: { detail: "Việc chuyển thư này đã kết thúc" } })
    const audit = await store.database.query<{ kind: string; by: string }>({ text: "SELECT kind, detail->>'by' AS by FROM audit WHERE (detail->>'deliveryId')::bigint = $1 ORDER BY id" }, [id])
    expect(audit).toEqual(["delivery.held", "delivery.released", "delivery.bounced"].map((kind) => ({ kind, by: "token giam-sat" })))
  })

  test("destinations are paused and resumed", async () => {
    const text = await token("queue:write", "queue:read")
    const made = await ask("POST", "/queue/pauses", { token: text, body: { destination: "*.Dung.example", until: "2099-01-01T00:00:00+07:00", why: "bảo trì" } })
    expect(made).toMatchObject({ status: 201, body: { kind: "domain", pattern: "*.dung.example", until: "2098-12-31T17:00:00.000Z", pausedBy: "token giam-sat" } })
    const id = String(made.body["id"])
    expect(await ask("GET", "/queue/pauses", { token: text })).toMatchObject({ body: { pauses: [{ id: Number(id) }] } })
    expect(await ask("DELETE", `/queue/pauses/${id}`, { token: text })).toMatchObject({ status: 200, body: { resumed: 0 } })
    expect((await ask("DELETE", `/queue/pauses/${id}`, { token: text })).status).toBe(404)
  })
})

describe("a trace", () => {
  test("is the whole story by Message-ID, SHA-256 and number, and a list by address", async () => {
    const text = await token("trace:read")
    const { envelopeId, messageId, id } = await submit("vet@xa.example")
    await store.deliveries.claimRemote([id], 1_000)
    await store.deliveries.recordAttempt({ deliveryId: id, startedAt: Date.now(), endedAt: Date.now(), remoteMta: "mx.xa.example [192.0.2.1]", tls: "TLSv1.3 X", outcome: { kind: "relayed", status: "2.0.0", diagnostic: "250 2.0.0 ok" } })
    const byId = await ask("GET", `/trace?of=${encodeURIComponent(`<${messageId}>`)}`, { token: text })
    expect(byId).toMatchObject({ status: 200, body: { traces: [{ envelopeId, connection: { clientAddress: "127.0.0.1", helo: "thu.ngoai.example" }, deliveries: [{ recipient: "vet@xa.example", state: "relayed", attempts: [{ diagnostic: "250 2.0.0 ok", tls: "TLSv1.3 X" }] }] }] } })
    const [trace] = byId.body["traces"] as readonly { readonly sha256: string }[]
    for (const question of [String(envelopeId), trace?.sha256 ?? "", messageId]) expect((await ask("GET", `/trace?of=${encodeURIComponent(question)}`, { token: text })).body).toEqual(byId.body)
    for (const question of ["bi-danh@tinh.example", "vet@XA.example"]) expect(await ask("GET", `/trace?of=${question}`, { token: text })).toMatchObject({ body: { messages: expect.arrayContaining([expect.objectContaining({ envelopeId, messageId, state: "relayed" })]) as unknown } })
    expect((await ask("GET", "/trace?of=99999999999", { token: text })).status).toBe(404)
  })
})

describe("input", () => {
  test.each<[string, string, Asked, number]>([
    ["GET", "/queue?state=lost", {}, 400],
    ["GET", "/queue?bounceClass=rude", {}, 400],
    ["GET", "/queue?limit=0", {}, 400],
    ["GET", "/queue?limit=5&limit=6", {}, 400],
    ["GET", "/queue?nonsense=1", {}, 400],
    ["GET", "/queue?destination=a%20b", {}, 400],
    ["GET", "/queue/1e9", {}, 400],
    ["GET", "/queue/%ff", {}, 400],
    ["GET", "/trace", {}, 400],
    ["POST", "/queue/1/hold", {}, 400],
    ["POST", "/queue/1/hold", { body: { why: "x", by: "somebody else" } }, 400],
    ["POST", "/queue/1/hold", { body: { why: "x".repeat(501) } }, 400],
    ["POST", "/queue/1/hold", { raw: "{" }, 400],
    ["POST", "/queue/1/hold", { raw: '{"why":"x","__proto__":{"id":2}}' }, 400],
    ["POST", "/queue/1/hold", { body: ["x"] }, 415],
    ["POST", "/queue/1/hold", { raw: "why=x", headers: { "content-type": "application/x-www-form-urlencoded" } }, 415],
    ["POST", "/queue/1/hold", { body: { why: "x".repeat(20_000) } }, 413],
    ["POST", "/queue/pauses", { body: { destination: "xa.example", until: "tomorrow", why: "x" } }, 400],
    ["PUT", "/queue", {}, 404],
    ["GET", "/nothing", {}, 404],
  ])("%s %s %j is refused with %i", async (method, path, more, status) => {
    const text = await token("queue:read", "queue:write", "trace:read")
    const answer = await ask(method, path, { token: text, ...more })
    expect([answer.status, answer.body["status"]]).toEqual([status, status])
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|Error|SELECT/)
  })

  test("what is to be done is said in the body, and not in the address, which proxies log and no idempotency key covers", async () => {
    const text = await token("queue:write")
    expect(await ask("POST", "/queue/pauses?why=qua-dia-chi", { token: text, body: { destination: "ba.example", why: "x" } })).toMatchObject({ status: 400, body: { errors: [{ pointer: "why" }] } })
    expect(await ask("POST", "/queue/pauses?destination=ba.example", { token: text, body: { why: "x" } })).toMatchObject({ status: 400 })
  })

  test("what is wrong is named, in the reader's language", async () => {
    const text = await token("queue:read")
    expect(await ask("GET", "/queue?limit=x", { token: text })).toMatchObject({ headers: { "content-language": "vi" }, body: { title: "Yêu cầu không hợp lệ", errors: [{ pointer: "limit" }] } })
    expect(await ask("GET", "/queue?limit=x", { token: text, headers: { "accept-language": "en-GB,vi;q=0.5" } })).toMatchObject({ headers: { "content-language": "en" }, body: { title: "The request is not valid" } })
  })

  test("a route that breaks says so without a word about the inside", async () => {
    const broken: Route = { method: "get", path: "/broken", scope: "queue:read", summary: "", input: routes[0]?.input as Route["input"], output: z.unknown(), run: async () => Promise.reject(new Error("secret")) }
    const away: Route = { ...broken, path: "/away", run: async () => Promise.reject(Object.assign(new Error("secret"), { code: "57P01" })) }
    const at = await serve({ requestsPerMinute: 0, maxFailures: 0 }, [broken, away])
    try {
      const text = await token("queue:read")
      const [failedOne, awayOne] = [await ask("GET", "/broken", { token: text, at }), await ask("GET", "/away", { token: text, at })]
      expect([failedOne.status, awayOne.status]).toEqual([500, 503])
      expect(JSON.stringify([failedOne.body, awayOne.body])).not.toContain("secret")
    } finally {
      await at.close()
    }
  })
})

test("the audit is read page by page, with who changed what and from where, and only with its scope", async () => {
  const writer = await token("queue:write")
  const reader = await token("audit:read")
  expect((await ask("GET", "/audit", { token: writer })).status).toBe(403)
  for (const destination of ["mot.example", "hai.example"]) expect((await ask("POST", "/queue/pauses", { token: writer, body: { destination, why: "bảo trì" } })).status).toBe(201)
  const first = (await ask("GET", "/audit?kind=destination.paused&limit=1", { token: reader })).body as { entries: { actor: object; detail: object }[]; next: number }
  expect(first.entries).toMatchObject([{ actor: { via: "api", name: "giam-sat", address: "127.0.0.1" }, detail: { pattern: "hai.example" } }])
  expect((await ask("GET", `/audit?kind=destination.paused&limit=1&before=${first.next}`, { token: reader })).body).toMatchObject({ entries: [{ detail: { pattern: "mot.example" } }] })
  expect((await ask("GET", "/audit?text=MOT.example&since=2026-01-01T00:00:00Z", { token: reader })).body["entries"]).toHaveLength(1)
  expect((await ask("GET", "/audit?account=khong@tinh.example", { token: reader })).body).toEqual({ entries: [], next: null })
  expect((await ask("GET", "/audit/accesses?account=bi-danh@tinh.example", { token: reader })).body).toEqual({ entries: [], next: null })
  expect((await ask("GET", "/audit/accesses?account=khong@tinh.example", { token: reader })).status).toBe(404)
  expect((await ask("GET", "/audit/head", { token: reader })).status).toBe(404)
  expect((await ask("GET", "/audit?kind=%27%3B", { token: reader })).status).toBe(400)
})

test("every route has a summary, a scope and a schema that knows no other fields", () => {
  for (const { method, path, summary, input } of routes) {
    expect([method, path, summary.endsWith(".")]).toEqual([method, path, true])
    expect(input.safeParse({ nonsense: 1 }).success).toBe(false)
  }
  expect(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size).toBe(routes.length)
})
