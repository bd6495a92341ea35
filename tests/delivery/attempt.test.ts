import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { attempt, type AttemptParts } from "../../src/delivery/attempt.ts"
import type { AttemptGroup } from "../../src/delivery/attempt-report.ts"
import { opportunisticTls } from "../../src/delivery/tls-policy.ts"
import type { RemoteDelivery } from "../../src/store/delivery-store.ts"
import { fakeDns, type ForeignServer, smtpError, startForeignServer, type Zone } from "../support/foreign-mail.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { testTls } from "../support/test-tls.ts"

const tls = await testTls("a.xa.example")
let port = 0
const servers: ForeignServer[] = []
const foreign = async (address: string, options: Partial<Parameters<typeof startForeignServer>[0]> = {}): Promise<ForeignServer> => {
  const server = await startForeignServer({ address, port, key: tls.key, cert: tls.cert, ...options })
  servers.push(server)
  return server
}
beforeEach(async () => void (port = await freeLoopbackPort()))
afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.close()))))

const oneHost: Zone = { mx: { "xa.example": [["a.xa.example", 10]] }, a: { "a.xa.example": ["127.0.0.2"] } }
const twoHosts: Zone = { mx: { "xa.example": [["a.xa.example", 10], ["b.xa.example", 20]] }, a: { "a.xa.example": ["127.0.0.2"], "b.xa.example": ["127.0.0.3"] } }
const contentText = "Subject: Th\r\nFrom: an@tinh.example\r\n\r\n.dot\r\nbody\r\n"

const parts = (zone: Zone, more: Partial<AttemptParts> & { readonly content?: Buffer } = {}): AttemptParts => ({
  routing: { resolver: fakeDns(zone), hostname: "mail.tinh.example", isOwnAddress: () => false, random: () => 0 },
  tlsPolicyFor: opportunisticTls,
  contents: { read: async function* () { yield more.content ?? Buffer.from(contentText) } },
  smarthost: "",
  connectTimeoutMs: 2_000,
  commandTimeoutMs: 5_000,
  port,
  ...more,
})

const delivery = (recipient: string, more: Partial<RemoteDelivery> = {}): RemoteDelivery => ({
  id: 1, envelopeId: 1, source: "submission", reversePath: "an@tinh.example", recipient, originalRecipient: recipient, notify: [], ret: null, envid: null, requireTls: false, smtpUtf8: false,
  content: Buffer.alloc(32), size: contentText.length, tracePrefix: "Return-Path: <an@tinh.example>\r\nReceived: by mail.tinh.example\r\n\tid 1\r\n", attempts: 0, acceptedAt: 0, expiresAt: 1e12, ...more,
})
const group = (first: RemoteDelivery, ...rest: RemoteDelivery[]): AttemptGroup => ({ domain: "xa.example", deliveries: [first, ...rest] })
const never = new AbortController().signal
const brief = ({ outcomes }: { readonly outcomes: readonly { readonly kind: string; readonly status: string }[] }) => outcomes.map(({ kind, status }) => `${kind} ${status}`)

describe("an attempt", () => {
  test("hands the bytes over as they are, trace lines first, without Return-Path", async () => {
    const server = await foreign("127.0.0.2")
    const report = await attempt(group(delivery("bo@xa.example")), parts(oneHost), never)
    expect(brief(report)).toEqual(["relayed 2.0.0"])
    expect(report.remoteMta).toBe("a.xa.example [127.0.0.2]")
    expect(server.received[0]?.content.toString()).toBe(`Received: by mail.tinh.example\r\n\tid 1\r\n${contentText}`)
    expect(server.received[0]?.from).toBe("an@tinh.example")
  })

  test("a paused host is passed over; when all are, nobody is asked and it is no attempt", async () => {
    const [first, second] = [await foreign("127.0.0.2"), await foreign("127.0.0.3")]
    const one = await attempt(group(delivery("bo@xa.example")), parts(twoHosts, { pausedHosts: [{ id: 7, pattern: "a.xa.example" }] }), never)
    expect([brief(one), one.remoteMta, one.pauseId]).toEqual([["relayed 2.0.0"], "b.xa.example [127.0.0.3]", undefined])
    const none = await attempt(group(delivery("bo@xa.example")), parts(twoHosts, { pausedHosts: [{ id: 8, pattern: "*.xa.example" }] }), never)
    expect([none.pauseId, brief(none)]).toEqual([8, ["deferred 4.3.2"]])
    expect([first.connections(), second.connections()]).toEqual([0, 1])
  })

  test("opportunistic TLS is used without asking whose it is", async () => {
    const server = await foreign("127.0.0.2")
    const report = await attempt(group(delivery("bo@xa.example")), parts(oneHost), never)
    expect(report.tls).toMatch(/^TLSv1\.[23] /)
    expect(server.received[0]?.secure).toBe(true)
  })

  test("a handshake that fails falls back to clear text, on a connection of its own", async () => {
    // the peer speaks only a version that is no longer spoken here
    const server = await foreign("127.0.0.2", { minVersion: "TLSv1.1", maxVersion: "TLSv1.1" })
    const report = await attempt(group(delivery("bo@xa.example")), parts(oneHost), never)
    expect(brief(report)).toEqual(["relayed 2.0.0"])
    expect(report.tls).toBeNull()
    expect(server.connections()).toBe(2)
  })

  test("each recipient gets the answer that is its own", async () => {
    await foreign("127.0.0.2", {
      onRcptTo({ address }, _session, callback) {
        if (address.startsWith("la")) callback(smtpError(550, "5.1.1 unknown"))
        else if (address.startsWith("cho")) callback(smtpError(450, "4.2.1 wait"))
        else callback()
      },
    })
    const report = await attempt(group(delivery("bo@xa.example"), delivery("la@xa.example"), delivery("cho@xa.example")), parts(oneHost), never)
    expect(brief(report)).toEqual(["relayed 2.0.0", "failed 5.1.1", "deferred 4.2.1"])
    expect(report.outcomes[1]?.diagnostic).toContain("550")
  })

  test("all recipients refused: each its own way", async () => {
    await foreign("127.0.0.2", { onRcptTo: ({ address }, _session, callback) => callback(address.startsWith("la") ? smtpError(550, "5.1.1 unknown") : smtpError(450, "4.2.1 wait")) })
    expect(brief(await attempt(group(delivery("la@xa.example"), delivery("cho@xa.example")), parts(oneHost), never))).toEqual(["failed 5.1.1", "deferred 4.2.1"])
  })

  test.each([
    ["a sender refused", { onMailFrom: (_a: unknown, _s: unknown, callback: (e: Error) => void) => callback(smtpError(553, "5.1.8 no")) }, "failed 5.1.8"],
    ["content refused", { answerData: () => smtpError(554, "5.7.1 spam") }, "failed 5.7.1"],
    ["content deferred", { answerData: () => smtpError(452, "4.3.1 full") }, "deferred 4.3.1"],
    ["the connection shut in the face", { onConnect: (_s: unknown, callback: (e: Error) => void) => callback(smtpError(421, "4.7.0 busy")) }, "deferred 4.4.2"],
  ])("%s", async (_name, options, outcome) => {
    await foreign("127.0.0.2", options)
    expect(brief(await attempt(group(delivery("bo@xa.example")), parts(oneHost), never))).toEqual([outcome])
  })

  test("a dead host is passed over for the next one", async () => {
    const server = await foreign("127.0.0.3")
    const report = await attempt(group(delivery("bo@xa.example")), parts(twoHosts), never)
    expect(brief(report)).toEqual(["relayed 2.0.0"])
    expect(report.remoteMta).toContain("b.xa.example")
    expect(server.received).toHaveLength(1)
  })

  test("a refusal is final: the next host is not asked", async () => {
    await foreign("127.0.0.2", { onRcptTo: (_a, _s, callback) => callback(smtpError(550, "5.1.1 unknown")) })
    const second = await foreign("127.0.0.3")
    expect(brief(await attempt(group(delivery("la@xa.example")), parts(twoHosts), never))).toEqual(["failed 5.1.1"])
    expect(second.connections()).toBe(0)
  })

  test("no host at all defers", async () => {
    const report = await attempt(group(delivery("bo@xa.example")), parts(twoHosts), never)
    expect(brief(report)).toEqual(["deferred 4.4.1"])
    expect(report.remoteMta).toBe("")
  })

  test("what routing decides needs no connection", async () => {
    expect(brief(await attempt(group(delivery("bo@xa.example")), parts({ mx: { "xa.example": [["", 0]] } }), never))).toEqual(["failed 5.1.10"])
  })

  test("a message over the announced size is not sent", async () => {
    const server = await foreign("127.0.0.2", { size: 60 })
    expect(brief(await attempt(group(delivery("bo@xa.example", { size: 61 })), parts(oneHost), never))).toEqual(["failed 5.3.4"])
    expect(server.received).toHaveLength(0)
  })

  test("DSN parameters go with each recipient to a peer that offers DSN", async () => {
    const server = await foreign("127.0.0.2", { hideDSN: false })
    const report = await attempt(group(delivery("bo@xa.example", { notify: ["success", "delay"], originalRecipient: "rfc822;cu@tinh.example", ret: "headers", envid: "QL 7" }), delivery("co@xa.example", { notify: ["never"] })), parts(oneHost), never)
    expect(report.dsnPassedOn).toBe(true)
    expect(server.received[0]?.mailArgs).toMatchObject({ RET: "HDRS", ENVID: "QL 7" })
    expect(server.received[0]?.to.map(({ args }) => args)).toMatchObject([{ NOTIFY: "SUCCESS,DELAY", ORCPT: "rfc822;cu@tinh.example" }, { NOTIFY: "NEVER", ORCPT: "rfc822;co@xa.example" }])
  })

  test("without DSN at the peer nothing of it is sent", async () => {
    const server = await foreign("127.0.0.2")
    const report = await attempt(group(delivery("bo@xa.example", { notify: ["success"], ret: "full", envid: "x" })), parts(oneHost), never)
    expect(report.dsnPassedOn).toBe(false)
    expect(Object.keys(server.received[0]?.mailArgs || {})).not.toContain("RET")
  })

  test("a UTF-8 address needs SMTPUTF8 at the peer", async () => {
    const server = await foreign("127.0.0.2", { hideSMTPUTF8: true })
    expect(brief(await attempt(group(delivery("hộp@xa.example", { smtpUtf8: true })), parts(oneHost), never))).toEqual(["failed 5.6.7"])
    expect(server.received).toHaveLength(0)
  })

  test("SMTPUTF8 is asked for once, for a header or for an address", async () => {
    const server = await foreign("127.0.0.2")
    await attempt(group(delivery("bo@xa.example", { smtpUtf8: true })), parts(oneHost), never)
    await attempt(group(delivery("hộp@xa.example", { smtpUtf8: true })), parts(oneHost), never)
    expect(server.received.map(({ mailArgs }) => mailArgs)).toMatchObject([{ SMTPUTF8: true }, { SMTPUTF8: true }])
  })

  test("SMTPUTF8 declared but not needed goes to a peer without it", async () => {
    await foreign("127.0.0.2", { hideSMTPUTF8: true })
    expect(brief(await attempt(group(delivery("bo@xa.example", { smtpUtf8: true })), parts(oneHost), never))).toEqual(["relayed 2.0.0"])
  })

  test("a UTF-8 header split between chunks is seen", async () => {
    await foreign("127.0.0.2", { hideSMTPUTF8: true })
    const chunks = ["Subject: a\r\nX: b\r", "\n\r\nthân\r\n", "Subject: a\r\nX: thư\r", "\n\r\nbody"].map((text) => Buffer.from(text))
    const split = (from: number) => parts(oneHost, { contents: { read: async function* () { yield* chunks.slice(from, from + 2) } } })
    expect(brief(await attempt(group(delivery("bo@xa.example", { smtpUtf8: true })), split(2), never))).toEqual(["failed 5.6.7"])
    expect(brief(await attempt(group(delivery("bo@xa.example", { smtpUtf8: true })), split(0), never))).toEqual(["relayed 2.0.0"])
  })

  test("eight-bit content is not sent to a peer that takes seven bits", async () => {
    await foreign("127.0.0.2", { hide8BITMIME: true })
    expect(brief(await attempt(group(delivery("bo@xa.example")), parts(oneHost, { content: Buffer.from("Subject: x\r\n\r\nthân\r\n") }), never))).toEqual(["failed 5.6.3"])
    expect(brief(await attempt(group(delivery("bo@xa.example")), parts(oneHost), never))).toEqual(["relayed 2.0.0"])
  })

  test("REQUIRETLS goes only over verified TLS to a peer that offers it", async () => {
    const server = await foreign("127.0.0.2", { hideREQUIRETLS: false })
    const required = group(delivery("bo@xa.example", { requireTls: true }))
    const report = await attempt(required, parts(oneHost, { authorities: [tls.ca] }), never)
    expect(brief(report)).toEqual(["relayed 2.0.0"])
    expect(server.received[0]?.mailArgs).toMatchObject({ REQUIRETLS: true })
    // nobody vouches for this certificate
    expect(brief(await attempt(required, parts(oneHost), never))).toEqual(["failed 5.7.30"])
    expect(server.received).toHaveLength(1)
  })

  test("REQUIRETLS: neither a peer without it, nor one without TLS, nor one with another's certificate", async () => {
    const required = group(delivery("bo@xa.example", { requireTls: true }))
    const withCa = (zone: Zone) => parts(zone, { authorities: [tls.ca] })
    const without = await foreign("127.0.0.2", { hideREQUIRETLS: true })
    expect(brief(await attempt(required, withCa(oneHost), never))).toEqual(["failed 5.7.30"])
    const clear = await foreign("127.0.0.3", { hideSTARTTLS: true, disabledCommands: ["STARTTLS"] })
    expect(brief(await attempt(required, withCa({ mx: { "xa.example": [["b.xa.example", 1]] }, a: { "b.xa.example": ["127.0.0.3"] } }), never))).toEqual(["failed 5.7.30"])
    const other = await foreign("127.0.0.4", { hideREQUIRETLS: false })
    expect(brief(await attempt(required, withCa({ mx: { "xa.example": [["c.xa.example", 1]] }, a: { "c.xa.example": ["127.0.0.4"] } }), never))).toEqual(["failed 5.7.30"])
    expect([without, clear, other].flatMap(({ received }) => received)).toEqual([])
  })

  test("REQUIRETLS waits for a host that cannot be reached, it may be the one that is fit", async () => {
    await foreign("127.0.0.2", { hideSTARTTLS: true, disabledCommands: ["STARTTLS"] })
    expect(brief(await attempt(group(delivery("bo@xa.example", { requireTls: true })), parts(twoHosts), never))).toEqual(["deferred 4.4.1"])
  })

  test("a smarthost gets everything", async () => {
    const server = await foreign("127.0.0.2")
    const report = await attempt(group(delivery("bo@khong-co.example")), parts({ a: { "ra.example": ["127.0.0.2"] } }, { smarthost: `ra.example:${port}` }), never)
    expect(brief(report)).toEqual(["relayed 2.0.0"])
    expect(server.received).toHaveLength(1)
  })

  test("content that cannot be read leaves nothing at the peer", async () => {
    const server = await foreign("127.0.0.2")
    const broken = parts(oneHost, { contents: { read: async function* () { yield Buffer.from("Subject: half\r\n\r\n"); throw new Error("blob is gone") } } })
    expect(brief(await attempt(group(delivery("bo@xa.example")), broken, never))).toEqual(["deferred 4.3.0"])
    expect(server.received).toHaveLength(0)
  })

  test("a stop breaks an attempt off", async () => {
    const stopping = new AbortController()
    await foreign("127.0.0.2", { onMailFrom: () => stopping.abort() })
    expect(brief(await attempt(group(delivery("bo@xa.example")), parts(oneHost), stopping.signal))).toEqual(["deferred 4.4.2"])
  })

  test("a peer that says nothing is given up", async () => {
    await foreign("127.0.0.2", { onRcptTo: () => undefined })
    expect(brief(await attempt(group(delivery("bo@xa.example")), parts(oneHost, { commandTimeoutMs: 200 }), never))).toEqual(["deferred 4.4.2"])
  })

  test("a large message streams", async () => {
    const server = await foreign("127.0.0.2")
    const line = Buffer.from(`${"x".repeat(998)}\r\n`.repeat(64))
    const large = parts(oneHost, { contents: { read: async function* () { for (let n = 0; n < 100; n++) yield line } } })
    expect(brief(await attempt(group(delivery("bo@xa.example", { size: line.length * 100 })), large, never))).toEqual(["relayed 2.0.0"])
    expect(server.received[0]?.content.length).toBe(line.length * 100 + "Received: by mail.tinh.example\r\n\tid 1\r\n".length)
  })
})
