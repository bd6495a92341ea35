import { expect, test } from "vitest"
import { authorsOf } from "../../../src/intake/authenticity/authors.ts"

const domains = (...fields: readonly string[]): readonly string[] => [...new Set(authorsOf(fields.map((field) => Buffer.from(field).toString("latin1"))).from.map((address) => address.slice(address.lastIndexOf("@") + 1)))]

test.each<[from: string, domains: readonly string[]]>([
  ["an@xa.example", ["xa.example"]],
  ["An <an@xa.example>", ["xa.example"]],
  ["(x) <an@xa.example> (bo@bank.example)", ["xa.example"]],
  ['"bo@bank.example" <an@xa.example>', ["xa.example"]],
  ["bo@bank.example <an@xa.example>", ["xa.example"]],
  ['"an b"@xa.example', ["xa.example"]],
  ["an@XA.Example", ["xa.example"]],
  ["an@xã.example", ["xn--x-yfa.example"]],
  ["an@xa。example", ["xa.example"]],
  ["an@x\u00ada.example", ["xa.example"]],
  ["a, b: an@xa.example, bo@xa.example;", ["xa.example"]],
  ["an@[192.0.2.1]", ["[192.0.2.1]"]],
  // the root's dot is no other domain
  ["an@xa.example.", ["xa.example"]],
  // programs differ in which one they show
  ["<an@xa.example> <bo@bank.example>", ["xa.example", "bank.example"]],
  ["<an@xa.example> bo@bank.example", ["xa.example", "bank.example"]],
  ["bo@bank.example@xa.example", ["xa.example", "bank.example"]],
  ["bo@bank.example (x) @xa.example", ["xa.example", "bank.example"]],
  ["bo@bank.example an@xa.example", ["xa.example", "bank.example"]],
  ["bo@bank.example\\,an@xa.example", ["xa.example", "bank.example"]],
  ["bo@bank.example: an@xa.example;", ["xa.example", "bank.example"]],
  ["<@bank.example:an@xa.example>", ["xa.example", "bank.example"]],
  ["bo@bank.example .xa.example", ["bank.example.xa.example", "bank.example"]],
  ["an@xa.example, bo@bank.example", ["xa.example", "bank.example"]],
  // no name of the DNS
  ["an@xa..example", []],
  ["an@.xa.example", []],
  ["an@xa%2eexample", []],
  [`an@${"x.".repeat(130)}example`, []],
  ["nobody:;", []],
  ["", []],
])("%s", (from, expected) => expect(domains(from)).toEqual(expected))

test("of several fields all count, of a name that is endless nobody is the author", () => {
  expect(domains("an@xa.example", "bo@bank.example")).toEqual(["xa.example", "bank.example"])
  expect(domains(`${"x".repeat(9_000)} <an@xa.example>`)).toEqual([])
  expect(domains(...Array.from({ length: 21 }, () => "an@xa.example"))).toEqual([])
  expect(domains(Array.from({ length: 21 }, (_, at) => `an${at}@xa.example`).join(", "))).toEqual([])
})

test("quotations without an end cost no more than their length", () => {
  expect(domains(...Array.from({ length: 30 }, () => `"${'\\"'.repeat(4_000)}`))).toEqual([])
})
