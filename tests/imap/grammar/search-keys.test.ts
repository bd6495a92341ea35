import fc from "fast-check"
import { expect, test } from "vitest"
import { searchArgs, type SearchKey } from "../../../src/imap/grammar/search-keys.ts"
import { ImapSyntaxError } from "../../../src/imap/grammar/syntax-error.ts"
import { reading } from "./read.ts"

const key = (text: string): SearchKey => searchArgs(reading(` ${text}`)).key
const flag = (name: string) => ({ kind: "flag", name })
const not = (inner: unknown) => ({ kind: "not", key: inner })
const set = (...ranges: number[]) => expect.objectContaining({ ranges })

test.each([
  ["ALL", { kind: "all" }],
  ["answered", flag("\\Answered")],
  ["UNSEEN", not(flag("\\Seen"))],
  ["NEW", { kind: "and", keys: [{ kind: "recent" }, not(flag("\\Seen"))] }],
  ["OLD", not({ kind: "recent" })],
  ["KEYWORD $Forwarded", flag("$Forwarded")],
  ["UNKEYWORD work", not(flag("work"))],
  ["LARGER 1000", { kind: "larger", bytes: 1000 }],
  ["SMALLER 5", { kind: "smaller", bytes: 5 }],
  ["BEFORE 2-Jan-1970", { kind: "received", when: "before", day: 1 }],
  ["ON \"2-Jan-1970\"", { kind: "received", when: "on", day: 1 }],
  ["SENTSINCE 3-Jan-1970", { kind: "sent", when: "since", day: 2 }],
  ["FROM \"Nguyễn\"", { kind: "header", field: "from", text: "Nguyễn" }],
  ["HEADER Message-ID \"\"", { kind: "header", field: "message-id", text: "" }],
  ["BODY x", { kind: "body", text: "x" }],
  ["TEXT x", { kind: "text", text: "x" }],
  ["1:3", { kind: "seqs", set: set(1, 3) }],
  ["*", { kind: "seqs", set: expect.objectContaining({ star: true }) }],
  ["UID 4,5", { kind: "uids", set: set(4, 5) }],
  ["MODSEQ 620162338", { kind: "modSeq", atLeast: 620162338 }],
  ["MODSEQ \"/flags/\\\\draft\" all 620162338", { kind: "modSeq", atLeast: 620162338 }],
  ["NOT SEEN", not(flag("\\Seen"))],
  ["OR SEEN DELETED", { kind: "or", keys: [flag("\\Seen"), flag("\\Deleted")] }],
  ["SEEN DELETED", { kind: "and", keys: [flag("\\Seen"), flag("\\Deleted")] }],
  ["(SEEN DELETED) DRAFT", { kind: "and", keys: [{ kind: "and", keys: [flag("\\Seen"), flag("\\Deleted")] }, flag("\\Draft")] }],
  ["NOT (OR SEEN (DRAFT ALL))", not({ kind: "or", keys: [flag("\\Seen"), { kind: "and", keys: [flag("\\Draft"), { kind: "all" }] }] })],
])("%s", (text, expected) => {
  expect(key(text)).toEqual(expected)
})

test("CHARSET: UTF-8 and US-ASCII are known, of others nothing more is read", () => {
  expect(searchArgs(reading(" CHARSET utf-8 SUBJECT ", "Công văn", ""))).toMatchObject({ charsetKnown: true, key: { text: "Công văn" } })
  expect(searchArgs(reading(" CHARSET \"US-ASCII\" ALL")).charsetKnown).toBe(true)
  expect(searchArgs(reading(" CHARSET KOI8-R SUBJECT \"\x01")).charsetKnown).toBe(false)
})

test("RETURN options (RFC 4731)", () => {
  expect(searchArgs(reading(" ALL")).returns).toBeNull()
  expect(searchArgs(reading(" RETURN () ALL")).returns).toEqual(["ALL"])
  expect(searchArgs(reading(" RETURN (MIN count MIN) CHARSET UTF-8 ALL")).returns).toEqual(["MIN", "COUNT"])
  expect(() => searchArgs(reading(" RETURN (FOO) ALL"))).toThrow(ImapSyntaxError)
})

test.each(["", " ", "FOO", "NOT", "OR SEEN", "()", "(SEEN", "SEEN)", "SEEN  DELETED", "LARGER", "LARGER x", "BEFORE yesterday", "HEADER x", "UID x", "KEYWORD (a)", "MODSEQ \"x\" all 1", "MODSEQ \"/flags/x\" foo 1", "toString x", "RETURN ALL", "CHARSET"])("refused: %s", (text) => {
  expect(() => key(text)).toThrow(ImapSyntaxError)
})

test("depth is bounded for parentheses, NOT and OR alike", () => {
  const deep = (levels: number) => [`${"(".repeat(levels)}ALL${")".repeat(levels)}`, `${"NOT ".repeat(levels)}ALL`, `${"OR ALL ".repeat(levels)}ALL`]
  for (const text of deep(50)) expect(() => key(text)).not.toThrow()
  for (const text of [...deep(51), ...deep(1000), ...deep(15_000)]) expect(() => key(text)).toThrow("nested deeper")
  expect(() => key("ALL ".repeat(1001).trim())).toThrow("More than 1000")
  expect(() => key("BODY x ".repeat(100).trim())).not.toThrow()
  expect(() => key("BODY x ".repeat(101).trim())).toThrow("More than 100 ")
})

test("whatever follows SEARCH, it parses or throws ImapSyntaxError", () => {
  const word = fc.constantFrom("NOT", "OR", "(", ")", " ", " ", " ", "SEEN", "FROM", "\"a\"", "1:*", "UID", "MODSEQ", "7", "LARGER", "ON", "1-Jan-2020", "HEADER", "RETURN", "CHARSET", "UTF-8", "\"")
  fc.assert(fc.property(fc.array(word, { maxLength: 20 }), (words) => {
    try {
      searchArgs(reading(` ${words.join("")}`))
    } catch (error) {
      expect(error).toBeInstanceOf(ImapSyntaxError)
    }
  }), { numRuns: 3000 })
})
