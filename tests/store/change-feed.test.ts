import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createRedisChangeFeed } from "../../src/store/redis/redis-feed.ts"
import { type Change, type Topic, topics } from "../../src/store/change.ts"
import type { ChangeFeed } from "../../src/store/change-feed.ts"
import { createPostgresChangeFeed, payloadsOf } from "../../src/store/sql/postgres-feed.ts"
import { changeFeedContract } from "../contracts/change-feed.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { type RedisServer, redisUnavailable, startRedisServer } from "../support/redis-server.ts"
import { testLog } from "../support/store.ts"

const advanced = (modSeq: number): Change => ({ kind: "advanced", accountId: 1, mailboxId: 2, modSeq })

describe("over LISTEN/NOTIFY", () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())
  const open = async (hears: readonly Topic[] = topics) => {
    const feed = createPostgresChangeFeed({ database, url: database.url, log: testLog, hears })
    await feed.ready
    return feed
  }
  changeFeedContract(open)

  test("a listener whose connection was cut hears again without being asked to", async () => {
    const [one, two] = await Promise.all([open(), open()])
    const told = toldOfMissed(two)
    await database.query({ text: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'congthu feed' AND datname = current_database()" })
    await told
    await hearsAgain(one, two)
    await Promise.all([one.close(), two.close()])
  })

  test("payloads stay below PostgreSQL's limit and lose nothing", () => {
    const changes = Array.from({ length: 1000 }, (_, n) => advanced(n))
    const payloads = payloadsOf(changes)
    expect(Math.max(...payloads.map((payload) => payload.length))).toBeLessThan(8000)
    expect(payloads.flatMap((payload) => JSON.parse(payload) as Change[])).toEqual(changes)
  })
})

describe.skipIf(redisUnavailable())("over Redis", () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(() => redis.stop())
  const open = async (hears: readonly Topic[] = topics) => {
    const feed = createRedisChangeFeed({ url: redis.url, log: testLog, hears })
    await feed.ready
    return feed
  }
  changeFeedContract(open)

  test("publishing while Redis is away neither waits nor throws, and goes on when it is back", async () => {
    const [one, two] = await Promise.all([open(), open()])
    const told = toldOfMissed(two)
    await redis.kill()
    one.publish([advanced(1)])
    await redis.start()
    await told
    await hearsAgain(one, two)
    await Promise.all([one.close(), two.close()])
  })
})

/** Resolves when the feed says that something may have gone past unheard. */
const toldOfMissed = (feed: ChangeFeed): Promise<void> => new Promise((resolve) => feed.subscribe(() => undefined, resolve))

/** Publishes until the other side hears: what is lost in between is allowed to be. */
async function hearsAgain(one: Awaited<ReturnType<typeof createPostgresChangeFeed>>, two: Awaited<ReturnType<typeof createPostgresChangeFeed>>): Promise<void> {
  let modSeq = 1
  const timer = setInterval(() => one.publish([advanced(modSeq++)]), 20)
  try {
    expect(await new Promise((resolve) => two.subscribe(resolve))).toMatchObject([{ kind: "advanced" }])
  } finally {
    clearInterval(timer)
  }
}
