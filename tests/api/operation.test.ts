import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { apiScopes } from "../../src/accounts/api-token.ts"
import { createLockouts } from "../../src/store/sql/lockouts.ts"
import { createPresence } from "../../src/store/sql/presence.ts"
import { gzipSync } from "node:zlib"
import { reportXml } from "../../src/reports/dmarc-xml.ts"
import { createOwnReportStore } from "../../src/store/sql/own-reports.ts"
import { createReceivedDmarcStore } from "../../src/store/sql/received-dmarc-reports.ts"
import { createReceivedTlsStore } from "../../src/store/sql/received-tls-reports.ts"
import { createAuditChain } from "../../src/store/sql/audit-chain.ts"
import { sealFacts } from "../../src/store/sealed-facts.ts"
import { createDecisionStore } from "../../src/store/sql/decisions.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { messageFacts } from "../policy/facts.ts"
import { aggregateReport } from "../support/aggregate-report.ts"
import type { Question } from "../support/api-world.ts"
import { acceptMessage } from "../support/console-mail.ts"
import { openOperationApi } from "../support/operation-api.ts"
import { authorityOf, holderOf } from "../support/test-pki.ts"

let world: Awaited<ReturnType<typeof openOperationApi>>
/** Of the province, and of department B. */
let token: string
let tokenOfB: string
const root = authorityOf({ name: "Root" })
/** For what goes on behind an answer. */
const patience = { timeout: 30_000 }
beforeAll(async () => {
  world = await openOperationApi()
  token = await world.api.token(apiScopes)
  tokenOfB = await world.api.token(apiScopes, "B")
})
afterAll(() => world.close())

const ask = (method: string, path: string, { token: other = token, ...question }: Partial<Question> = {}) => world.api.ask(method, `/api/v1${path}`, { token: other, ...question })
const audited = (kind: string) => world.console.database.query<{ via: string; name: string; detail: Record<string, unknown> }>({ text: "SELECT actor->>'via' AS via, actor->>'name' AS name, detail FROM audit WHERE kind = $1 ORDER BY id" }, [kind])

describe("certificates", () => {
  const register = (principalId: string, as = token) => {
    const { certificate } = holderOf({ name: principalId, by: root })
    return { certificate, answer: ask("POST", "/certificates", { token: as, body: { file: Buffer.from(pem("CERTIFICATE", certificate.der)).toString("base64"), principalId, use: "personal" } }) }
  }

  test("are registered, listed, bound, suspended, reinstated, revoked for good; each with its audit entry", async () => {
    const { certificate: { fingerprint, der }, answer } = register("P1")
    const path = `/certificates/${fingerprint}`
    expect(await ask("POST", "/certificates/read", { body: { file: Buffer.from(der).toString("base64") } })).toMatchObject({ status: 200, body: { fingerprint } })
    expect(await answer).toMatchObject({ status: 201, headers: { location: `/api/v1${path}` }, body: { fingerprint, principalId: "P1", state: "active", source: "api" } })
    expect(await register("P9").answer).toMatchObject({ status: 400, body: { errors: [{ pointer: "principalId", detail: "Không có người giữ nào mang mã P9." }] } })
    expect(await ask("GET", `/certificates?text=${fingerprint.slice(0, 12)}&state=active`)).toMatchObject({ status: 200, body: { certificates: [{ fingerprint }], total: 1, next: null } })
    expect(await ask("GET", "/certificates?unit=B")).toMatchObject({ body: { certificates: [], total: 0 } })
    expect(await ask("PUT", `${path}/binding`, { body: { accounts: ["binh@b.example"] }, headers: { "accept-language": "en" } })).toMatchObject({ status: 400, body: { errors: [{ pointer: "accounts", detail: "The holder may not sign for binh@b.example today." }] } })
    expect(await ask("PUT", `${path}/binding`, { body: { accounts: ["an@a.example"], from: "2026-01-01" } })).toMatchObject({ status: 200, body: { accounts: ["an@a.example"], from: "2026-01-01", until: null } })
    expect((await ask("POST", `${path}/suspend`, { body: {} })).status).toBe(400)
    expect(await ask("POST", `${path}/suspend`, { body: { why: "mất thẻ" } })).toMatchObject({ status: 200, body: { state: "suspended", stateReason: "mất thẻ", stateBy: "token he-thong" } })
    expect((await ask("POST", `${path}/suspend`, { body: { why: "mất thẻ" } })).status).toBe(409)
    expect(await ask("POST", `${path}/reinstate`)).toMatchObject({ status: 200, body: { state: "active" } })
    expect(await ask("POST", `${path}/revoke`, { body: { why: "mất hẳn" } })).toMatchObject({ status: 200, body: { state: "revoked" } })
    expect((await ask("POST", `${path}/reinstate`)).status).toBe(409)
    expect((await ask("GET", `${path}/file?form=der`)).file).toEqual(Buffer.from(der))
    expect(await ask("GET", `${path}/file`)).toMatchObject({ status: 200, headers: { "content-type": "application/pem-certificate-chain", "content-disposition": expect.stringContaining(".pem") as string } })
    expect(await ask("GET", `${path}/status`)).toMatchObject({ status: 200, body: { status: null } })
    for (const kind of ["added", "changed", "suspended", "reinstated", "revoked"]) expect(await audited(`certificate.${kind}`), kind).toMatchObject([{ via: "api", name: "he-thong", detail: { by: "token he-thong" } }])
    expect((await ask("POST", "/certificates", { body: { file: "bm90IG9uZQ==", principalId: "P1", use: "personal" } })).status).toBe(400)
  })

  test("of others are none for a token of one unit", async () => {
    const { certificate: { fingerprint }, answer } = register("P1")
    expect((await answer).status).toBe(201)
    const path = `/certificates/${fingerprint}`
    const outside = [
      ask("GET", path, { token: tokenOfB }), ask("GET", `${path}/status`, { token: tokenOfB }), ask("GET", `${path}/file`, { token: tokenOfB }), ask("PUT", `${path}/binding`, { token: tokenOfB, body: {} }),
      ...["suspend", "reinstate", "revoke"].map((verb) => ask("POST", `${path}/${verb}`, { token: tokenOfB, body: { why: "x" } })), register("P1", tokenOfB).answer,
    ]
    expect((await Promise.all(outside)).map(({ status }) => status)).toEqual(outside.map(() => 404))
    expect(await ask("GET", "/certificates", { token: tokenOfB })).toMatchObject({ body: { certificates: [], total: 0 } })
    expect((await register("P2", tokenOfB).answer).status).toBe(201)
    expect(await ask("GET", "/certificates", { token: tokenOfB })).toMatchObject({ body: { certificates: [{ principalId: "P2" }], total: 1 } })
  })
})

describe("held messages", () => {
  const held = { kind: "quarantine", ruleId: "inbound.unsigned", reasonVi: "Thư không có chữ ký số", reasonEn: "The message is not signed", notify: [] } as const

  test("are listed page by page, read on record, released and refused once", async () => {
    const [first, second] = [await acceptMessage(world.console, { to: ["binh@b.example"], held, subject: "Mật" }), await acceptMessage(world.console, { to: ["an@a.example"], held })]
    expect(await ask("GET", "/held?limit=1")).toMatchObject({ body: { messages: [{ envelopeId: first.envelopeId, ruleId: "inbound.unsigned", recipients: ["binh@b.example"] }], waiting: 2, next: first.envelopeId } })
    expect(await ask("GET", `/held?limit=5&after=${first.envelopeId}`)).toMatchObject({ body: { messages: [{ envelopeId: second.envelopeId }], next: null } })
    expect((await ask("GET", `/held/${first.envelopeId}`)).body).not.toHaveProperty("subject")
    expect(await ask("GET", `/held/${first.envelopeId}/content`)).toMatchObject({ body: { subject: "Mật", text: "Kính gửi\r\n", attachments: [] } })
    expect(await audited("access.heldMessageRead")).toMatchObject([{ via: "api", name: "he-thong" }])
    const reader = await world.api.token(["held:read"])
    expect((await ask("GET", `/held/${first.envelopeId}/content`, { token: reader })).status).toBe(403)
    expect((await ask("POST", `/held/${first.envelopeId}/refuse`, { body: { why: "" } })).status).toBe(400)
    expect(await ask("POST", `/held/${first.envelopeId}/refuse`, { body: { why: "giả mạo" } })).toMatchObject({ status: 200, body: { decision: "refused" } })
    expect(await ask("POST", `/held/${first.envelopeId}/release`, { body: { why: "nhầm" } })).toMatchObject({ status: 409, body: { detail: "Thư này đã được quyết định" } })
    expect((await ask("POST", `/held/${second.envelopeId}/release`, { body: { why: "đúng" } })).status).toBe(200)
    expect(await ask("GET", "/held?decided=true&text=giang")).toMatchObject({ body: { messages: [] } })
    expect(await ask("GET", "/held?decided=true")).toMatchObject({ body: { messages: [{ envelopeId: second.envelopeId, decision: "released", decidedBy: "token he-thong", note: "đúng" }, { decision: "refused" }], waiting: 0 } })
  })

  test("are decided copy by copy, each unit's by its token", async () => {
    const { envelopeId } = await acceptMessage(world.console, { to: ["binh@b.example", "an@a.example"], held })
    const copies = async (as?: string) => (await ask("GET", `/held/${envelopeId}/copies`, as === undefined ? {} : { token: as })).body["copies"] as readonly { readonly deliveryId: number; readonly recipient: string; readonly state: string }[]
    expect((await copies(tokenOfB)).map(({ recipient }) => recipient)).toEqual(["binh@b.example"])
    const other = (await copies()).find(({ recipient }) => recipient === "an@a.example")?.deliveryId
    expect((await ask("POST", `/held/${envelopeId}/refuse`, { token: tokenOfB, body: { deliveryIds: [other], why: "x" } })).status).toBe(409)
    expect((await ask("POST", `/held/${envelopeId}/refuse`, { token: tokenOfB, body: { why: "x" } })).status).toBe(200)
    expect((await ask("POST", `/held/${envelopeId}/release`, { body: { deliveryIds: [other], why: "x" } })).status).toBe(200)
    expect((await copies()).map(({ recipient, state }) => [recipient, state]).toSorted()).toEqual([["an@a.example", "gone"], ["binh@b.example", "refused"]])
  })

  test("of others are none for a token of one unit", async () => {
    const { envelopeId } = await acceptMessage(world.console, { to: ["an@a.example"], held })
    const outside = [ask("GET", `/held/${envelopeId}`, { token: tokenOfB }), ask("GET", `/held/${envelopeId}/content`, { token: tokenOfB }), ...["release", "refuse"].map((verb) => ask("POST", `/held/${envelopeId}/${verb}`, { token: tokenOfB, body: { why: "x" } }))]
    expect((await Promise.all(outside)).map(({ status }) => status)).toEqual([404, 404, 404, 404])
    expect(await ask("GET", "/held", { token: tokenOfB })).toMatchObject({ body: { messages: [], waiting: 0 } })
  })
})

describe("the policy", () => {
  const strict = `format: 1\nrules:\n  - id: unsigned\n    when: { signature: { status: missing } }\n    verdict: { reject: { status: "5.7.1", vi: "Thư chưa ký", en: "Not signed" } }\n  - id: rest\n    verdict: accept\n`
  const lenient = `format: 1\nrules:\n  - id: rest\n    verdict: accept\n`

  test("is checked by line and column, put in force, rolled back as a new version", async () => {
    expect((await ask("GET", "/policies/current")).status).toBe(404)
    expect(await ask("POST", "/policies/check", { body: { yaml: strict.replace("verdict: accept", "verdict: perhaps") } })).toMatchObject({ status: 200, body: { valid: false, rules: null, problems: [{ line: 7 }] } })
    expect(await ask("POST", "/policies/check", { body: { yaml: strict } })).toMatchObject({ body: { valid: true, rules: 2, problems: [] } })
    expect((await ask("POST", "/policies", { body: { yaml: "format: 9", why: "x" } })).status).toBe(400)
    expect((await ask("POST", "/policies", { body: { yaml: lenient } })).status).toBe(400)
    expect(await ask("POST", "/policies", { body: { yaml: lenient, why: "ban đầu" } })).toMatchObject({ status: 201, headers: { location: "/api/v1/policies/1" }, body: { version: 1, by: "token he-thong", why: "ban đầu", inForce: true } })
    expect(await ask("POST", "/policies", { body: { yaml: strict, why: "siết" } })).toMatchObject({ status: 201, body: { version: 2 } })
    expect(await ask("POST", "/policies", { body: { yaml: strict, why: "siết" } })).toMatchObject({ status: 409, body: { detail: "Văn bản này đang có hiệu lực rồi" } })
    expect(await ask("POST", "/policies/1/rollback", { body: { why: "nhầm" } })).toMatchObject({ status: 201, body: { version: 3, yaml: lenient, why: "nhầm (back to version 1)" } })
    expect(await ask("GET", "/policies")).toMatchObject({ body: { versions: [{ version: 3, inForce: true }, { version: 2, inForce: false }, { version: 1 }] } })
    expect(await ask("GET", "/policies/2")).toMatchObject({ body: { yaml: strict } })
    expect((await ask("POST", "/policies/9/rollback", { body: { why: "x" } })).status).toBe(404)
    expect((await ask("POST", "/policies/2/rollback", { body: { why: "lại" } })).status).toBe(201)
    const [entry] = await audited("policy.applied")
    expect(entry).toMatchObject({ via: "api", name: "he-thong" })
  })

  test("is explained on a message rule by rule", async () => {
    const message = Buffer.from("From: an@a.example\nTo: binh@b.example\nSubject: x\n\nKính gửi\n").toString("base64")
    const explained = await ask("POST", "/policies/explain", { body: { message, from: "an@a.example", to: ["binh@b.example"], signature: "missing" } })
    expect(explained).toMatchObject({ status: 200, body: { verdict: { kind: "reject", status: "5.7.1", ruleId: "unsigned", reasonVi: "Thư chưa ký" }, rules: [{ ruleId: "unsigned", outcome: "decides", condition: [{ depth: 0, holds: true }] }, { ruleId: "rest", outcome: "notReached", condition: [] }] } })
    expect(await ask("POST", "/policies/explain", { body: { message, from: "la@ngoai.example", to: ["binh@b.example"] } })).toMatchObject({ status: 400, body: { detail: expect.stringContaining("la@ngoai.example không phải là hộp thư ở đây") as string } })
  })

  test("is tried on past messages in the background, one at a time, and the console shows the same", async () => {
    const { console } = world
    const decisions = createDecisionStore({ database: console.database, clock: { now: () => console.clock.ms } })
    await decisions.record({ policyVersion: 2, ruleId: "unsigned", verdict: "reject", messageId: "m@x.example", reversePath: "vp@snv.example", at: console.clock.ms - 3_600_000, facts: sealFacts(console.sealer, messageFacts({})) })
    const started = await ask("POST", "/policies/replays", { body: { yaml: lenient, days: 1 } })
    expect(started).toMatchObject({ status: 202, headers: { location: `/api/v1/policies/replays/${String(started.body["id"])}` }, body: { by: "token he-thong" } })
    const path = `/policies/replays/${String(started.body["id"])}`
    const done = await vi.waitFor(async () => {
      const now = await ask("GET", path)
      expect(now.body["state"]).toBe("done")
      return now
    }, patience)
    expect(done.body["result"]).toMatchObject({ decisions: 1, changes: [{ from: { verdict: "reject" }, to: { verdict: "accept" }, count: 1, samples: [{ messageId: "m@x.example" }] }], counts: [{ verdict: "accept", count: 1 }] })
    expect((await ask("DELETE", path)).body["state"]).toBe("done")
    expect((await ask("GET", "/policies/replays/5f0c2d0e-8f0b-4a56-9d8b-3c1f8a6a2b11")).status).toBe(404)
    await console.administer("an@a.example", "auditor")
    expect((await console.ask(`/console${path.replace("replays", "replay")}`, { cookie: await console.signIn("an@a.example") })).body).toContain("1 quyết định")
  })
})

test("sessions are listed and ended within the units; networks that must wait are let in again", async () => {
  const { console } = world
  const options = { database: console.database, clock: { now: () => console.clock.ms }, onError: (error: unknown) => expect(error).toBeUndefined(), everyMs: 1e8 }
  const presence = createPresence(options)
  const ended: string[] = []
  for (const [id, address] of [["s-an", "an@a.example"], ["s-binh", "binh@b.example"]] as const) presence.arrive({ id, protocol: "imap", accountId: console.accountId(address), principalId: null, credentialId: null, clientAddress: "192.0.2.77", clientId: "Thư", tls: null, end: () => ended.push(id) })
  await presence.tick()
  const all = (await ask("GET", "/sessions?protocol=imap")).body["sessions"] as readonly { readonly id: string; readonly process: string }[]
  expect(all.map(({ id }) => id).toSorted()).toEqual(["s-an", "s-binh"])
  expect(await ask("GET", "/sessions?protocol=imap", { token: tokenOfB })).toMatchObject({ body: { sessions: [{ id: "s-binh", account: "binh@b.example" }], total: 1, next: null } })
  const end = (id: string, as: string) => ask("POST", "/sessions/end", { token: as, body: { protocol: "imap", process: all[0]?.process, id } })
  expect((await end("s-an", tokenOfB)).status).toBe(404)
  expect((await end("s-binh", tokenOfB)).status).toBe(200)
  await presence.tick()
  expect(ended).toEqual(["s-binh"])
  expect(await audited("session.ended")).toMatchObject([{ via: "api", detail: { by: "token he-thong" } }])
  await presence.close()

  createLockouts(options).note({ key: "k", kind: "signIn", network: "192.0.2.0/24", name: "an", failures: 5, forMs: 60_000 })
  const [lockout] = await vi.waitFor(async () => {
    const found = (await ask("GET", "/lockouts")).body["lockouts"] as readonly { readonly id: number }[]
    expect(found).toMatchObject([{ network: "192.0.2.0/24", failures: 5 }])
    return found
  }, patience)
  expect((await ask("DELETE", `/lockouts/${lockout?.id}`)).status).toBe(200)
  expect((await ask("DELETE", `/lockouts/${lockout?.id}`)).status).toBe(404)
  expect(await ask("GET", "/stopped-accounts")).toMatchObject({ body: { accounts: [] } })
  expect((await ask("DELETE", "/stopped-accounts/1")).status).toBe(404)
})

test("the figures of the dashboard: of a unit, and of the whole with what moves", async () => {
  expect(await ask("GET", "/overview", { token: tokenOfB })).toMatchObject({ status: 200, body: { units: { accounts: 1, holders: 1 }, province: null } })
  expect(await ask("GET", "/overview")).toMatchObject({ status: 200, body: { units: { accounts: 3 }, province: { licences: { accounts: 3000 }, live: { roles: [{ role: "smtp", ok: false }] } } } })
})

test("what others report of our domains", async () => {
  const { console } = world
  const mail = async () => ({ envelopeId: (await acceptMessage(console, { to: ["an@a.example"], reportMail: true })).envelopeId, receivedAt: console.clock.ms, submitter: "xa.example" })
  await createReceivedDmarcStore(console.database).add({ ...aggregateReport(), begin: Math.floor(console.clock.ms / 1000) - 86_400, end: Math.floor(console.clock.ms / 1000) }, await mail())
  const failure = { resultType: "certificate-expired", sendingIp: "192.0.2.1", mxHost: "mx.example", helo: "", receivingIp: "", sessions: 7, reasonCode: "", information: "" }
  await createReceivedTlsStore(console.database).add({ organization: "Xa", contact: "", reportId: "1", beginsAt: console.clock.ms - 86_400_000, endsAt: console.clock.ms, policies: [{ domain: "tinh.example", policyType: "sts", policyString: [], mxHosts: [], successful: 900, failed: 7, failures: [failure], leftOut: 0 }] }, await mail())
  const [tls] = (await ask("GET", "/reports/tls?domain=tinh.example")).body["reports"] as readonly { readonly number: number }[]
  expect(await ask("GET", `/reports/tls/${tls?.number}`)).toMatchObject({ body: { organization: "Xa", policies: [{ failures: [failure] }] } })
  expect(await ask("GET", "/reports/tls?domain=khac.example")).toMatchObject({ body: { reports: [] } })
  expect((await ask("GET", "/reports/tls?domain=a+b")).status).toBe(400)
  const [dmarc] = (await ask("GET", "/reports/dmarc")).body["reports"] as readonly { readonly number: number }[]
  expect((await ask("GET", `/reports/dmarc/${dmarc?.number}`)).body["rows"]).toMatchObject(aggregateReport().rows)
  expect((await ask("GET", "/reports/dmarc/sources")).body["sources"]).toEqual(expect.arrayContaining([expect.objectContaining({ source: "2001:db8::7" })]))
  expect((await ask("GET", "/reports/dmarc/99")).status).toBe(404)
})

test("what we report to others, and what has become of it", async () => {
  const { console } = world
  const store = createOwnReportStore(console.database)
  const day = new Date(console.clock.ms - 86_400_000).toISOString().slice(0, 10)
  await store.add({ kind: "dmarc", day, domain: "xa.example", reportId: "r1", body: gzipSync([...reportXml({ ...aggregateReport(), generator: "x", extraContact: "" }, aggregateReport().rows)].join("")), total: 12, failed: 5, madeAt: console.clock.ms, destinations: [{ uri: "mailto:d@xa.example", dueAt: console.clock.ms, giveUpAt: console.clock.ms + 1 }] })
  await store.add({ kind: "tls", day, domain: "xa.example", reportId: "r2", body: Buffer.from("hỏng"), total: 1, failed: 0, madeAt: console.clock.ms, destinations: [{ uri: "https://xa.example/x", dueAt: console.clock.ms, giveUpAt: console.clock.ms + 1 }] })
  const sent = async (kind: string) => ((await ask("GET", `/reports/${kind}/sent`)).body["reports"] as readonly { readonly number: number }[])[0]?.number ?? 0
  expect(await ask("GET", `/reports/dmarc/sent/${await sent("dmarc")}`)).toMatchObject({ status: 200, body: { reportId: "r1", destinations: [{ uri: "mailto:d@xa.example", state: "waiting" }], report: { rows: expect.arrayContaining([expect.objectContaining({ source: "2001:db8::7" })]) as unknown } } })
  expect(await ask("GET", `/reports/tls/sent/${await sent("tls")}`)).toMatchObject({ status: 200, body: { reportId: "r2", report: null } })
  expect((await ask("GET", `/reports/tls/sent/${await sent("dmarc")}`)).status).toBe(404)
})

test("tokens are listed without their secrets, and revoked", async () => {
  const other = await world.api.token(["queue:read"])
  const id = await world.api.tokenId(other)
  const listed = await ask("GET", "/tokens")
  expect(listed.body["tokens"]).toEqual(expect.arrayContaining([expect.objectContaining({ id, scopes: ["queue:read"], revokedAt: null })]))
  expect(listed.file.toString()).not.toMatch(/congthu_|sha256/)
  expect((await ask("DELETE", `/tokens/${id}`)).status).toBe(200)
  expect((await ask("GET", "/queue", { token: other })).status).toBe(401)
  expect((await ask("DELETE", `/tokens/${id}`)).status).toBe(404)
})

test("the audit is taken away as a file, which is an entry itself, and its chain is verified in the background", async () => {
  const { console } = world
  const csv = await ask("GET", "/audit/export?form=csv&kind=policy.*")
  expect(csv).toMatchObject({ status: 200, headers: { "content-disposition": expect.stringMatching(/audit-\d{4}-\d\d-\d\d\.csv/) as string } })
  expect(csv.file.toString().trim().split("\r\n").length).toBeGreaterThan(3)
  const lines = (await ask("GET", "/audit/export?kind=policy.*")).file.toString().trim().split("\n").map((line) => JSON.parse(line) as { readonly kind: string })
  expect(lines.every(({ kind }) => kind.startsWith("policy."))).toBe(true)
  expect(await audited("audit.exported")).toMatchObject([{ name: "he-thong" }, { name: "he-thong" }])
  const chain = createAuditChain({ database: console.database })
  await vi.waitFor(async () => expect(await chain.seal()).toMatchObject({ complete: true }), patience)
  expect(await ask("GET", "/audit/chain")).toMatchObject({ status: 200, body: { headAt: null } })
  const started = await ask("POST", "/audit/verifications")
  expect(started.status).toBe(202)
  await vi.waitFor(async () => expect(await ask("GET", `/audit/verifications/${String(started.body["id"])}`)).toMatchObject({ body: { state: "done", result: { problems: [], badStamps: [] } } }), patience)
})

test("many deliveries are counted and steered at once, by filter or by number", async () => {
  const [one, two] = [await acceptMessage(world.console, { remote: ["ai@cham.example"] }), await acceptMessage(world.console, { remote: ["ai@cham.example"] })]
  expect(await ask("GET", "/queue/count?destination=cham.example")).toMatchObject({ body: { counts: { waiting: 2 } } })
  const act = (body: object) => ask("POST", "/queue/actions", { body })
  expect((await act({ action: "hold", filter: { destination: "cham.example" } })).status).toBe(400)
  expect((await act({ action: "hold", why: "x" })).status).toBe(400)
  expect(await act({ action: "hold", filter: { destination: "cham.example" }, why: "bảo trì" })).toMatchObject({ status: 200, body: { outcomes: { done: 2 } } })
  const ids = (await ask("GET", "/queue?destination=cham.example")).body["deliveries"] as readonly { readonly id: number; readonly envelopeId: number }[]
  expect(ids.map(({ envelopeId }) => envelopeId)).toEqual([one.envelopeId, two.envelopeId])
  expect(await act({ action: "release", ids: [ids[0]?.id, 999_999] })).toMatchObject({ body: { outcomes: { done: 1, notFound: 1 } } })
})
