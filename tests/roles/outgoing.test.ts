import { expect, test } from "vitest"
import { keysInWords } from "../../src/roles/outgoing.ts"
import { healthText } from "../../src/telemetry/health-words.ts"

const [pending, active, retired] = [{ domain: "tinh.example", state: "pending" }, { domain: "so.example", state: "active" }, { domain: "cu.example", state: "retired" }] as const
test.each([
  { keys: [], words: "mail leaves unsigned" },
  { keys: [pending, pending, retired], words: "mail leaves unsigned; new keys wait for the DNS: tinh.example" },
  { keys: [active, active], words: "signs for so.example" },
  { keys: [active, pending], words: "signs for so.example; new keys wait for the DNS: tinh.example" },
])("the status page says of keys: $words", ({ keys, words }) => {
  expect(healthText(keysInWords(keys), "en")).toBe(words)
})
