import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { createConnectionGate } from "../../src/base/connection-gate.ts"
import { createSubmissionRates } from "../../src/smtp/rate-limits.ts"
import { type RedisServer, redisUnavailable, startRedisServer } from "../support/redis-server.ts"

describe("the connection gate", () => {
  test("counts in all and for each address, and forgets who left", () => {
    const gate = createConnectionGate({ maxConnections: 3, maxConnectionsPerAddress: 2, proxies: [] })
    expect([gate.enter("a"), gate.enter("a"), gate.enter("a")]).toEqual(["ok", "ok", "tooManyFromAddress"])
    expect([gate.enter("b"), gate.enter("c")]).toEqual(["ok", "full"])
    gate.leave("a")
    expect([gate.enter("c"), gate.enter("a")]).toEqual(["ok", "full"])
    gate.leave("b")
    expect(gate.enter("a")).toBe("ok")
  })

  test("a proxy may bring more than one address's share, but not more than all", () => {
    const gate = createConnectionGate({ maxConnections: 3, maxConnectionsPerAddress: 1, proxies: ["::ffff:192.0.2.1"] })
    expect([1, 2, 3, 4].map(() => gate.enter("192.0.2.1"))).toEqual(["ok", "ok", "ok", "full"])
  })
})

const take = async (rates: ReturnType<typeof createSubmissionRates>, account: number, times: number): Promise<boolean[]> => {
  const taken: boolean[] = []
  for (let turn = 0; turn < times; turn++) taken.push(await rates.take(account))
  return taken
}

describe("messages per hour", () => {
  test("are counted for each account, and a refusal is remembered until the hour is over", async () => {
    let now = 1_000_000
    const rates = createSubmissionRates({ messagesPerHour: 2, clock: { now: () => now } })
    expect(await take(rates, 1, 3)).toEqual([true, true, false])
    expect(await take(rates, 2, 1)).toEqual([true])
    expect([rates.isExhausted(1), rates.isExhausted(2)]).toEqual([true, false])
    now += 3_600_001
    expect(rates.isExhausted(1)).toBe(false)
  })

  test("0 is no limit", async () => {
    const rates = createSubmissionRates({ messagesPerHour: 0, clock: { now: () => 0 } })
    expect(await take(rates, 1, 5)).toEqual([true, true, true, true, true])
    expect(rates.isExhausted(1)).toBe(false)
  })
})

describe.skipIf(redisUnavailable())("messages per hour with Redis", () => {
  let server: RedisServer
  const clients: Redis[] = []
  const rates = () => {
    const redis = new Redis(server.url, { maxRetriesPerRequest: 1, retryStrategy: () => 50 })
    redis.on("error", () => undefined)
    clients.push(redis)
    return { redis, rates: createSubmissionRates({ messagesPerHour: 2, redis, clock: { now: () => 0 } }) }
  }

  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(async () => {
    for (const client of clients) client.disconnect()
    await server.stop()
  })

  test("processes count together, and each for itself while Redis is away", async () => {
    const one = rates()
    const other = rates()
    await Promise.all([one.redis.ping(), other.redis.ping()])
    const account = process.pid
    expect([await one.rates.take(account), await other.rates.take(account), await one.rates.take(account), await other.rates.take(account)]).toEqual([true, true, false, false])
    if (process.env["REDIS_URL"]) return
    await server.kill()
    await vi.waitFor(() => expect(one.redis.status).not.toBe("ready"))
    expect(await take(one.rates, 7, 3)).toEqual([true, true, false])
    await server.start()
    await vi.waitFor(() => expect(one.redis.status).toBe("ready"))
    expect(await take(one.rates, 8, 3)).toEqual([true, true, false])
  })
})
