import { afterAll, beforeAll, expect, test } from "vitest"
import { createTlsReporting } from "../../src/delivery/tls-reporting.ts"
import { createTlsPolicyStore, createTlsReportStore } from "../../src/store/sql/tls-policies.ts"
import type { StoredTlsPolicy, TlsSessions } from "../../src/store/tls-policy-store.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
beforeAll(async () => void (database = await createTestDatabase(2)))
afterAll(() => database.drop())

const hour = 3_600_000
const start = Date.UTC(2026, 10, 26)
const policy = (more: Partial<StoredTlsPolicy> = {}): StoredTlsPolicy => ({ domain: "xa.example", id: "1", mode: "enforce", mx: ["*.xa.example", "mx.khac.example"], maxAgeSeconds: 86_400, fetchedAt: start, ...more })

test("a policy is found as it was saved, the later one of two", async () => {
  const store = createTlsPolicyStore(database)
  expect(await store.find("xa.example", start)).toBeUndefined()
  await store.save(policy())
  expect(await store.find("xa.example", start)).toEqual(policy())
  const later = policy({ id: "2", mode: "none", mx: [], fetchedAt: start + 5 })
  await store.save(later)
  await store.save(policy())
  expect(await store.find("xa.example", start + 10)).toEqual(later)
})

test("what is in force and still asked for is refreshed, the longest known first; what has ended is forgotten", async () => {
  const store = createTlsPolicyStore(database)
  await store.save(policy({ domain: "mot.example", fetchedAt: start - 3 * hour, maxAgeSeconds: 36_000 }))
  await store.save(policy({ domain: "hai.example", fetchedAt: start - 4 * hour, maxAgeSeconds: 36_000 }))
  await store.save(policy({ domain: "het.example", fetchedAt: start - 4 * hour, maxAgeSeconds: 60 }))
  await store.save(policy({ domain: "cu.example", fetchedAt: start - 48 * hour, maxAgeSeconds: 864_000 }))
  const due = (limit: number): Promise<readonly string[]> => store.refreshable({ now: start, fetchedBefore: start - hour, askedSince: start - 24 * hour, limit })
  expect(await due(10)).toEqual(["hai.example", "mot.example"])
  expect(await due(1)).toEqual(["hai.example"])
  await store.find("cu.example", start)
  expect(await due(10)).toEqual(["cu.example", "hai.example", "mot.example"])
  expect(await store.forget(start)).toBe(1)
  expect(await store.find("het.example", start)).toBeUndefined()
})

const session = (more: Partial<TlsSessions> = {}): TlsSessions => ({ domain: "xa.example", policyType: "sts", policyString: ["version: STSv1"], mxPatterns: ["*.xa.example"], mxHost: "mx.xa.example", receivingIp: "192.0.2.1", sendingIp: "192.0.2.9", result: "success", reason: "", ...more })

test("sessions are counted by day and by all that tells them apart, in several processes", async () => {
  const store = createTlsReportStore(database)
  let now = Date.UTC(2026, 10, 26, 23, 59)
  const faults: unknown[] = []
  const parts = { store, clock: { now: () => now }, log: { tlsCountsNotSaved: (event: unknown) => void faults.push(event) } }
  const [one, other] = [createTlsReporting(parts), createTlsReporting(parts)]
  for (let n = 0; n < 3; n++) one.record(session())
  one.record(session({ result: "certificate-expired", reason: "first" }))
  one.record(session({ result: "certificate-expired", reason: "second" }))
  await Promise.all([one.flush(), one.flush()])
  other.record(session())
  now += 2 * 60_000
  other.record(session())
  await Promise.all([one.close(), other.close()])
  expect((await store.ofDay("2026-11-26")).map(({ sessions, result, reason }) => [result, sessions, reason])).toEqual([["certificate-expired", 2, "first"], ["success", 4, ""]])
  expect(await store.ofDay("2026-11-27")).toEqual([{ ...session(), day: "2026-11-27", sessions: 1 }])
  expect(await store.forget("2026-11-27")).toBe(2)
  expect(faults).toEqual([])
})

test("counts that could not be saved are saved later", async () => {
  let broken = true
  const saved: number[] = []
  const faults: unknown[] = []
  const reporting = createTlsReporting({
    store: { add: async (counts) => void (broken ? expect.fail("away") : saved.push(...counts.map(({ sessions }) => sessions))) },
    clock: { now: () => start },
    log: { tlsCountsNotSaved: (event) => void faults.push(event.rows) },
  })
  reporting.record(session())
  await reporting.flush()
  broken = false
  reporting.record(session())
  await reporting.close()
  expect([faults, saved]).toEqual([[1], [2]])
})
