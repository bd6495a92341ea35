import { expect, test } from "vitest"
import { RememberedAnswers } from "../../src/dns/remembered-answers.ts"
import type { DnsAnswer } from "../../src/dns/resolver.ts"

const text = (length: number): DnsAnswer<string> => ({ kind: "records", records: ["x".repeat(length)], secure: false, canonicalName: "x" })

test("an answer is remembered for as long as it says", () => {
  let now = 0
  const remembered = new RememberedAnswers({ now: () => now })
  remembered.add("TXT a.test", text(10), 60)
  remembered.add("TXT b.test", text(10), 0)
  expect(remembered.get("TXT a.test")).toEqual(text(10))
  expect(remembered.get("TXT b.test")).toBeUndefined()
  now = 60_000
  expect(remembered.get("TXT a.test")).toBeUndefined()
})

test("whoever answers with as much as fits, to every question that an SPF record of his makes us ask, does not fill the memory", () => {
  const remembered = new RememberedAnswers({ now: () => 0 })
  const bytes = 60_000
  const names = Array.from({ length: 2_000 }, (_, index) => `TXT ${index}.keiba.example`)
  for (const name of names) remembered.add(name, text(bytes), 86_400)
  expect(names.filter((name) => remembered.get(name)).length * bytes).toBeLessThan(32 * 1024 * 1024)
  expect(remembered.get(names.at(-1) ?? "")).toBeDefined()
})
