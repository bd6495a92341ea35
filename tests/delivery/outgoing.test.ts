import { authenticate } from "mailauth"
import { dkimVerify } from "mailauth/lib/dkim/verify.js"
import { createSecretKey } from "node:crypto"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { authorDomain, createOutgoing, type Outgoing } from "../../src/delivery/outgoing/outgoing.ts"
import { createSigningKeys } from "../../src/delivery/outgoing/signing-keys.ts"
import { createRemoteDeliveries, type RemoteDeliveries } from "../../src/delivery/remote-delivery.ts"
import { retrySchedule } from "../../src/delivery/retry-schedule.ts"
import { opportunisticTls } from "../../src/delivery/tls-policy.ts"
import { createIntake } from "../../src/intake/accept.ts"
import type { AcceptReply, AcceptRequest, Intake } from "../../src/intake/intake.ts"
import { rawFields } from "../../src/mail/header.ts"
import { createSrs } from "../../src/mail/srs.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createDkimKeyStore } from "../../src/store/sql/dkim-keys.ts"
import { createDeliveryLog, createIntakeLog } from "../../src/telemetry/mail-log.ts"
import { activeKeys, textResolver } from "../support/dkim-keys.ts"
import { fakeDns, type ForeignMessage, type ForeignServer, startForeignServer } from "../support/foreign-mail.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { createProvince } from "../support/province.ts"
import { pythonDkimUnavailable, pythonVerdicts } from "../support/python-dkim.ts"
import { createTestStore, testLog, type TestStore } from "../support/store.ts"

const hostname = "mail.tinh.example"
const clock = { now: () => Date.now() }
const srs = createSrs({ key: createSecretKey(Buffer.alloc(32, 1)), domain: hostname })
let store: TestStore
let directory: SqlDirectorySource
let intake: Intake
let outgoing: Outgoing
let remote: RemoteDeliveries
let server: ForeignServer
let records: Readonly<Record<string, string>>
let seen = 0

beforeAll(async () => {
  store = await createTestStore()
  await createProvince(store.database)
  await store.database.query({ text: "INSERT INTO mail_group (address, display_name) VALUES ('ban@tinh.example', 'Ban'); INSERT INTO mail_group_member VALUES ('ban@tinh.example', 'khach@xa.example'), ('ban@tinh.example', 'an@tinh.example')" })
  directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
  intake = createIntake({
    directory, acceptances: store.acceptances, wake: () => undefined, rates: { take: async () => true, isExhausted: () => false }, clock, srs, mailLog: createIntakeLog(testLog), config: { hostname, expiryMs: 86_400_000 },
  })
  const keys = createDkimKeyStore({ database: store.database, sealer: createSealer(Buffer.alloc(32, 7)) })
  records = await activeKeys(keys, "tinh.example")
  outgoing = createOutgoing({ contents: store.contents, keys: createSigningKeys({ store: keys, clock }), srs, isLocalDomain: (domain) => directory.current().isLocalDomain(domain), hostname, clock })
  const port = await freeLoopbackPort()
  server = await startForeignServer({ address: "127.0.0.2", port })
  const zone = { mx: { "xa.example": [["a.xa.example", 10]], "khac.example": [["a.xa.example", 10]], "ngoai.example": [["a.xa.example", 10]] } as const, a: { "a.xa.example": ["127.0.0.2"] } }
  remote = createRemoteDeliveries({
    deliveries: store.deliveries, outgoing,
    attempts: { routing: { resolver: fakeDns(zone), hostname, isOwnAddress: () => false, random: () => 0 }, tlsPolicyFor: opportunisticTls, contents: store.contents, smarthost: "", connectTimeoutMs: 2_000, commandTimeoutMs: 5_000, port },
    schedule: retrySchedule(["5m"]), concurrency: 3, clock, random: () => 0, log: createDeliveryLog(testLog),
  })
})
afterEach(() => (seen = server.received.length))
afterAll(async () => {
  await remote.close()
  await server.close()
  directory.close()
  await store.close()
})

const accept = async (message: string, to: readonly string[], { source = "submission", from = "an@tinh.example" }: { readonly source?: AcceptRequest["source"]; readonly from?: string } = {}): Promise<AcceptReply> =>
  intake.accept({
    source,
    envelope: { reversePath: from, recipients: to.map((forwardPath) => ({ forwardPath })), requireTls: false, smtpUtf8: false },
    content: await store.prepare(message),
    session: { sessionId: "s", clientAddress: "192.0.2.1", helo: "h.example", tls: null, accountId: null, principalId: null },
  })
/** Accepted and relayed; what arrived. */
const sent = async (...args: Parameters<typeof accept>): Promise<readonly ForeignMessage[]> => {
  const reply = await accept(...args)
  if (reply.kind === "refused") throw new Error(reply.text)
  await remote.relay(reply.committed.deliveryIds)
  return server.received.slice(seen)
}
const verified = async (message: Buffer): Promise<readonly string[]> => (await dkimVerify(message, { resolver: textResolver(records) })).results.map(({ status, signingDomain }) => `${signingDomain} ${status.result}`)

const letter = (more = ""): string => `From: =?utf-8?q?An?= <an@tinh.example>\r\nTo: khach@xa.example\r\nSubject: chào\r\nMessage-ID: <${Math.random()}@tinh.example>\r\n${more}\r\nthân  thư \r\n\r\n`
const fromOutside = "From: nguoi@ngoai.example\r\nTo: ban@tinh.example\r\nSubject: hỏi\r\nMessage-ID: <hoi@ngoai.example>\r\nDate: Thu, 26 Nov 2026 09:00:00 +0700\r\n\r\nthân\r\n"

test("a letter to two servers is signed with both keys, once, and its bytes are untouched", async () => {
  const message = letter()
  const [one, two] = await sent(message, ["khach@xa.example", "khach@khac.example"])
  if (!one || !two) throw new Error("two copies were sent")
  expect(await verified(one.content)).toEqual(["tinh.example pass", "tinh.example pass"])
  expect(one.content.subarray(-Buffer.byteLength(message)).equals(Buffer.from(message))).toBe(true)
  expect(two.content.equals(one.content)).toBe(true)
  expect(one.content.toString()).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256;[^]*\r\nDKIM-Signature: v=1; a=ed25519-sha256;[^]*\r\nReceived: /)
})

test.skipIf(pythonDkimUnavailable())("dkimpy verifies what arrived at the other server, signed and sealed", async () => {
  const [own] = await sent(letter(), ["khach@xa.example"])
  const [, passedOn] = await sent(fromOutside, ["ban@tinh.example"], { source: "mx", from: "nguoi@ngoai.example" })
  if (!own || !passedOn) throw new Error("not sent")
  expect(await pythonVerdicts([own.content, passedOn.content], records)).toEqual([{ dkim: [true, true], arc: "none" }, { dkim: [], arc: "pass" }])
})

test("a subdomain's mail is signed for the domain above it that has keys; a stranger's is not signed", async () => {
  const message = (domain: string): string => letter().replace("an@tinh.example", `an@${domain}`)
  const [below] = await sent(message("so.tinh.example"), ["khach@xa.example"], { source: "notification" })
  expect(await verified(below?.content ?? Buffer.alloc(0))).toEqual(["tinh.example pass", "tinh.example pass"])
  const [, foreign] = await sent(message("khong-phai.example"), ["khach@xa.example"], { source: "notification" })
  expect(foreign?.content.toString()).toMatch(/^Received: /)
})

test.each([
  { from: ["An <an@Tinh.example>"], domain: "tinh.example" },
  { from: ["an@tinh.example, binh@tinh.example"], domain: "tinh.example" },
  { from: ["an@tinh.example, ke@gian.example"], domain: undefined },
  { from: ["an@tinh.example", "ke@gian.example"], domain: undefined },
  { from: ['"ke@gian.example" <an@tinh.example>'], domain: "tinh.example" },
  { from: ["Nhóm:;"], domain: undefined },
  { from: [], domain: undefined },
])("the author's domain of From: $from", ({ from, domain }) => {
  expect(authorDomain(rawFields(Buffer.from(from.map((value) => `From: ${value}\r\n`).join(""))))).toBe(domain)
})

test("mail from outside to a member outside leaves in our name, sealed; its own signature is not ours to make", async () => {
  const [copy] = await sent(fromOutside, ["ban@tinh.example"], { source: "mx", from: "nguoi@ngoai.example" })
  expect(copy?.from).toMatch(/^SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=ngoai\.example=nguoi@mail\.tinh\.example$/)
  const content = copy?.content ?? Buffer.alloc(0)
  expect(content.toString()).toMatch(/^ARC-Seal: i=1; a=rsa-sha256;[^]*ARC-Authentication-Results: i=1; mail\.tinh\.example; none\r\nReceived: /)
  expect(content.toString()).not.toContain("DKIM-Signature")
  const { arc } = await authenticate(content, { ip: "127.0.0.1", helo: hostname, sender: copy?.from ?? "", mta: "a.xa.example", resolver: textResolver(records) })
  expect(arc !== false && arc.status.result).toBe("pass")
})

test("what intake found out goes into the seal, an address in UTF-8 with it", async () => {
  const results = "Authentication-Results: mail.tinh.example;\r\n\tspf=pass smtp.mailfrom=thư@ngoai.example; arc=none (no arc=pass here)\r\n"
  const content = await store.prepare(fromOutside)
  const reply = await accept(fromOutside, ["ban@tinh.example"], { source: "mx", from: "nguoi@ngoai.example" })
  if (reply.kind === "refused") throw new Error(reply.text)
  const delivery = {
    id: 1, envelopeId: -1, source: "mx" as const, reversePath: "nguoi@ngoai.example", recipient: "khach@xa.example", originalRecipient: "ban@tinh.example", notify: [], ret: null, envid: null, requireTls: false, smtpUtf8: true,
    content: content.ref, size: content.size, tracePrefix: `Return-Path: <nguoi@ngoai.example>\r\n${results}Received: from x\r\n`, attempts: 0, acceptedAt: 0, expiresAt: 0,
  }
  const { tracePrefix } = await outgoing(delivery)
  expect(tracePrefix).toContain("ARC-Authentication-Results: i=1; mail.tinh.example;\r\n\tspf=pass smtp.mailfrom=thư@ngoai.example; arc=none (no arc=pass here)\r\n")
  expect(tracePrefix).not.toContain("Return-Path")
  const { arc } = await authenticate(Buffer.concat([Buffer.from(tracePrefix), Buffer.from(fromOutside)]), { ip: "127.0.0.1", helo: hostname, sender: "", mta: "a.xa.example", resolver: textResolver(records) })
  expect(arc !== false && arc.status.result).toBe("pass")
})

test("a bounce comes back to whoever wrote, and to nobody when its address is not genuine or its sender not null", async () => {
  const [copy] = await sent(fromOutside, ["ban@tinh.example"], { source: "mx", from: "nguoi@ngoai.example" })
  seen = server.received.length
  const bounce = "From: postmaster@a.xa.example\r\nTo: x\r\nSubject: failure\r\n\r\nno\r\n"
  const [back] = await sent(bounce, [copy?.from ?? ""], { source: "mx", from: "" })
  expect(back).toMatchObject({ from: "", to: [{ address: "nguoi@ngoai.example" }] })
  const refused = { kind: "refused", code: 550 }
  expect(await accept(bounce, [(copy?.from ?? "").replace("=nguoi@", "=ke@")], { source: "mx", from: "" })).toMatchObject(refused)
  expect(await accept(bounce, [copy?.from ?? ""], { source: "mx", from: "ke@gian.example" })).toMatchObject(refused)
})

test("a database that is away keeps mail here, and a rotation is heard of", async () => {
  let answers: "fails" | "empty" | "keys" = "fails"
  let now = 0
  const stored = createDkimKeyStore({ database: store.database, sealer: createSealer(Buffer.alloc(32, 7)) })
  const keys = createSigningKeys({
    clock: { now: () => now },
    store: { active: async () => (answers === "fails" ? Promise.reject(new Error("away")) : answers === "empty" ? [] : stored.active()) },
  })
  await expect(keys.of("tinh.example")).rejects.toThrow("away")
  answers = "keys"
  expect(await keys.of("so.tinh.example")).toHaveLength(2)
  now = 20_000
  answers = "fails"
  expect(await keys.of("tinh.example")).toHaveLength(2)
  now = 40_000
  answers = "empty"
  expect(await keys.of("tinh.example")).toEqual([])
})

test("a large letter is signed as it is read from the disk", async () => {
  const [copy] = await sent(letter() + `${"một dòng dài  hơn \r\n".repeat(150_000)}`, ["khach@xa.example"])
  expect(copy?.content.length).toBeGreaterThan(3_000_000)
  expect(await verified(copy?.content ?? Buffer.alloc(0))).toEqual(["tinh.example pass", "tinh.example pass"])
})
