import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { assumedAuthenticity, assumedScan } from "../../src/cli/assumed-outside.ts"
import { compilePolicy } from "../../src/policy/compile-policy.ts"
import { evaluatePolicy } from "../../src/policy/evaluate.ts"
import { explainPolicy } from "../../src/policy/explain.ts"
import type { MessageFacts } from "../../src/policy/facts.ts"
import { readPolicy } from "../../src/policy/read-policy.ts"
import { storedFacts } from "../../src/policy/stored-facts.ts"
import { foreigner, messageFacts, person, signed } from "./facts.ts"

const compiled = (text: string) => {
  const read = readPolicy(text)
  if (!read.ok) throw new Error(JSON.stringify(read.failure))
  return compilePolicy(read.value)
}
const shipped = compiled(readFileSync(new URL("../../config/policy.yaml", import.meta.url), "utf8"))

const outside: Partial<MessageFacts> = { direction: "inbound", sender: { ...foreigner, domain: "xa.example" }, authentication: { how: "none", principalId: null }, header: { subject: "x", from: ["vt@xa.example"], fields: {} } }
const verdictOf = (change: Partial<MessageFacts>): string => {
  const { kind, ruleId, marks } = evaluatePolicy(shipped, messageFacts({ ...outside, ...change })).verdict
  return [kind, ruleId, ...marks.flatMap(({ keyword }) => keyword ?? [])].join(" ")
}

describe("the shipped policy on mail from outside", () => {
  test.each<[string, Partial<MessageFacts>, string]>([
    ["nobody asked", {}, "accept policy.default"],
    ["dmarc=pass,policy=reject,spf=pass", {}, "accept policy.default"],
    ["dmarc=fail,policy=reject", {}, "reject dmarc-reject"],
    ["dmarc=fail,policy=reject,vouched,arc=pass", {}, "accept policy.default"],
    ["dmarc=fail,policy=quarantine", {}, "accept policy.default $Junk"],
    ["dmarc=fail,policy=quarantine,vouched", {}, "accept policy.default"],
    ["dmarc=fail,policy=none,spf=fail", {}, "accept policy.default"],
    ["dmarc=permerror", {}, "accept policy.default $Junk"],
    ["dmarc=temperror", {}, "defer authenticity-unknown"],
    ["spf=fail", {}, "accept policy.default $Junk"],
    ["spf=fail,aligned", {}, "accept policy.default"],
    ["spf=softfail", {}, "accept policy.default"],
    ["spf=temperror", {}, "accept policy.default"],
    ["spf=none", { sender: person }, "reject spoofed-colleague"],
    ["spf=temperror", { sender: person }, "defer authenticity-unknown"],
    ["aligned", { sender: person }, "accept policy.default"],
    ["vouched", { sender: person }, "accept policy.default"],
    ["spf=none", { sender: person, signature: signed("valid") }, "accept policy.default"],
    ["nobody asked", { sender: person }, "accept policy.default"],
  ])("%s %o", (words, change, verdict) => {
    expect(verdictOf({ ...change, ...(words !== "nobody asked" && { authenticity: assumedAuthenticity(words) }) })).toMatch(new RegExp(`^${verdict.replaceAll(".", "\\.").replaceAll("$", "\\$")}$`))
  })

  test.each([
    ["virus", {}, "reject virus"],
    ["virus", { direction: "outbound", sender: person } as const, "reject virus"],
    ["reject", {}, "reject spam-refused"],
    ["greylist", {}, "defer spam-later"],
    ["add header", {}, "accept policy.default $Junk"],
    ["no action", {}, "accept policy.default"],
  ])("a scanner finds %s %o", (word, change, verdict) => {
    expect(verdictOf({ ...change, scan: assumedScan(word) })).toBe(verdict)
  })
})

test("what nobody looked at meets no question, and what a scanner could not see is told", () => {
  const policy = compiled(`format: 1
rules:
  - { id: a, when: { authenticity: { aligned: false } }, verdict: accept }
  - { id: b, when: { authenticity: { aligned: true } }, verdict: accept }
  - { id: c, when: { authenticity: { dkim: none } }, verdict: accept }
  - { id: d, when: { scan: { virus: false } }, verdict: accept }
  - { id: e, when: { scan: { unavailable: true } }, verdict: accept }
  - { id: f, when: { scan: { score: { over: 5, under: 10 } } }, verdict: accept }
`)
  const matched = (change: Partial<MessageFacts>): readonly string[] => explainPolicy(policy, messageFacts(change)).filter(({ outcome }) => outcome === "decides" || outcome === "notReached").map(({ ruleId }) => ruleId)
  expect(matched({})).toEqual([])
  expect(matched({ authenticity: assumedAuthenticity("spf=none") })).toEqual(["a", "c"])
  expect(matched({ scan: { virus: null, spam: { score: 7, action: "add header" }, unavailable: ["clamav"] } })).toEqual(["d", "e", "f"])
  expect(explainPolicy(policy, messageFacts({}))[0]?.condition).toMatchObject({ holds: false, found: "not checked" })
})

test("facts of older programs are read, and broken ones are not", () => {
  const facts = messageFacts({ authenticity: assumedAuthenticity("dmarc=fail,policy=reject"), scan: assumedScan("virus") })
  expect(storedFacts(JSON.parse(JSON.stringify(facts)))).toEqual(facts)
  expect(storedFacts(messageFacts({}))).toBeDefined()
  expect(storedFacts({ ...facts, authenticity: { spf: {} } })).toBeUndefined()
  expect(storedFacts({ ...facts, scan: "clean" })).toBeUndefined()
})
