import fc from "fast-check"
import { expect, test } from "vitest"
import { mailboxPattern, namesMatching } from "../../src/imap/mailbox-pattern.ts"

test.each([
  ["*", "a/b/c", true], ["%", "a", true], ["%", "a/b", false], ["%/%", "a/b", true], ["a*", "a", true], ["a%", "a/b", false],
  ["*b", "a/b", true], ["%b", "a/b", false], ["*/%", "a/b/c", true], ["inbox", "INBOX", true], ["InB%", "INBOX", true], ["inbox/x", "INBOX/x", false],
  ["", "a", false], ["a", "b", false], ["Thư %", "Thư nháp", true], ["%%%*%%", "a/b", true], ["x", "xx", false], ["xx", "x", false], ["a%c", "abbc", true], ["a%c", "ab/c", false],
])("%s against %s: %s", (pattern, name, expected) => {
  expect(mailboxPattern(pattern)(name)).toBe(expected)
})

test("agrees with the regular expression it stands for", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "/", "%", "*"), maxLength: 8 })
  const name = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 10 })
  fc.assert(fc.property(word, name, (pattern, text) => {
    const regular = new RegExp(`^${pattern.replace(/\*/g, "[^]*").replace(/%/g, "[^/]*")}$`)
    expect(mailboxPattern(pattern)(text)).toBe(regular.test(text))
  }))
})

test("a pattern made to explode does not", async () => {
  const names = Array.from({ length: 200 }, (_, at) => `${"a".repeat(500)}${at}`)
  expect((await namesMatching(names, [`${"*a".repeat(100)}b`])).size).toBe(0)
})
