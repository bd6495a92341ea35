import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type App, createApp } from "../../src/app.ts"
import { systemClock } from "../../src/base/clock.ts"
import { loadConfig } from "../../src/config/load.ts"
import { type AdvisoryLock, advisoryLocks } from "../../src/store/sql/advisory-locks.ts"
import { createHealth } from "../../src/telemetry/health.ts"
import { createMetrics } from "../../src/telemetry/metrics.ts"
import { newTicketSecret } from "../../src/tls/ticket-keys.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { testLog } from "../support/store.ts"

/** Work of one process at a time holds a lock in a transaction while it asks the database itself. */
let database: TestDatabase
let dataDir: string
let app: App
beforeAll(async () => {
  database = await createTestDatabase()
  dataDir = await mkdtemp(join(tmpdir(), "congthu-exclusive-"))
  const loaded = loadConfig({ dataDir, env: { CONGTHU_DATABASE_POOL_SIZE: "2" } })
  if (!loaded.ok) throw new Error("the configuration is refused")
  app = await createApp({ config: loaded.value.config, sharePorts: false, databaseUrl: database.url, ticketSecret: newTicketSecret(0), onReload: () => undefined, clock: systemClock, log: testLog, health: createHealth("worker", systemClock), metrics: createMetrics("worker"), others: () => [] })
})
afterAll(async () => {
  await app.close()
  await database.drop()
  await rm(dataDir, { recursive: true })
})

const kinds = Object.keys(advisoryLocks).filter((name): name is AdvisoryLock => Object.hasOwn(advisoryLocks, name))

test("all kinds of it begin at once, as at a start, and each comes to its end, however few connections the pool has", async () => {
  const allBegun = Promise.withResolvers<void>()
  let begun = 0
  const done = await Promise.all(
    kinds.map((name) =>
      app.exclusive(name)(async () => {
        if (++begun === kinds.length) allBegun.resolve()
        await allBegun.promise
        await app.database.query({ text: "SELECT 1" })
      }),
    ),
  )
  expect(done).toEqual(kinds.map(() => true))
})

test("what another is at is left to it", async () => {
  const other = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const first = app.exclusive("figures")(() => (begun.resolve(), other.promise))
  await begun.promise
  expect(await app.exclusive("figures")(() => Promise.reject(new Error("done twice")))).toBe(false)
  other.resolve()
  expect(await first).toBe(true)
})
