import { randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { createChallenges } from "../../../src/accounts/factors/challenge.ts"

const clock = { ms: 1_000_000, now: () => clock.ms }
const key = randomBytes(32)
const challenges = createChallenges({ key, clock })

test("a challenge is good for its purpose, for a quarter of an hour, on every process with the key", () => {
  const made = challenges.make("sign in")
  expect(challenges.isOurs(made, "sign in")).toBe(true)
  expect(createChallenges({ key, clock }).isOurs(made, "sign in")).toBe(true)
  expect(challenges.isOurs(made, "register")).toBe(false)
  expect(createChallenges({ key: randomBytes(32), clock }).isOurs(made, "sign in")).toBe(false)
  clock.ms += 15 * 60_000
  expect(challenges.isOurs(made, "sign in")).toBe(false)
})

test("no two are alike, and none can be changed", () => {
  const made = challenges.make("sign in")
  expect(Buffer.from(made).equals(challenges.make("sign in"))).toBe(false)
  for (let at = 0; at < made.length; at++) {
    const changed = Uint8Array.from(made)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(challenges.isOurs(changed, "sign in"), `octet ${at}`).toBe(false)
  }
  for (const length of [0, 1, 55, 57, 1000]) expect(challenges.isOurs(new Uint8Array(length), "sign in")).toBe(false)
})
