import { test, vi } from "vitest"
import { queueContract } from "../contracts/queue.ts"
import { createTestDatabase } from "../support/database.ts"
import { redisUnavailable, startRedisServer } from "../support/redis-server.ts"

queueContract("PostgreSQL", async (store) => {
  // a database of its own, so that it can go away while the store stays
  const database = await createTestDatabase(2)
  const [current] = await database.query<{ name: string }>({ text: "SELECT current_database() AS name" })
  const name = current?.name ?? ""
  return {
    backend: { kind: "postgres", url: database.url },
    async lose() {
      await vi.waitFor(() => database.query({ text: "TRUNCATE bullmq.job CASCADE" }), { timeout: 10_000, interval: 50 })
      await store.database.query({ text: `ALTER DATABASE ${name} ALLOW_CONNECTIONS false` })
      await database.query({ text: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()" })
    },
    restore: async () => void (await store.database.query({ text: `ALTER DATABASE ${name} ALLOW_CONNECTIONS true` })),
    close: () => database.drop(),
  }
})

const skipped = redisUnavailable()
if (skipped === undefined) {
  queueContract("Redis", async () => {
    const server = await startRedisServer()
    return { backend: { kind: "redis", url: server.url }, lose: server.kill, restore: server.start, close: server.stop }
  })
} else test.skip(`queue on Redis: ${skipped}`)
