import { expect, test } from "vitest"
import { compilePolicy } from "../../src/policy/compile-policy.ts"
import { readPolicy } from "../../src/policy/read-policy.ts"
import { refusedFrom } from "../../src/policy/refused-from.ts"
import { messageFacts } from "./facts.ts"

const policyOf = (rules: string) => {
  const read = readPolicy(`format: 1\nrules:\n${rules}`)
  if (!read.ok) throw new Error(JSON.stringify(read.failure))
  return compilePolicy(read.value)
}
const warn = "  - { id: warn, verdict: { mark: { vi: a, en: b } } }\n"
const refuse = (id: string, from: string, when = ""): string => `  - { id: ${id}, from: "${from}", ${when}verdict: { reject: { status: 5.7.1, vi: a, en: b } } }\n`
/** The morning of a Thursday in Vietnam. */
const at = Date.parse("2026-11-26T09:00:00+07:00")
const day = (text: string): number => Date.parse(`${text}T00:00:00+07:00`)

test.each<[string, string, number | null]>([
  ["nothing refuses it", warn, null],
  ["a rule that is not in force yet", refuse("later", "2028-01-01") + warn, day("2028-01-01")],
  ["the earliest of several, whatever their order", refuse("b", "2029-01-01") + refuse("a", "2027-06-01") + warn, day("2027-06-01")],
  ["one that does not match is not it", refuse("a", "2027-01-01", "when: { direction: inbound }, ") + refuse("b", "2028-01-01") + warn, day("2028-01-01")],
  ["one that an exception above forestalls is not it", `  - { id: fine, from: "2027-01-01", when: { direction: submission }, verdict: accept }\n${refuse("never", "2028-01-01")}${warn}`, null],
  ["one that is over before the other begins", `  - { id: short, from: "2027-01-01", until: "2027-01-31", when: { direction: inbound }, verdict: { reject: { status: 5.7.1, vi: a, en: b } } }\n${refuse("later", "2027-03-01")}${warn}`, day("2027-03-01")],
  ["at its own hour of that day", refuse("night", "2027-01-01", 'when: { time: { hours: "22:00-05:00" } }, ') + refuse("office", "2028-01-01", 'when: { time: { hours: "07:30-17:30" } }, ') + warn, day("2028-01-01")],
  ["try again later is no acceptance either", `  - { id: slow, from: "2027-01-01", verdict: { reject: { status: 4.7.0, vi: a, en: b } } }\n${warn}`, day("2027-01-01")],
])("from when a message is refused: %s", (_what, rules, expected) => {
  expect(refusedFrom(policyOf(rules), messageFacts({ at, direction: "submission" }))).toBe(expected)
})
