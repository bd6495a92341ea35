import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { AttemptParts } from "../../src/delivery/attempt.ts"
import { createDestinationRates } from "../../src/delivery/destination-rates.ts"
import { createProcessSendSlots } from "../../src/delivery/process-send-slots.ts"
import { createRemoteDeliveries, type RemoteDeliveries, type RemoteDeliveryParts } from "../../src/delivery/remote-delivery.ts"
import { retrySchedule } from "../../src/delivery/retry-schedule.ts"
import { opportunisticTls } from "../../src/delivery/tls-policy.ts"
import { createDeliveryLog } from "../../src/telemetry/mail-log.ts"
import { fakeDns, type ForeignServer, smtpError, startForeignServer } from "../support/foreign-mail.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { acceptance, createTestStore, testLog, type TestStore, unwrap } from "../support/store.ts"
import { testTls } from "../support/test-tls.ts"

const tls = await testTls("a.xa.example")
const zone = { mx: { "xa.example": [["a.xa.example", 10]], "xb.example": [["a.xa.example", 10]], "gan.example": [["b.gan.example", 10]] } as const, a: { "a.xa.example": ["127.0.0.2"], "b.gan.example": ["127.0.0.3"] } }

describe("remote deliveries, at a destination's pace", () => {
  let store: TestStore
  let remote: RemoteDeliveries
  let port: number
  let offset: number
  const servers: ForeignServer[] = []
  const clock = { now: () => Date.now() + offset }
  beforeAll(async () => void (store = await createTestStore()))
  afterAll(() => store.close())
  beforeEach(async () => {
    offset = 0
    port = await freeLoopbackPort()
    await store.database.query({ text: "TRUNCATE attempt, delivery, envelope CASCADE" })
    remote = newRemote({ concurrency: 20 })
  })
  const newRemote = (pace: Pick<RemoteDeliveryParts, "concurrency" | "slowMs">, more: Partial<AttemptParts> = {}): RemoteDeliveries =>
    createRemoteDeliveries({
      deliveries: store.deliveries,
      attempts: { routing: { resolver: fakeDns(zone), hostname: "mail.tinh.example", isOwnAddress: () => false, random: () => 0 }, tlsPolicyFor: opportunisticTls, contents: store.contents, smarthost: "", connectTimeoutMs: 2_000, commandTimeoutMs: 30_000, port, ...more },
      schedule: retrySchedule(["1h", "2h"]), ...pace, clock, random: () => 0, log: createDeliveryLog(testLog),
    })
  afterEach(async () => {
    await remote.close()
    await Promise.all(servers.splice(0).map((server) => server.close()))
  })

  const foreign = async (options: Partial<Parameters<typeof startForeignServer>[0]> = {}): Promise<ForeignServer> => {
    const server = await startForeignServer({ address: "127.0.0.2", port, key: tls.key, cert: tls.cert, ...options })
    servers.push(server)
    return server
  }
  let counter = 0
  const submit = async (recipient: string): Promise<number> => {
    const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
    const content = await store.prepare(`Message-ID: <nhip-${++counter}@tinh.example>\r\n\r\nx\r\n`)
    const { deliveryIds } = unwrap(await store.acceptances.commit(acceptance({ content, accountIds: [], remote: [recipient], directoryVersion: current?.version ?? 0 })))
    return deliveryIds[0] ?? 0
  }
  const submitMany = async (count: number, domain: string): Promise<readonly number[]> => {
    const ids: number[] = []
    for (let n = 0; n < count; n++) ids.push(await submit(`nguoi${n}@${domain}`))
    return ids
  }
  const rows = () => store.database.query<{ state: string; attempts: number; bounce_class: string | null; status: string; diagnostic: string; wait: number }>({
    text: "SELECT state, attempts, bounce_class, status, diagnostic, (extract(epoch FROM next_attempt_at) * 1000 - $1::float8)::float8 AS wait FROM delivery ORDER BY id",
  }, [clock.now()])
  const makeDue = () => store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 second' WHERE state = 'deferred'" })

  test("many messages go over few connections, and no more at once than the destination bears", async () => {
    let open = 0
    let most = 0
    const server = await foreign({
      onMailFrom: (_a, _s, callback) => {
        most = Math.max(most, ++open)
        callback(null)
      },
      answerData: () => {
        open--
        return "2.0.0 taken"
      },
    })
    await remote.relay(await submitMany(60, "xa.example"))
    expect(server.received).toHaveLength(60)
    expect(server.connections()).toBeLessThanOrEqual(10)
    expect(most).toBeLessThanOrEqual(10)
  })

  test("a server that takes its time with every reply does not keep the mail of others, though it has all places there are", async () => {
    await foreign({ onMailFrom: () => undefined })
    const near = await foreign({ address: "127.0.0.3" })
    const narrow = newRemote({ concurrency: 2, slowMs: 100 })
    const slow = narrow.relay(await submitMany(2, "xa.example"))
    await expect.poll(() => servers[0]?.connections()).toBe(2)
    await narrow.relay([await submit("ban@gan.example")])
    expect(near.received).toHaveLength(1)
    expect((await rows()).map(({ attempts }) => attempts)).toEqual([0, 0, 1])
    await narrow.close()
    await slow
  })

  test("a greylist is come back to after what it says, and not on the long schedule", async () => {
    await foreign({ onRcptTo: ({ address }, _s, callback) => callback(smtpError(451, address.startsWith("nguoi") ? "4.7.1 Greylisted for 60 seconds" : "4.3.0 later")) })
    await remote.relay([await submit("nguoi@xa.example"), await submit("khac@xa.example")])
    const [grey, other] = await rows()
    expect(grey).toMatchObject({ state: "deferred", attempts: 1, bounce_class: "greylisted" })
    expect(grey?.wait).toBeLessThanOrEqual(60_000)
    expect(other).toMatchObject({ bounce_class: "temporary" })
    expect(other?.wait).toBeGreaterThan(50 * 60_000)
  })

  test("a destination that is away is left alone: the others are postponed without an attempt, other destinations have theirs", async () => {
    const near = await foreign({ address: "127.0.0.3" })
    const away = await submitMany(12, "xa.example")
    await remote.relay([...away, await submit("ban@gan.example")])
    expect(near.received).toHaveLength(1)
    const first = (await rows()).slice(0, 12)
    expect(first.filter(({ attempts }) => attempts === 1).length).toBeLessThanOrEqual(2)
    const postponed = first.filter(({ attempts }) => attempts === 0)
    expect(postponed.length).toBeGreaterThanOrEqual(10)
    for (const { state, diagnostic, wait } of postponed) {
      expect([state, diagnostic]).toEqual(["deferred", expect.stringMatching(/^left alone for a while, because it did not take mail: .*ECONNREFUSED/)])
      expect(wait).toBeLessThanOrEqual(30_000)
    }
    // another domain of the same hosts is left alone, too
    await remote.relay([await submit("bo@xb.example")])
    expect((await rows()).at(-1)).toMatchObject({ attempts: 0, state: "deferred" })
    // back again: one is sent ahead, the others follow
    const server = await foreign()
    offset = 31_000
    await makeDue()
    await remote.relay(away)
    expect((await rows()).slice(0, 12).map(({ state }) => state)).toEqual(Array.from({ length: 12 }, () => "relayed"))
    expect(server.received).toHaveLength(12)
  })

  test("a server that asks for less gets less", async () => {
    const server = await foreign({ onMailFrom: (_a, _s, callback) => callback(smtpError(421, "4.7.0 too many messages, slow down")) })
    const ids = await submitMany(10, "xa.example")
    await remote.relay(ids)
    expect(server.connections()).toBeLessThanOrEqual(4)
    expect((await rows()).filter(({ attempts }) => attempts === 0).length).toBeGreaterThanOrEqual(8)
    expect((await rows()).some(({ bounce_class }) => bounce_class === "throttled")).toBe(true)
  })

  test("what is left alone until its expiry has failed by then", async () => {
    const ids = await submitMany(3, "xa.example")
    await remote.relay(ids)
    await store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 second', expires_at = now() - interval '1 second'" })
    await remote.relay(ids)
    expect((await rows()).map(({ state }) => state)).toEqual(["failed", "failed", "failed"])
  })

  test("what is beyond a destination's rate waits without an attempt, each until a time of its own; then it goes", async () => {
    await remote.close()
    const server = await foreign()
    const near = await foreign({ address: "127.0.0.3" })
    remote = newRemote({ concurrency: 20 }, { rates: createDestinationRates({ rates: [{ destinations: ["a.xa.example"], perMinute: 2 }], otherwise: 0, slots: createProcessSendSlots(clock), clock, random: () => 0 }) })
    // another domain of the same hosts counts for the same minute
    const ids = [...(await submitMany(4, "xa.example")), await submit("bo@xb.example")]
    await remote.relay([...ids, ...(await submitMany(10, "gan.example"))])
    expect(server.received).toHaveLength(1)
    expect(near.received).toHaveLength(10)
    const waiting = (await rows()).filter(({ state }) => state === "deferred").toSorted((one, other) => one.wait - other.wait)
    expect(waiting.map(({ attempts, bounce_class, status, diagnostic }) => [attempts, bounce_class, status, diagnostic])).toEqual(Array.from({ length: 4 }, () => [0, null, "4.4.5", "waits its turn: at most 2 messages a minute go to this destination"]))
    expect(waiting.map(({ wait }) => Math.round(wait - (waiting[0]?.wait ?? 0)))).toEqual([0, 30_000, 60_000, 90_000])
    offset = 30_000
    await makeDue()
    await remote.relay(ids)
    expect(server.received).toHaveLength(2)
  })

  test("a destination that hangs does not keep the job of the others", async () => {
    const hanging: (() => void)[] = []
    await foreign({ onMailFrom: (_a, _s, callback) => void hanging.push(() => callback(null)) })
    const near = await foreign({ address: "127.0.0.3" })
    await remote.begin(await submitMany(5, "xa.example"))
    await remote.begin([await submit("ban@gan.example")])
    expect(near.received).toHaveLength(1)
    expect((await rows()).filter(({ state }) => state === "waiting")).toHaveLength(5)
  })
})
