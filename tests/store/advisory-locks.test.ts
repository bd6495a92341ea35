import { expect, test } from "vitest"
import { advisoryLocks } from "../../src/store/sql/advisory-locks.ts"

test("no two kinds of work have the same advisory lock", () => {
  expect(new Set(Object.values(advisoryLocks)).size).toBe(Object.keys(advisoryLocks).length)
})
