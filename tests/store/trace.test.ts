import { afterAll, beforeAll, expect, test } from "vitest"
import { traceLines } from "../../src/delivery/trace-text.ts"
import { sealFacts } from "../../src/store/sealed-facts.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createHeldStore } from "../../src/store/sql/held.ts"
import { createPauseStore } from "../../src/store/sql/pauses.ts"
import { createQueueStore } from "../../src/store/sql/queue.ts"
import { createTraceStore } from "../../src/store/sql/trace.ts"
import type { Trace, TraceStore } from "../../src/store/trace-store.ts"
import { messageFacts, signed } from "../policy/facts.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

const sealer = createSealer(Buffer.alloc(32, 7))
let store: TestStore
let traces: TraceStore
let account: number
beforeAll(async () => {
  store = await createTestStore()
  traces = createTraceStore({ database: store.database, sealer })
  account = await store.account("binh@tinh.example")
  await store.database.query({ text: "INSERT INTO principal (id, kind, name, unit_code) VALUES ('CN1', 'individual', 'Nguyễn Văn An', 'vp')" })
})
afterAll(() => store.close())

const version = async (): Promise<number> => (await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" }))[0]?.version ?? 0
const sender = async (): Promise<number> => (await store.database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = 'an@tinh.example'" }))[0]?.id ?? (await store.account("an@tinh.example"))

let counter = 0
async function accept(more: { readonly held?: boolean; readonly facts?: Uint8Array; readonly reversePath?: string; readonly remote?: readonly string[]; readonly local?: readonly number[]; readonly dsnFor?: { readonly deliveryIds: readonly number[]; readonly kind: "failure" }; readonly ageMs?: number } = {}) {
  const accountId = await sender()
  const content = await store.prepare(`Message-ID: <vet-${++counter}@tinh.example>\r\n\r\n${counter}\r\n`)
  const base = acceptance({ content, accountIds: more.local ?? [account], remote: more.remote ?? ["bo@xa.example"], directoryVersion: await version(), reversePath: more.reversePath ?? "an@tinh.example" })
  const acceptedAt = Date.now() - (more.ageMs ?? 0)
  return unwrap(await store.acceptances.commit({
    ...base, acceptedAt, source: "submission",
    session: { sessionId: "phien1", clientAddress: "192.0.2.9", helo: "may.tinh.example", tls: "TLSv1.3 TLS_AES_256_GCM_SHA384", accountId, principalId: "CN1" },
    deliveries: base.deliveries.map((delivery) => (delivery.accountId === null ? delivery : { ...delivery, recipient: "binh@tinh.example", originalRecipient: "bi-danh@tinh.example" })),
    decision: { policyVersion: 3, ruleId: "all", verdict: more.held ? "quarantine" : "accept", messageId: `vet-${counter}@tinh.example`, reversePath: "an@tinh.example", at: acceptedAt, facts: more.facts ?? sealFacts(sealer, messageFacts({ signature: signed("valid") })) },
    ...(more.held && { held: { kind: "quarantine" as const, ruleId: "nghi-ngo", reasonVi: "Nghi ngờ", reasonEn: "Doubtful", notify: [] } }),
    ...(more.dsnFor && { dsnFor: more.dsnFor }),
  }))
}
const found = async (envelopeId: number): Promise<Trace> => {
  const trace = await traces.byEnvelope(envelopeId)
  if (!trace) throw new Error("no trace")
  return trace
}
const tlsDetails = { policy: "verified", reason: "DANE", version: "TLSv1.3", cipher: "X", verified: "dane-ee", subject: "mx.xa.example", fingerprint: "ab", fault: null } as const
const attempt = async (deliveryId: number, outcome: Parameters<TestStore["deliveries"]["recordAttempt"]>[0]["outcome"]): Promise<void> => {
  await store.deliveries.claimRemote([deliveryId], 1_000)
  await store.deliveries.recordAttempt({ deliveryId, startedAt: Date.now() - 40, endedAt: Date.now(), remoteMta: "mx.xa.example [192.0.2.1]", tls: "TLSv1.3 X", outcome, tlsDetails, ...(outcome.kind !== "relayed" && { bounceClass: outcome.kind === "failed" ? "mailboxUnknown" : "greylisted" }) })
}

test("a message that was held, released, greylisted, held by hand and failed is told from the connection to the mailbox and the DSN", async () => {
  const { envelopeId, deliveryIds: [local = 0, remote = 0] } = await accept({ held: true })
  unwrap(await createHeldStore(store).release(envelopeId, { by: "QT1", note: "đã gọi điện" }))
  await store.deliveries.deliverLocal([local], Date.now())
  await attempt(remote, { kind: "deferred", status: "4.7.1", diagnostic: "451 4.7.1 greylisted", nextAttemptAt: Date.now() })
  const queue = createQueueStore(store)
  await queue.act("hold", [remote], { by: "QT2", why: "chờ" })
  await queue.act("release", [remote], { by: "QT2", why: "" })
  await attempt(remote, { kind: "failed", status: "5.1.1", diagnostic: "550 5.1.1 unknown \x1b[31m" })
  const dsn = await accept({ reversePath: "", remote: [], dsnFor: { deliveryIds: [remote], kind: "failure" } })
  const trace = await found(envelopeId)
  expect(trace).toMatchObject({
    connection: { clientAddress: "192.0.2.9", helo: "may.tinh.example", account: "an@tinh.example", principal: { id: "CN1", name: "Nguyễn Văn An" } },
    decision: { ruleId: "all", verdict: "quarantine", facts: { signature: { status: "valid" } } },
    held: { kind: "quarantine", decision: "released", decidedBy: "QT1", note: "đã gọi điện" },
    deliveries: [
      { recipient: "binh@tinh.example", originalRecipient: "bi-danh@tinh.example", state: "delivered", places: [{ mailbox: "INBOX", uid: 1 }], tries: [], dsns: [] },
      { recipient: "bo@xa.example", state: "failed", tries: [{ number: 1, outcome: "deferred", tlsDetails }, { number: 2, outcome: "failed" }], steps: [{ kind: "delivery.held", by: "QT2" }, { kind: "delivery.released" }], dsns: [{ kind: "failure", envelopeId: dsn.envelopeId }], places: [] },
    ],
  })
  expect((await found(dsn.envelopeId)).dsnOf).toMatchObject([{ kind: "failure", envelopeId }])
  const text = traceLines(trace).map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +\+\d+ ms/, "TIME").replace(/, \d+ ms/, ", MS").trimEnd())
  expect(text.slice(2)).toEqual([
    "connected  from 192.0.2.9 as may.tinh.example, TLSv1.3 TLS_AES_256_GCM_SHA384, signed in as an@tinh.example (CN1 Nguyễn Văn An), session phien1",
    "signature  valid",
    "           signed by Nguyễn Văn An (CN1), certificate 1a2b3c, CN=Nguyễn Văn An,O=Sở Nội vụ",
    "policy     quarantine by the rule all, version 3",
    "accepted   TIME",
    "committed  TIME",
    "held       TIME  for quarantine by the rule nghi-ngo: Nghi ngờ / Doubtful",
    "released   TIME  by QT1: đã gọi điện",
    "to bi-danh@tinh.example → binh@tinh.example: delivered",
    "  queued     TIME",
    "  delivered  TIME  2.0.0",
    "  lies       in INBOX (uid 1)",
    "to bo@xa.example: failed",
    "  queued     TIME",
    "  try 1      TIME  deferred 4.7.1 (greylisted) by mx.xa.example [192.0.2.1], TLSv1.3 X verified (dane-ee) as mx.xa.example; demanded: verified, DANE, MS: 451 4.7.1 greylisted",
    "  held       TIME  by QT2: chờ",
    "  released   TIME  by QT2",
    "  try 2      TIME  failed 5.1.1 (mailboxUnknown) by mx.xa.example [192.0.2.1], TLSv1.3 X verified (dane-ee) as mx.xa.example; demanded: verified, DANE, MS: 550 5.1.1 unknown [31m",
    `  told       TIME  the sender of the failure, by envelope ${dsn.envelopeId}`,
  ])
})

test("a try in the millisecond of its release stands behind it", async () => {
  const { envelopeId, deliveryIds: [, remote = 0] } = await accept()
  const queue = createQueueStore(store)
  await attempt(remote, { kind: "deferred", status: "4.7.1", diagnostic: "451 4.7.1 later", nextAttemptAt: Date.now() })
  await queue.act("hold", [remote], { by: "QT2", why: "" })
  await queue.act("release", [remote], { by: "QT2", why: "" })
  await attempt(remote, { kind: "failed", status: "5.1.1", diagnostic: "550 5.1.1 unknown" })
  const trace = await found(envelopeId)
  const at = Date.now()
  const atOnce = { ...trace, deliveries: trace.deliveries.map((one) => ({ ...one, queuedAt: at, tries: one.tries.map((made) => ({ ...made, endedAt: at + 2 * made.number })), steps: one.steps.map((step, index) => ({ ...step, at: at + 3 + index })) })) }
  const names = traceLines(atOnce).flatMap((line) => /^ {2}(queued|try \d|held|released)/.exec(line)?.[1] ?? [])
  expect(names.slice(names.lastIndexOf("queued"))).toEqual(["queued", "try 1", "held", "released", "try 2"])
})

test("what waits for a paused destination says so, and until when", async () => {
  const { envelopeId } = await accept({ remote: ["ai@dung.example"] })
  const pauses = createPauseStore(store)
  const { id } = await pauses.pause({ kind: "domain", pattern: "dung.example", until: Date.UTC(2099, 0, 1) }, { by: "QT1", why: "bảo trì" })
  const { pause } = (await found(envelopeId)).deliveries[1] ?? {}
  expect(pause).toEqual({ id, pattern: "dung.example", until: Date.UTC(2099, 0, 1), by: "QT1", why: "bảo trì" })
  expect(traceLines(await found(envelopeId))).toContain("  paused     dung.example until 2099-01-01 07:00:00.000, by QT1: bảo trì")
  unwrap(await pauses.resume(id, { by: "QT1", why: "" }))
  expect((await found(envelopeId)).deliveries[1]?.pause).toBeNull()
})

test("it is found where its reader put it, and said to be gone when he threw it away", async () => {
  const { envelopeId, deliveryIds: [local = 0] } = await accept({ remote: [] })
  await store.deliveries.deliverLocal([local], Date.now())
  const inbox = unwrap(await store.mail.openMailbox(unwrap(await store.mail.findMailbox(account, "INBOX")).id))
  await inbox.refresh()
  const [place] = (await found(envelopeId)).deliveries[0]?.places ?? []
  const trash = unwrap(await store.mail.findMailbox(account, "Trash"))
  unwrap(await inbox.move([place?.uid ?? 0], trash.id))
  expect((await found(envelopeId)).deliveries[0]?.places).toEqual([{ mailbox: "Trash", uid: 1 }])
  const opened = unwrap(await store.mail.openMailbox(trash.id))
  unwrap(await opened.setFlags([1], { mode: "add", flags: ["\\Deleted"] }))
  unwrap(await opened.expunge(null))
  const trace = await found(envelopeId)
  expect(trace.deliveries[0]?.places).toEqual([])
  expect(traceLines(trace).at(-1)).toBe("  lies       nowhere any more: it was removed from the mailbox")
})

test("facts that cannot be opened take nothing else away", async () => {
  const { envelopeId } = await accept({ facts: sealFacts(createSealer(Buffer.alloc(32, 9)), messageFacts()) })
  const trace = await found(envelopeId)
  expect(trace.decision).toEqual({ policyVersion: 3, ruleId: "all", verdict: "accept", facts: null })
  expect(traceLines(trace)).toContain("policy     accept by the rule all, version 3")
})

test("messages from and to an address, newest first, each once, not older than asked", async () => {
  const address = "nhieu@xa.example"
  const old = await accept({ remote: [address], ageMs: 10 * 86_400_000 })
  const waiting = await accept({ remote: ["truoc@xa.example", address] })
  const done = await accept({ remote: [address] })
  await attempt(done.deliveryIds[1] ?? 0, { kind: "relayed", status: "2.0.0", diagnostic: "250 ok" })
  const sent = await accept({ reversePath: address, remote: [address] })
  const list = await traces.byAddress([address], { since: 0, limit: 10 })
  expect(list.map(({ envelopeId, recipient, recipientCount, state }) => [envelopeId, recipient, recipientCount, state])).toEqual([
    [sent.envelopeId, address, 2, "waiting"], [done.envelopeId, address, 2, "relayed"], [waiting.envelopeId, address, 3, "waiting"], [old.envelopeId, address, 2, "waiting"],
  ])
  expect(await traces.byAddress([address], { since: Date.now() - 86_400_000, limit: 10 })).toHaveLength(3)
  expect(await traces.byAddress([address], { since: 0, limit: 1 })).toHaveLength(1)
  expect(await traces.byAddress(["khong-ai@xa.example"], { since: 0, limit: 10 })).toEqual([])
})

test("acceptances of one Message-ID and of the same bytes, newest first", async () => {
  const { envelopeId } = await accept()
  const { messageId, sha256 } = await found(envelopeId)
  expect((await traces.byMessageId(messageId, 5)).map((one) => one.envelopeId)).toEqual([envelopeId])
  expect((await traces.bySha256(sha256, 5)).map((one) => one.envelopeId)).toEqual([envelopeId])
  expect(await traces.byEnvelope(999_999_999)).toBeUndefined()
})
