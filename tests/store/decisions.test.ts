import { afterEach, beforeEach, expect, test } from "vitest"
import type { NewDecision, StoredDecision } from "../../src/store/decision-store.ts"
import { openFacts, sealFacts } from "../../src/store/sealed-facts.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createDecisionStore } from "../../src/store/sql/decisions.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

const sealer = createSealer(Buffer.alloc(32, 9))
const now = Date.parse("2026-11-26T00:00:00Z")
let store: TestStore
beforeEach(async () => {
  store = await createTestStore()
})
afterEach(() => store.close())

const decisions = () => createDecisionStore({ database: store.database, clock: { now: () => now } })
const decision = (change: Partial<NewDecision> = {}): NewDecision => ({
  policyVersion: 3, ruleId: "organization-unsigned", verdict: "reject", messageId: "m1@x.example", reversePath: "an@tinh.example", at: now, facts: sealFacts(sealer, { subject: "Báo cáo" }), ...change,
})
const readAll = async (since = 0, until = now): Promise<StoredDecision[]> => {
  const all: StoredDecision[] = []
  for await (const batch of decisions().read({ since, until })) all.push(...batch)
  return all
}

test("the decision on an accepted message is stored with it, in one transaction", async () => {
  const accountId = await store.account("an@tinh.example")
  const directoryVersion = (await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" }))[0]?.version ?? 0
  const accept = async (version: number, judged: Partial<NewDecision> | null) => {
    const content = await store.prepare(`Subject: ${judged?.ruleId}\r\n\r\n`)
    const request = acceptance({ content, accountIds: [accountId], directoryVersion: version })
    return store.acceptances.commit(judged ? { ...request, decision: decision({ verdict: "accept", ...judged }) } : request)
  }
  const [first, , third] = await Promise.all([accept(directoryVersion, { ruleId: "one" }), accept(directoryVersion, null), accept(directoryVersion, { ruleId: "two", at: now - 1 })])
  expect(await readAll()).toMatchObject([
    { envelopeId: unwrap(third).envelopeId, ruleId: "two", at: now - 1, verdict: "accept", policyVersion: 3, messageId: "m1@x.example", reversePath: "an@tinh.example" },
    { envelopeId: unwrap(first).envelopeId, ruleId: "one", at: now },
  ])
  // left out of the commit because the directory has moved: its decision is left out too
  expect(await accept(directoryVersion - 1, { ruleId: "stale" })).toMatchObject({ ok: false, failure: { kind: "inUse" } })
  expect(await readAll()).toHaveLength(2)
})

test("a refusal is stored without an envelope, whatever the message called itself", async () => {
  await decisions().record(decision({ messageId: "a\0b", reversePath: "đ\0@x.example" }))
  const [stored] = await readAll()
  expect(stored).toMatchObject({ envelopeId: null, messageId: "ab", reversePath: "đ@x.example" })
  expect(stored && openFacts(sealer, stored.facts)).toEqual({ subject: "Báo cáo" })
})

test("facts are not readable in the database", async () => {
  await decisions().record(decision())
  const [row] = await store.database.query<{ facts: Buffer }>({ text: "SELECT facts FROM policy_decision" })
  expect(row?.facts.includes("Báo cáo")).toBe(false)
  expect(() => openFacts(createSealer(Buffer.alloc(32, 1)), row?.facts ?? Buffer.alloc(0))).toThrow()
})

test("are read in order and in batches, each once, also where many are of one moment", async () => {
  const { facts } = decision()
  await store.database.query({
    text: `INSERT INTO policy_decision (at, message_id, reverse_path, policy_version, rule_id, verdict, facts)
      SELECT to_timestamp(($1::float8 - n / 700) / 1000.0) + n % 3 * interval '1 microsecond', n::text, '', 1, 'r', 'accept', $2 FROM generate_series(1, 2500) AS n`,
  }, [now, facts])
  const sizes: number[] = []
  const seen: string[] = []
  let last = 0
  for await (const batch of decisions().read({ since: now - 2, until: now + 1 })) {
    sizes.push(batch.length)
    for (const { at, messageId } of batch) {
      expect(at).toBeGreaterThanOrEqual(last)
      last = at
      seen.push(messageId)
    }
  }
  expect(sizes).toEqual([1000, 1000, 99])
  expect(new Set(seen).size).toBe(2099)
  expect(await decisions().count({ since: now - 2, until: now + 1 })).toBe(2099)
})

test("are forgotten by age", async () => {
  for (const at of [now - 1000, now - 999]) await decisions().record(decision({ at }))
  expect(await decisions().forget(999)).toBe(1)
  expect((await readAll()).map(({ at }) => at)).toEqual([now - 999])
})
