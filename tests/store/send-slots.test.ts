import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { createProcessSendSlots } from "../../src/delivery/process-send-slots.ts"
import { createRedisSendSlots } from "../../src/store/redis/redis-send-slots.ts"
import { sendSlotsContract } from "../contracts/send-slots.ts"
import { type RedisServer, redisUnavailable, startRedisServer } from "../support/redis-server.ts"

describe("send slots of one process", () => sendSlotsContract(async () => createProcessSendSlots(systemClock)))

describe.skipIf(redisUnavailable() !== undefined)("send slots on Redis", () => {
  let server: RedisServer
  const connections: Redis[] = []
  beforeAll(async () => void (server = await startRedisServer()))
  afterAll(async () => {
    for (const connection of connections) connection.disconnect()
    await server.stop()
  })
  /** As the worker opens it. */
  const open = async () => {
    const redis = new Redis(server.url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 1_000, lazyConnect: true })
    redis.on("error", () => undefined)
    connections.push(redis)
    await redis.connect()
    return createRedisSendSlots({ redis, alone: createProcessSendSlots(systemClock) })
  }
  sendSlotsContract(async () => {
    const slots = await open()
    await connections.at(-1)?.flushall()
    return slots
  })

  test("are shared by processes, and each counts alone while Redis is away", async () => {
    const [one, two] = [await open(), await open()]
    expect(await one.take("shared", 60_000)).toBe(0)
    expect(await two.take("shared", 60_000)).toBeGreaterThan(0)
    await server.kill()
    expect(await two.take("shared", 60_000)).toBe(0)
    expect(await two.take("shared", 60_000)).toBeGreaterThan(0)
    await server.start()
  })
})
