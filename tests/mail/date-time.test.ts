import fc from "fast-check"
import { expect, test } from "vitest"
import { formatDate, parseRfc5322Date } from "../../src/mail/date-time.ts"

const utc = Date.UTC

test.each([
  ["Mon, 23 Nov 2026 21:38:27 +0700", utc(2026, 10, 23, 14, 38, 27)],
  ["23 Nov 2026 21:38 +0000", utc(2026, 10, 23, 21, 38)],
  ["Mon, 23 Nov 2026 21:38:27 -0330 (NST)", utc(2026, 10, 24, 1, 8, 27)],
  ["Wed, 11 Feb 98 11:51 CST", utc(1998, 1, 11, 17, 51)],
  ["1 jan 05 00:00:00 GMT", utc(2005, 0, 1)],
  ["Fri, 1 Jan 105 00:00:00 GMT", utc(2005, 0, 1)],
  ["Tue, 3  Mar 2026  9:05:00 Z", utc(2026, 2, 3, 9, 5)],
  ["Tue (day), 3 (of) Mar 2026 09:05:00 +0000", utc(2026, 2, 3, 9, 5)],
  ["Thu,13 Feb 1969 23:32:54 -0330", utc(1969, 1, 14, 3, 2, 54)],
  ["3-Mar-2026 09:05:00", utc(2026, 2, 3, 9, 5)],
  ["Sat, 31 Dec 2016 23:59:60 +0000", utc(2017, 0, 1)],
  ["Mon, 23 Nov 2026 21:38:27 XYZ", utc(2026, 10, 23, 21, 38, 27)],
])("%s", (text, ms) => expect(parseRfc5322Date(text)).toBe(ms))

test.each(["", "yesterday", "32 Nov 2026 00:00:00", "1 Foo 2026 00:00", "2026-11-23T00:00:00Z", "1 Nov 2026", "1 Nov 2026 25:00", "9".repeat(100_000), "(".repeat(100_000)])("nothing readable", (text) => {
  expect(parseRfc5322Date(text)).toBeNull()
})

test("written by us, in our zone or another", () => {
  expect(formatDate(utc(2026, 10, 23, 14, 38, 27))).toBe("Mon, 23 Nov 2026 21:38:27 +0700")
  expect(formatDate(utc(2026, 0, 1), -210)).toBe("Wed, 31 Dec 2025 20:30:00 -0330")
})

test("what is written reads back", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), fc.integer({ min: -720, max: 840 }), (seconds, zone) => {
    expect(parseRfc5322Date(formatDate(seconds * 1000, zone))).toBe(seconds * 1000)
  }))
})
