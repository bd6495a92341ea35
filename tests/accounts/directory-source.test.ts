import pino from "pino"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { Change } from "../../src/store/change.ts"
import type { ChangeFeed } from "../../src/store/change-feed.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let source: SqlDirectorySource
const listeners = new Set<(changes: readonly Change[]) => void>()
const feed: ChangeFeed = {
  publish: (changes) => listeners.forEach((listener) => listener(changes)),
  subscribe(listener) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  close: () => Promise.resolve(),
}
const queries: string[] = []

beforeEach(async () => {
  database = await createTestDatabase()
  const counted = { ...database, query: (...args: Parameters<typeof database.query>) => (queries.push(args[0].text), database.query(...args)) } as typeof database
  source = await createDirectorySource({ database: counted, feed, log: pino({ enabled: false }), tickMs: 0 })
})
afterEach(async () => {
  source.close()
  await database.drop()
})

const addUnit = (domain: string) =>
  database.query({ text: `WITH v AS (UPDATE directory_version SET version = version + 1) INSERT INTO organization_unit (code, name, kind, domain) VALUES ('${domain}', 'x', 'department', '${domain}')` })

test("a snapshot stays as it is until it is read again", async () => {
  const before = source.current()
  await addUnit("a.example")
  expect(source.current()).toBe(before)
  const after = await source.refresh()
  expect(after).toBe(source.current())
  expect([before.isLocalDomain("a.example"), after.isLocalDomain("a.example")]).toEqual([false, true])
  expect(after.version).toBe(before.version + 1)
  // nothing new: the same snapshot, no rows read
  expect(await source.refresh()).toBe(after)
})

test("callers during a reading share the next one", async () => {
  await addUnit("b.example")
  queries.length = 0
  const snapshots = await Promise.all(Array.from({ length: 10 }, () => source.refresh()))
  expect(new Set(snapshots).size).toBe(1)
  expect(snapshots[0]?.isLocalDomain("b.example")).toBe(true)
  // the version is asked twice: by the first, and once for all others
  expect(queries).toHaveLength(2)
})

test("the change feed's word of another version has it read again", async () => {
  await addUnit("c.example")
  feed.publish([{ kind: "mailboxes", accountId: 1 }])
  feed.publish([{ kind: "directory", version: 2 }])
  await expect.poll(() => source.current().isLocalDomain("c.example")).toBe(true)
})

test("a source that was closed listens no more", () => {
  source.close()
  expect(listeners.size).toBe(0)
})

test("changes that follow one upon the other are read together, and at once by whoever asks", async () => {
  let readings = 0
  const counted = { ...database, transaction: (...args: Parameters<typeof database.transaction>) => (readings++, database.transaction(...args)) } as typeof database
  const patient = await createDirectorySource({ database: counted, feed, log: pino({ enabled: false }), tickMs: 0, burstMs: 3_600_000 })
  readings = 0
  const { version } = patient.current()
  for (let change = 1; change <= 10; change++) {
    await addUnit(`n${change}.example`)
    feed.publish([{ kind: "directory", version: version + change }])
    // the first is read at once
    await expect.poll(() => patient.current().isLocalDomain("n1.example")).toBe(true)
  }
  expect(readings).toBe(1)
  expect((await patient.refresh()).isLocalDomain("n10.example")).toBe(true)
  patient.close()
})

test("the last change of many is read when they are over", async () => {
  const quick = await createDirectorySource({ database, feed, log: pino({ enabled: false }), tickMs: 0, burstMs: 1 })
  for (const domain of ["x.example", "y.example", "z.example"]) {
    await addUnit(domain)
    feed.publish([{ kind: "directory", version: 1_000_000 }])
  }
  await expect.poll(() => quick.current().isLocalDomain("z.example")).toBe(true)
  quick.close()
})
