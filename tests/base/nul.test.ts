import { expect, test } from "vitest"
import { hasNul, isDeeperThan } from "../../src/base/nul.ts"

class Upload {
  readonly bytes: Buffer
  readonly name = "a\0"
  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
}

const nested = (depth: number, end: unknown): unknown => {
  let value = end
  for (let at = 0; at < depth; at++) value = at % 2 === 0 ? [value] : { a: value }
  return value
}

test.each([
  ["a", false], ["a\0", true], [["a", "\0"], true], [{ a: { "b\0": 1 } }, true], [{ a: [1, null, true, undefined] }, false], [Object.assign(Object.create(null), { a: "\0" }), true],
  // a file that was sent may have them
  [{ file: new Upload(Buffer.from("\0")) }, false],
])("%j has a NUL: %s", (value, expected) => expect(hasNul(value)).toBe(expected))

test("a value may be as deep as it likes", () => {
  expect([hasNul(nested(1_000_000, "\0")), hasNul(nested(1_000_000, "a"))]).toEqual([true, false])
})

test.each([[nested(3, 1), 3, false], [nested(4, 1), 3, true], [nested(1_000_000, 1), 20, true], ["a", 0, false]])("a depth is counted", (value, most, expected) => expect(isDeeperThan(value, most)).toBe(expected))
