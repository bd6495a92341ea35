import { expect, test } from "vitest"
import { compilePolicy } from "../../src/policy/compile-policy.ts"
import { readPolicy } from "../../src/policy/read-policy.ts"
import { createReplay, type PastDecision } from "../../src/policy/replay.ts"
import { storedFacts } from "../../src/policy/stored-facts.ts"
import { messageFacts, signed } from "./facts.ts"

const read = readPolicy("format: 1\nrules:\n  - { id: big, when: { size: { over: 1MiB } }, verdict: { reject: { status: 5.7.1, vi: a, en: b } } }\n")
if (!read.ok) throw new Error("bad policy")
const policy = compilePolicy(read.value)

test("a replay holds counts and a few samples, however much it is given", () => {
  const replay = createReplay(policy)
  for (let n = 0; n < 5000; n++) {
    const past: PastDecision = { verdict: "accept", ruleId: `rule-${n}`, at: n, messageId: `m${n}`, reversePath: "", envelopeId: n }
    replay.add(past, messageFacts({ bytes: n % 2 ? 2 * 1024 * 1024 : 1 }))
  }
  const { decisions, unchanged, unreadable, changes, counts } = replay.report()
  expect({ decisions, unchanged, unreadable }).toEqual({ decisions: 5000, unchanged: 0, unreadable: 0 })
  expect(changes.length).toBeLessThanOrEqual(1002)
  expect(changes.reduce((sum, { count }) => sum + count, 0)).toBe(5000)
  expect(Math.max(...changes.map(({ samples }) => samples.length))).toBe(5)
  // other verdicts first
  expect(changes[0]).toMatchObject({ to: { verdict: "reject", ruleId: "big" } })
  expect(changes.at(-1)).toMatchObject({ to: { verdict: "accept", ruleId: "policy.default" } })
  expect(counts).toEqual([{ verdict: "accept", ruleId: "policy.default", count: 2500 }, { verdict: "reject", ruleId: "big", count: 2500 }])
})

test("facts come back from JSON as they were", () => {
  const facts = messageFacts({ signature: signed("invalid", "revoked"), sender: null })
  expect(storedFacts(JSON.parse(JSON.stringify(facts)))).toEqual(facts)
})

test.each<[string, (facts: Record<string, unknown>) => unknown]>([
  ["nothing", () => undefined],
  ["a list", () => []],
  ["no recipients", (facts) => ({ ...facts, recipients: undefined })],
  ["a recipient without units", (facts) => ({ ...facts, recipients: [{ address: "a", domain: "b", kind: "personal", groups: [] }] })],
  ["a header without fields", (facts) => ({ ...facts, header: { subject: "", from: [] } })],
  ["a field that is no list", (facts) => ({ ...facts, header: { subject: "", from: [], fields: { a: "b" } } })],
  ["a signer without problems", (facts) => ({ ...facts, signature: { ...signed("valid"), signers: [{}] } })],
  ["a TLS without cipher", (facts) => ({ ...facts, tls: { version: "TLSv1.3" } })],
])("facts with %s are not replayed", (_name, damage) => {
  expect(storedFacts(damage({ ...messageFacts() }))).toBeUndefined()
})
