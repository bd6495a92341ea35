import { pino } from "pino"
import { Writable } from "node:stream"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { createOutbox } from "../../src/delivery/outbox.ts"
import { type Database, openDatabase } from "../../src/store/sql/database.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let admin: Database
let name: string
beforeEach(async () => {
  database = await createTestDatabase(1)
  const [current] = await database.query<{ name: string }>({ text: "SELECT current_database() AS name" })
  name = current?.name ?? ""
  admin = openDatabase({ url: database.url.replace(`/${name}?`, "/postgres?"), poolSize: 1, applicationName: "tests" })
})
afterEach(async () => {
  await admin.close()
  await database.drop()
})

test("a PostgreSQL that was away when the outbox began takes the first jobs once it is there", async () => {
  await admin.query({ text: `ALTER DATABASE ${name} ALLOW_CONNECTIONS false` })
  const said: string[] = []
  const log = pino(new Writable({ write: (line: Buffer, _encoding, done) => (said.push(line.toString()), done()) }))
  const outbox = createOutbox({ backend: { kind: "postgres", url: database.url }, clock: systemClock, log })
  await vi.waitFor(() => expect(said.join("")).toContain("the queue engine is away"), { timeout: 10_000, interval: 10 })
  await admin.query({ text: `ALTER DATABASE ${name} ALLOW_CONNECTIONS true` })
  // the other queue's first attempt may have begun while it was away, and fail now
  await vi.waitFor(async () => expect(await outbox.enqueue({ local: [1], remote: [2] })).toBe(true), { timeout: 10_000, interval: 10 })
  await outbox.close()
})
