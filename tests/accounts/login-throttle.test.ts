import { randomInt } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { clientNetwork, createLoginThrottle, type LoginThrottle } from "../../src/accounts/login-throttle.ts"
import { type RedisServer, redisUnavailable, startRedisServer } from "../support/redis-server.ts"

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::1", "0:0:0:0"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["2001:DB8:0:0:1:2:3:4", "2001:db8:0:0"],
  ["2001:db8:1:2::", "2001:db8:1:2"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["", ""],
])("%s guesses from network %s", (address, network) => {
  expect(clientNetwork(address)).toBe(network)
})

describe.skipIf(redisUnavailable() !== undefined)("on Redis", () => {
  let redis: RedisServer
  const network = `192.0.2.${randomInt(250)}`
  const name = `an-${randomInt(2 ** 40)}@tinh.example`
  const throttles: LoginThrottle[] = []
  const throttle = (): LoginThrottle => {
    const made = createLoginThrottle({ maxFailures: 2, failureWindowMs: 60_000, redisUrl: redis.url })
    throttles.push(made)
    return made
  }
  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(async () => {
    for (const made of throttles) made.close()
    await redis.stop()
  })

  test("processes count together, and each goes on alone while Redis is away", async () => {
    const [one, two] = [throttle(), throttle()]
    await Promise.all([one.ready, two.ready])
    await one.failed(network, name)
    expect(await two.isBlocked(network, name)).toBe(false)
    await two.failed(network, name)
    expect([await one.isBlocked(network, name), await two.isBlocked(network, name)]).toEqual([true, true])
    await one.succeeded(network, name)
    expect(await two.isBlocked(network, name)).toBe(false)
    if (process.env["REDIS_URL"]) return
    await redis.kill()
    for (const _ of [1, 2]) await one.failed(network, name)
    expect([await one.isBlocked(network, name), await two.isBlocked(network, name)]).toEqual([true, false])
  })
})
