import { describe, expect, test } from "vitest"
import { nextTry, retrySchedule } from "../../src/delivery/retry-schedule.ts"

const minutes = (count: number): number => count * 60_000
const schedule = retrySchedule(["5m", "10m", "1h"])

describe("retry schedule", () => {
  const expiresAt = minutes(10_000)
  test.each([
    { name: "the first wait follows the first attempt", attempts: 1, random: 0, at: minutes(5) },
    { name: "the second wait follows the second", attempts: 2, random: 0, at: minutes(10) },
    { name: "the last wait repeats", attempts: 17, random: 0, at: minutes(60) },
    { name: "no attempt counts as the first", attempts: 0, random: 0, at: minutes(5) },
    { name: "jitter adds up to a tenth", attempts: 2, random: 0.5, at: minutes(10.5) },
  ])("$name", ({ attempts, random, at }) => {
    expect(nextTry(schedule, { attempts, now: 0, expiresAt, random })).toEqual({ kind: "retry", at })
  })

  test("the last attempt is made at the expiry, and not after it", () => {
    expect(nextTry(schedule, { attempts: 3, now: minutes(50), expiresAt: minutes(60), random: 0.9 })).toEqual({ kind: "retry", at: minutes(60) })
    expect(nextTry(schedule, { attempts: 4, now: minutes(60), expiresAt: minutes(60), random: 0 })).toEqual({ kind: "expired" })
  })
})
