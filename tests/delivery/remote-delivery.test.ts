import { simpleParser } from "mailparser"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { createDsnSender } from "../../src/delivery/dsn-sender.ts"
import { createLocalDelivery } from "../../src/delivery/local-delivery.ts"
import { createRemoteDeliveries, type RemoteDeliveries } from "../../src/delivery/remote-delivery.ts"
import { retrySchedule } from "../../src/delivery/retry-schedule.ts"
import { storyLines } from "../../src/delivery/story.ts"
import { opportunisticTls, type TlsPolicyFor } from "../../src/delivery/tls-policy.ts"
import { createIntake } from "../../src/intake/accept.ts"
import type { Intake } from "../../src/intake/intake.ts"
import type { NotifyCondition } from "../../src/mail/envelope.ts"
import type { Committed } from "../../src/store/acceptance-store.ts"
import type { DeliveryStore } from "../../src/store/delivery-store.ts"
import { createStoryStore } from "../../src/store/sql/story.ts"
import { createPauseStore } from "../../src/store/sql/pauses.ts"
import { createDirectorySource } from "../../src/store/sql/directory.ts"
import { createDeliveryLog, createIntakeLog } from "../../src/telemetry/mail-log.ts"
import { fakeDns, type ForeignServer, smtpError, startForeignServer } from "../support/foreign-mail.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, readAll, testLog, type TestStore, unwrap } from "../support/store.ts"
import { testTls } from "../support/test-tls.ts"

const tls = await testTls("a.xa.example")
const zone = { mx: { "xa.example": [["a.xa.example", 10]], "khac.example": [["b.khac.example", 10]] } as const, a: { "a.xa.example": ["127.0.0.2"], "b.khac.example": ["127.0.0.3"] } }

describe("remote deliveries", () => {
  let store: TestStore
  let intake: Intake
  let remote: RemoteDeliveries
  let port: number
  let offset: number
  const servers: ForeignServer[] = []
  // the store has its own clock, so ours may only run ahead of it
  const clock = { now: () => Date.now() + offset }

  beforeEach(async () => {
    offset = 0
    port = await freeLoopbackPort()
    store = await createTestStore()
    await createProvince(store.database)
    const directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
    intake = createIntake({
      directory, acceptances: store.acceptances, wake: () => undefined, rates: { take: async () => true, isExhausted: () => false }, clock, mailLog: createIntakeLog(testLog),
      config: { hostname: "mail.tinh.example", expiryMs: 5 * 86_400_000 },
    })
    remote = newRemote(store.deliveries)
  })
  const newRemote = (deliveries: DeliveryStore, tlsPolicyFor: TlsPolicyFor = opportunisticTls): RemoteDeliveries =>
    createRemoteDeliveries({
      deliveries,
      attempts: { routing: { resolver: fakeDns(zone), hostname: "mail.tinh.example", isOwnAddress: () => false, random: () => 0 }, tlsPolicyFor, contents: store.contents, smarthost: "", connectTimeoutMs: 2_000, commandTimeoutMs: 5_000, port },
      schedule: retrySchedule(["5m", "1h"]), concurrency: 3, clock, random: () => 0, log: createDeliveryLog(testLog),
    })
  afterEach(async () => {
    await remote.close()
    await Promise.all(servers.splice(0).map((server) => server.close()))
    await store.close()
  })

  const foreign = async (options: Partial<Parameters<typeof startForeignServer>[0]> = {}): Promise<ForeignServer> => {
    const server = await startForeignServer({ address: "127.0.0.2", port, key: tls.key, cert: tls.cert, ...options })
    servers.push(server)
    return server
  }
  const content = "Message-ID: <goc@tinh.example>\r\nSubject: =?UTF-8?Q?th=C6=B0?=\r\nFrom: an@tinh.example\r\n\r\nthân thư\r\n"
  const submit = async (recipients: readonly string[], more: { readonly notify?: readonly NotifyCondition[]; readonly ret?: "full" | "headers"; readonly reversePath?: string; readonly requireTls?: boolean } = {}): Promise<Committed> => {
    const reply = await intake.accept({
      source: "notification",
      envelope: { reversePath: more.reversePath ?? "an@tinh.example", recipients: recipients.map((forwardPath) => ({ forwardPath, ...(more.notify ? { notify: more.notify } : {}) })), requireTls: more.requireTls ?? false, smtpUtf8: false, ...(more.ret ? { ret: more.ret } : {}) },
      content: await store.prepare(content),
      session: { sessionId: "s", clientAddress: "127.0.0.1", helo: "h", tls: null, accountId: null, principalId: null },
    })
    if (reply.kind === "refused") throw new Error(reply.text)
    return reply.committed
  }
  const rows = () => store.database.query<{ recipient: string; state: string; status: string; attempts: number; owed: string[]; made: string[] }>({ text: "SELECT recipient, state, status, attempts, dsn_owed AS owed, dsn_made AS made FROM delivery WHERE account_id IS NULL ORDER BY id" })
  const makeDue = () => store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 second' WHERE state = 'deferred'" })
  const dsnSender = () => createDsnSender({ deliveries: store.deliveries, contents: store.contents, intake, hostname: "mail.tinh.example", clock, log: createDeliveryLog(testLog) })
  /** The DSNs that arrived in an@'s mailbox. */
  const dsns = async () => {
    const waiting = await store.database.query<{ id: number }>({ text: "SELECT id FROM delivery WHERE account_id IS NOT NULL AND state = 'waiting'" })
    await createLocalDelivery({ deliveries: store.deliveries, delivered: () => undefined }).deliver(waiting.map(({ id }) => id), clock.now())
    const stored = await store.database.query<{ content: Buffer; reverse_path: string; notify: string[] }>({ text: "SELECT e.content, e.reverse_path, d.notify FROM envelope e JOIN delivery d ON d.envelope_id = e.id WHERE e.source = 'dsn' ORDER BY e.id" })
    return Promise.all(stored.map(async (row) => ({ ...row, bytes: await readAll(store.contents.read(row.content)) })))
  }

  test("one envelope is one transaction for each destination, and every outcome is saved", async () => {
    const [xa, khac] = [await foreign({ onRcptTo: ({ address }, _s, callback) => callback(address.startsWith("la") ? smtpError(550, "5.1.1 unknown") : null) }), await foreign({ address: "127.0.0.3" })]
    const { deliveryIds } = await submit(["bo@xa.example", "la@xa.example", "co@khac.example", "cu@xa.example"])
    await remote.relay(deliveryIds)
    expect(await rows()).toMatchObject([
      { recipient: "bo@xa.example", state: "relayed", attempts: 1, owed: [] },
      { recipient: "la@xa.example", state: "failed", status: "5.1.1", owed: ["failure"] },
      { recipient: "co@khac.example", state: "relayed" },
      { recipient: "cu@xa.example", state: "relayed" },
    ])
    expect([xa.received.length, khac.received.length]).toEqual([1, 1])
    expect(xa.received[0]?.content.toString()).toMatch(/^Received: [^]*\r\nMessage-ID: <goc@tinh.example>/)
  })

  test("a job that runs twice, at once or later, sends once", async () => {
    const server = await foreign()
    const { deliveryIds } = await submit(["bo@xa.example"])
    await Promise.all([remote.relay(deliveryIds), remote.relay(deliveryIds)])
    await remote.relay(deliveryIds)
    expect(server.received).toHaveLength(1)
  })

  test("a storm of 4xx is retried by schedule and then gives up", async () => {
    let refusing = true
    const server = await foreign({ onMailFrom: (_a, _s, callback) => callback(refusing ? smtpError(451, "4.7.1 later") : null) })
    const { deliveryIds } = await submit(Array.from({ length: 5 }, (_, n) => `nguoi${n}@xa.example`))
    const { deliveryIds: others } = await submit(["cuoi@xa.example"])
    await remote.relay([...deliveryIds, ...others])
    expect(new Set((await rows()).map(({ state, status, attempts }) => `${state} ${status} ${attempts}`))).toEqual(new Set(["deferred 4.7.1 1"]))
    // not due yet: nothing happens
    const connections = server.connections()
    await remote.relay(deliveryIds)
    expect(server.connections()).toBe(connections)
    refusing = false
    await makeDue()
    await remote.relay(deliveryIds)
    expect((await rows()).map(({ state }) => state)).toEqual([...Array.from({ length: 5 }, () => "relayed"), "deferred"])
    // the last one expires
    refusing = true
    offset = 6 * 86_400_000
    await remote.relay(others)
    expect((await rows()).at(-1)).toMatchObject({ state: "failed", status: "5.4.7", owed: ["failure"] })
  })

  test("a failure is told to the sender once, with the header of what failed", async () => {
    await foreign({ onRcptTo: (_a, _s, callback) => callback(smtpError(550, "5.1.1 unknown")) })
    const { deliveryIds } = await submit(["la@xa.example", "lam@xa.example"])
    await remote.relay(deliveryIds)
    const sender = dsnSender()
    expect(await Promise.all([sender.send(), sender.send()])).toEqual([1, 1])
    expect(await sender.send()).toBe(0)
    const told = await dsns()
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ reverse_path: "", notify: ["never"] })
    const parsed = await simpleParser(told[0]?.bytes ?? Buffer.alloc(0))
    expect(parsed.to).toMatchObject({ text: "an@tinh.example" })
    expect(parsed.inReplyTo).toBe("<goc@tinh.example>")
    expect(told[0]?.bytes.toString()).not.toContain("thân thư")
    expect((await rows()).map(({ owed, made }) => [owed, made])).toEqual([[[], ["failure"]], [[], ["failure"]]])
  })

  test("two processes tell it once", async () => {
    await foreign({ onRcptTo: (_a, _s, callback) => callback(smtpError(550, "5.1.1 unknown")) })
    await remote.relay((await submit(["la@xa.example"])).deliveryIds)
    await Promise.all([dsnSender().send(), dsnSender().send()])
    expect(await dsns()).toHaveLength(1)
  })

  test("while its only host is paused a delivery is laid aside without an attempt, and goes out when the pause ends", async () => {
    const server = await foreign()
    const pauses = createPauseStore(store)
    const pause = await pauses.pause({ kind: "host", pattern: "a.xa.example", until: null }, { by: "QT1", why: "thử" })
    const { deliveryIds } = await submit(["bo@xa.example"])
    await remote.relay(deliveryIds)
    expect([server.connections(), await rows()]).toMatchObject([0, [{ state: "waiting", attempts: 0 }]])
    expect(await pauses.resume(pause.id, { by: "QT1", why: "" })).toEqual({ ok: true, value: 1 })
    await remote.relay(deliveryIds)
    expect(await rows()).toMatchObject([{ state: "relayed", attempts: 1 }])
  })

  test("RET=FULL brings the message back byte for byte", async () => {
    await foreign({ onRcptTo: (_a, _s, callback) => callback(smtpError(550, "5.1.1 unknown")) })
    await remote.relay((await submit(["la@xa.example"], { ret: "full" })).deliveryIds)
    await dsnSender().send()
    expect((await dsns())[0]?.bytes.includes(Buffer.from(content))).toBe(true)
  })

  test.each<{ readonly name: string; readonly options: Parameters<typeof submit>[1]; readonly reply: string }>([
    { name: "nobody is told of a DSN", options: { reversePath: "" }, reply: "550" },
    { name: "NOTIFY=NEVER is kept", options: { notify: ["never"] }, reply: "550" },
    { name: "success is not told unasked", options: {}, reply: "250" },
    { name: "failure is not told when only success was asked for", options: { notify: ["success"] }, reply: "550" },
  ])("$name", async ({ options, reply }) => {
    await foreign({ onRcptTo: (_a, _s, callback) => callback(reply === "550" ? smtpError(550, "5.1.1 unknown") : null) })
    await remote.relay((await submit(["bo@xa.example"], options)).deliveryIds)
    expect(await dsnSender().send()).toBe(0)
  })

  test("success passed on to a peer without DSN is told as relayed; a peer with DSN tells it itself", async () => {
    await foreign()
    await foreign({ address: "127.0.0.3", hideDSN: false })
    await remote.relay((await submit(["bo@xa.example", "co@khac.example"], { notify: ["success"] })).deliveryIds)
    expect(await dsnSender().send()).toBe(1)
    const text = (await dsns())[0]?.bytes.toString() ?? ""
    expect(text).toContain("Action: relayed")
    expect(text).toContain("bo@xa.example")
    expect(text).not.toContain("co@khac.example")
  })

  test("success here is told when it was asked for", async () => {
    await submit(["binh@tinh.example"], { notify: ["success"] })
    await dsns()
    expect(await dsnSender().send()).toBe(1)
    expect((await dsns())[0]?.bytes.toString()).toContain("Action: delivered")
  })

  test("a delay is told once", async () => {
    const { deliveryIds } = await submit(["bo@xa.example"])
    offset = 5 * 3_600_000
    await remote.relay(deliveryIds)
    const sender = dsnSender()
    expect(await sender.send()).toBe(1)
    await makeDue()
    await remote.relay(deliveryIds)
    expect(await sender.send()).toBe(0)
    expect((await dsns())[0]?.bytes.toString()).toContain("Action: delayed")
  })

  test("a sender that does not exist is not tried for ever", async () => {
    await foreign({ onRcptTo: (_a, _s, callback) => callback(smtpError(550, "5.1.1 unknown")) })
    await remote.relay((await submit(["la@xa.example"], { reversePath: "khong-co@tinh.example" })).deliveryIds)
    expect(await dsnSender().send()).toBe(0)
    expect((await store.deliveries.owedDsns(10)).length).toBe(0)
  })

  test("TLS that is not what it must be keeps a message waiting; its attempts and in the end its sender are told what was wrong", async () => {
    const server = await foreign()
    const strict = newRemote(store.deliveries, async (_destination, { name }) => ({ kind: "verified", reason: "MTA-STS of xa.example says enforce", check: { kind: "pkix", names: [name] }, serverName: name }))
    const { deliveryIds } = await submit(["bo@xa.example"])
    await strict.relay(deliveryIds)
    expect(await rows()).toMatchObject([{ state: "deferred", status: "4.7.5", owed: [] }])
    await makeDue()
    offset = 6 * 86_400_000
    await strict.relay(deliveryIds)
    await strict.close()
    expect(await rows()).toMatchObject([{ state: "failed", status: "5.4.7", attempts: 2, owed: ["failure"] }])
    expect(server.received).toEqual([])
    await dsnSender().send()
    const text = (await dsns())[0]?.bytes.toString().replaceAll("\r\n ", " ") ?? ""
    expect(text).toMatch(/^Diagnostic-Code: x-local; a\.xa\.example has a certificate that no authority .*; MTA-STS of xa\.example says enforce\r$/m)
    const attempts = await store.database.query<{ tls_details: unknown }>({ text: "SELECT tls_details FROM attempt ORDER BY number" })
    const details = { policy: "verified", reason: "MTA-STS of xa.example says enforce", version: "TLSv1.3", verified: "no", subject: "CN=a.xa.example", fault: { type: "certificate-not-trusted" } }
    expect(attempts.map(({ tls_details }) => tls_details)).toMatchObject([details, details])
  })

  test("a DSN about a message with REQUIRETLS asks for it, too (RFC 8689 §5)", async () => {
    await foreign()
    await remote.relay((await submit(["bo@xa.example"], { requireTls: true })).deliveryIds)
    expect(await rows()).toMatchObject([{ state: "failed", status: "5.7.30" }])
    await dsnSender().send()
    expect(await store.database.query({ text: "SELECT require_tls FROM envelope WHERE source = 'dsn'" })).toEqual([{ require_tls: true }])
  })

  test("a stop breaks off what is under way and hands it back at once", async () => {
    let reached = (): void => undefined
    const underWay = new Promise<void>((resolve) => (reached = resolve))
    await foreign({ onRcptTo: () => reached() })
    const work = remote.relay((await submit(["bo@xa.example"])).deliveryIds)
    await underWay
    await remote.close()
    await work
    const [row] = await store.database.query<{ state: string; due: boolean }>({ text: "SELECT state, next_attempt_at <= now() AND claimed_until IS NULL AS due FROM delivery" })
    expect(row).toEqual({ state: "deferred", due: true })
  })

  test("an outcome waits for a database that is away", async () => {
    const server = await foreign()
    let failures = 1
    const deliveries = {
      ...store.deliveries,
      async recordAttempt(made: Parameters<typeof store.deliveries.recordAttempt>[0]) {
        if (failures-- > 0) throw new Error("the database is away")
        await store.deliveries.recordAttempt(made)
      },
    }
    const patient = newRemote(deliveries)
    await patient.relay((await submit(["bo@xa.example"])).deliveryIds)
    await patient.close()
    expect((await rows())[0]).toMatchObject({ state: "relayed", attempts: 1 })
    expect(server.received).toHaveLength(1)
  })

  test("the story of a message, step by step", async () => {
    await foreign()
    const { envelopeId, deliveryIds } = await submit(["binh@tinh.example", "bo@xa.example"])
    const stories = createStoryStore(store)
    expect((await stories.byEnvelope(envelopeId))?.deliveries).toMatchObject([{ state: "waiting", queuedAt: null, seenAt: null }, { state: "waiting" }])
    await store.deliveries.deliverLocal(deliveryIds, clock.now())
    await remote.relay(deliveryIds)
    const mailbox = unwrap(await store.mail.findMailbox((await store.database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = 'binh@tinh.example'" }))[0]?.id ?? 0, "INBOX"))
    const opened = unwrap(await store.mail.openMailbox(mailbox.id))
    await opened.setFlags([1], { mode: "add", flags: ["\\Flagged"] })
    expect((await stories.byEnvelope(envelopeId))?.deliveries[0]?.seenAt).toBeNull()
    await opened.setFlags([1], { mode: "add", flags: ["\\Seen"] })
    opened.release()
    const [story] = await stories.byMessageId("goc@tinh.example", 10)
    if (!story) throw new Error("no story")
    const [here, there] = story.deliveries
    const times = [story.acceptedAt, story.committedAt, here?.queuedAt, here?.settledAt, here?.seenAt]
    expect(times.every((time) => typeof time === "number")).toBe(true)
    expect(here).toMatchObject({ recipient: "binh@tinh.example", local: true, state: "delivered" })
    expect(there).toMatchObject({ recipient: "bo@xa.example", local: false, state: "relayed", seenAt: null, remoteMta: "a.xa.example [127.0.0.2]" })
    const text = storyLines(story).join("\n")
    for (const word of ["accepted", "committed", "queued", "delivered", "seen", "relayed"]) expect(text).toMatch(new RegExp(`^ *${word} +\\d{4}-\\d\\d-\\d\\d \\d\\d:`, "m"))
    expect(await stories.byEnvelope(999_999)).toBeUndefined()
  })
})
