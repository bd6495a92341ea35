import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { attempt, type AttemptParts } from "../../src/delivery/attempt.ts"
import type { AttemptGroup } from "../../src/delivery/attempt-report.ts"
import { createSessionPool, type SessionPool, sessionKey } from "../../src/delivery/session-pool.ts"
import { opportunisticTls, type TlsPolicy } from "../../src/delivery/tls-policy.ts"
import type { RemoteDelivery } from "../../src/store/delivery-store.ts"
import { fakeDns, type ForeignServer, smtpError, startForeignServer } from "../support/foreign-mail.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { testTls } from "../support/test-tls.ts"

const tls = await testTls("a.xa.example")
let port = 0
let sessions: SessionPool
const servers: ForeignServer[] = []
const foreign = async (options: Partial<Parameters<typeof startForeignServer>[0]> = {}): Promise<ForeignServer> => {
  const server = await startForeignServer({ address: "127.0.0.2", port, key: tls.key, cert: tls.cert, ...options })
  servers.push(server)
  return server
}
beforeEach(async () => {
  port = await freeLoopbackPort()
  sessions = createSessionPool()
})
afterEach(async () => {
  sessions.close()
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

const text = "Subject: x\r\nFrom: an@tinh.example\r\n\r\nbody\r\n"
const never = new AbortController().signal
const delivery = (recipient: string, more: Partial<RemoteDelivery> = {}): RemoteDelivery => ({
  id: 1, envelopeId: 1, reversePath: "an@tinh.example", recipient, originalRecipient: recipient, notify: [], ret: null, envid: null, requireTls: false, smtpUtf8: false,
  content: Buffer.alloc(32), size: text.length, tracePrefix: "", attempts: 0, acceptedAt: 0, expiresAt: 1e12, ...more,
} as RemoteDelivery)
const send = async (recipients: readonly [string, ...string[]], over: Partial<AttemptParts> = {}, more: Partial<RemoteDelivery> = {}): Promise<readonly string[]> => {
  const [first, ...rest] = recipients
  const group: AttemptGroup = { domain: first.split("@")[1] ?? "", deliveries: [delivery(first, more), ...rest.map((one) => delivery(one, more))] }
  const zone = { mx: { "xa.example": [["a.xa.example", 10]], "xb.example": [["a.xa.example", 10]] } as const, a: { "a.xa.example": ["127.0.0.2"] } }
  const { outcomes } = await attempt(group, {
    routing: { resolver: fakeDns(zone), hostname: "mail.tinh.example", isOwnAddress: () => false, random: () => 0 }, tlsPolicyFor: opportunisticTls,
    contents: { read: async function* () { yield Buffer.from(text) } }, smarthost: "", connectTimeoutMs: 2_000, commandTimeoutMs: 5_000, port, sessions, ...over,
  }, never)
  return outcomes.map(({ kind, status }) => `${kind} ${status}`)
}

describe("a session is used again", () => {
  test("for the next message to the same host, of another domain too, byte for byte", async () => {
    const server = await foreign({ hideDSN: false })
    expect(await send(["bo@xa.example"], {}, { notify: ["success"] })).toEqual(["relayed 2.0.0"])
    expect(await send(["ca@xb.example"])).toEqual(["relayed 2.0.0"])
    expect(server.connections()).toBe(1)
    expect(server.received.map(({ to, content, secure }) => [to[0]?.address, content.toString(), secure])).toEqual([["bo@xa.example", text, true], ["ca@xb.example", text, true]])
    // parameters of one message are not another's
    expect(server.received.map(({ to }) => to[0]?.args)).toEqual([{ NOTIFY: "SUCCESS", ORCPT: "rfc822;bo@xa.example" }, { ORCPT: "rfc822;ca@xb.example" }])
  })

  test("after a refusal, once the peer has forgotten it", async () => {
    const server = await foreign({ onRcptTo: ({ address }, _s, callback) => callback(address.startsWith("la") ? smtpError(550, "5.1.1 unknown") : null) })
    expect(await send(["la@xa.example"])).toEqual(["failed 5.1.1"])
    // RSET is under way
    await expect.poll(async () => { await send(["bo@xa.example"]); return server.received.length > server.connections() }).toBe(true)
    expect(server.received.every(({ to }) => to.length === 1)).toBe(true)
  })

  test("not under another TLS decision", async () => {
    const server = await foreign()
    await send(["bo@xa.example"])
    const encrypted = async (): Promise<TlsPolicy> => ({ kind: "encrypted", reason: "a partner" })
    await send(["bo@xa.example"], { tlsPolicyFor: encrypted })
    expect(server.connections()).toBe(2)
    await send(["bo@xa.example"], { tlsPolicyFor: encrypted })
    expect(server.connections()).toBe(2)
  })

  test("and when the peer has hung up or has had enough of it, a new one is opened for the same message", async () => {
    let messages = 0
    const server = await foreign({ onMailFrom: (_a, _s, callback) => callback(++messages === 2 ? smtpError(421, "4.7.0 too many messages on this connection") : null) })
    expect(await send(["bo@xa.example"])).toEqual(["relayed 2.0.0"])
    expect(await send(["bo@xa.example"])).toEqual(["relayed 2.0.0"])
    expect([server.connections(), server.received.length]).toEqual([2, 2])
    await server.close()
    const again = await foreign()
    expect(await send(["bo@xa.example"])).toEqual(["relayed 2.0.0"])
    expect(again.received).toHaveLength(1)
  })

  test("but a message that may have arrived is not sent twice", async () => {
    let drop = false
    const server = await foreign({ onData: undefined as never, answerData: () => (drop ? smtpError(451, "4.3.0 later") : "2.0.0 taken") })
    await send(["bo@xa.example"])
    drop = true
    expect(await send(["bo@xa.example"])).toEqual(["deferred 4.3.0"])
    expect(server.connections()).toBe(1)
  })
})

test("what two messages may share a session by: host, port and decision, not when or for whom it is counted", () => {
  const host = { name: "a.xa.example", address: "192.0.2.1", tlsaBases: [], certain: false }
  const dane = (at: number, data: number): TlsPolicy => ({ kind: "verified", reason: "DANE of a.xa.example asks for it", serverName: "a.xa.example", check: { kind: "dane", at, names: ["a.xa.example"], records: [{ usage: 3, selector: 1, matchingType: 1, data: Buffer.from([data]) }] } as never })
  const key = (policy: TlsPolicy, port = 25) => sessionKey({ host, port, policy })
  expect(key(dane(1, 7))).toBe(key(dane(2, 7)))
  expect(key(dane(1, 7))).not.toBe(key(dane(1, 8)))
  expect(key(dane(1, 7))).not.toBe(key(dane(1, 7), 2525))
  expect(key({ kind: "opportunistic", reason: "nobody asks for TLS" })).not.toBe(key({ kind: "encrypted", reason: "nobody asks for TLS" }))
})
