import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import { dmarcObservation } from "../../../src/intake/authenticity/dmarc-tally.ts"
import type { DkimFacts } from "../../../src/policy/authenticity-facts.ts"
import type { MessageFacts } from "../../../src/policy/facts.ts"
import { createDmarcStore } from "../../../src/store/sql/dmarc.ts"
import { messageFacts } from "../../policy/facts.ts"
import { createTestDatabase, type TestDatabase } from "../../support/database.ts"

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase(2)
})
afterAll(() => database.drop())

/** A name of 240 characters that no compression makes shorter. */
const longName = (): string => Array.from({ length: 4 }, () => randomBytes(30).toString("hex")).join(".")

const facts = (dkim: readonly DkimFacts[]): MessageFacts => messageFacts({
  direction: "inbound", at: Date.parse("2026-11-26T00:00:00Z"),
  authenticity: {
    spf: { result: "pass", domain: longName(), aligned: false }, dkim, aligned: false, arc: { result: "none", sealers: [], vouched: false },
    dmarc: { result: "fail", policy: "reject", domain: longName(), policyDomain: longName() },
  },
})
const observed = (dkim: readonly DkimFacts[], clientAddress = "192.0.2.1") => {
  const observation = dmarcObservation({ facts: facts(dkim), verdict: { kind: "accept", ruleId: "x", marks: [] }, marks: [] }, clientAddress)
  if (!observation) throw new Error("not counted")
  return observation
}

test("a message with the longest names there can be is counted, and does not cost the others their count", async () => {
  const signature = (aligned: boolean): DkimFacts => ({ result: "fail", domain: longName(), selector: longName(), aligned })
  const long = observed([...Array.from({ length: 7 }, () => signature(false)), signature(true)])
  const store = createDmarcStore(database)
  await store.add([{ ...observed([{ result: "pass", domain: "gui.example", selector: "r", aligned: true }]), messages: 2 }, { ...long, messages: 3 }])
  const rows = await database.query<{ messages: number }>({ text: "SELECT messages FROM dmarc_observation ORDER BY messages" })
  expect(rows.map(({ messages }) => messages)).toEqual([2, 3])
})

test("of signatures that do not all fit the author's own is kept", () => {
  const own: DkimFacts = { result: "pass", domain: "gui.example", selector: "r", aligned: true }
  const others = Array.from({ length: 7 }, (): DkimFacts => ({ result: "pass", domain: longName(), selector: longName(), aligned: false }))
  const { dkim } = observed([...others, own])
  expect(dkim[0]).toEqual({ domain: "gui.example", selector: "r", result: "pass" })
  expect(dkim.length).toBeGreaterThan(1)
})

test("the zone of a link-local address is no part of it", () => expect(observed([], "fe80::1%eth0").source).toBe("fe80::1"))
