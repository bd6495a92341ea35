import { Queue } from "bullmq"
import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, test } from "vitest"
import { redisPrefix } from "../../../src/delivery/queues.ts"
import { browserUnavailable, type ConsoleBrowser, openConsoleBrowser } from "../../support/console-browser.ts"
import { type RedisServer, redisUnavailable, startRedisServer } from "../../support/redis-server.ts"
import { failedJobCase } from "./board-cases.ts"

/** The board where the queues' engine is Redis: a whole system of its own beside a private redis-server. */
const skipped = redisUnavailable() ?? browserUnavailable()

if (skipped !== undefined) test.skip(`the board on Redis: ${skipped}`)
else
  describe("the board on Redis", () => {
    let redis: RedisServer
    let opened: ConsoleBrowser
    let client: Redis
    beforeAll(async () => {
      redis = await startRedisServer()
      client = new Redis(redis.url, { maxRetriesPerRequest: null })
      opened = await openConsoleBrowser({ REDIS_URL: redis.url })
    })
    afterAll(async () => {
      await opened.close()
      client.disconnect()
      await redis.stop()
    })

    failedJobCase(() => opened, "Redis", () => new Queue("deliver", { connection: client, prefix: redisPrefix, skipVersionCheck: true }).on("error", () => undefined))
  })
