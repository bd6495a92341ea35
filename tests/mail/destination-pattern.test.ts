import fc from "fast-check"
import { expect, test } from "vitest"
import { destinationPattern, isDestination } from "../../src/mail/destination-pattern.ts"

test.each([
  ["xa.example", "xa.example"],
  [" Xa.EXAMPLE. ", "xa.example"],
  ["*.xa.example", "*.xa.example"],
  ["tỉnh.example", "xn--tnh-dlz.example"],
  ["[192.0.2.1]", "[192.0.2.1]"],
  ["[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]"],
  ["", undefined],
  ["*", undefined],
  ["*.*.example", undefined],
  ["a..b", undefined],
  ["an@xa.example", undefined],
  ["xa.example; DROP TABLE", undefined],
  [`${"a".repeat(60)}.`.repeat(5), undefined],
])("%j is the pattern %j", (text, pattern) => expect(destinationPattern(text)).toBe(pattern))

test.each([
  ["xa.example", "xa.example", true],
  ["xa.example", "a.xa.example", false],
  ["*.xa.example", "a.xa.example", true],
  ["*.xa.example", "b.a.xa.example", true],
  ["*.xa.example", "xa.example", false],
  ["*.xa.example", ".xa.example", false],
  ["*.xa.example", "khac-xa.example", false],
])("%s means %s: %s", (pattern, name, means) => expect(isDestination(pattern, name)).toBe(means))

test("whatever is written, a pattern is of a known shape, and its own pattern", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.domain(), fc.domain().map((name) => `*.${name}`)), (text) => {
      const pattern = destinationPattern(text)
      if (pattern === undefined) return
      expect(pattern).toMatch(/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$|^\[[0-9a-z:.]+\]$/)
      expect(destinationPattern(pattern)).toBe(pattern)
    }),
  )
})

test("all names below a domain, and no others, are meant by its pattern", () => {
  fc.assert(
    fc.property(fc.domain(), fc.domain(), (name, below) => {
      expect([isDestination(`*.${name}`, `${below}.${name}`), isDestination(`*.${name}`, name), isDestination(name, name)]).toEqual([true, false, true])
    }),
  )
})
