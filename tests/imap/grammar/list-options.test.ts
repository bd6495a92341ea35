import fc from "fast-check"
import { expect, test } from "vitest"
import { appendHead } from "../../../src/imap/grammar/append-message.ts"
import { listArgs } from "../../../src/imap/grammar/list-options.ts"
import { literalAnnouncement } from "../../../src/imap/grammar/literal.ts"
import { statusItems } from "../../../src/imap/grammar/status-items.ts"
import { ImapSyntaxError } from "../../../src/imap/grammar/syntax-error.ts"
import { reading } from "./read.ts"

const nothing = { subscribed: false, remote: false, recursiveMatch: false, specialUse: false }

test.each([
  [" \"\" *", { reference: "", patterns: ["*"], extended: false, selection: nothing }],
  [" \"\" \"\"", { reference: "", patterns: [""], extended: false }],
  [" Shared/ %", { reference: "Shared/", patterns: ["%"] }],
  [" inbox/ %", { reference: "INBOX/", patterns: ["%"] }],
  [" (SUBSCRIBED) \"\" *", { selection: { ...nothing, subscribed: true }, extended: true }],
  [" (SUBSCRIBED RECURSIVEMATCH REMOTE) \"\" *", { selection: { subscribed: true, remote: true, recursiveMatch: true, specialUse: false } }],
  [" () \"\" (INBOX \"Th&AbA-/%\")", { patterns: ["INBOX", "Thư/%"], extended: true, selection: nothing }],
  [" \"\" % RETURN (CHILDREN SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UNSEEN))", { returns: { children: true, subscribed: true, specialUse: true, status: ["MESSAGES", "UNSEEN"] }, extended: true }],
  [" (SPECIAL-USE) \"\" * return ()", { selection: { ...nothing, specialUse: true }, returns: { children: false, subscribed: false, specialUse: false, status: null } }],
])("LIST%s", (text, expected) => {
  expect(listArgs(reading(text))).toMatchObject(expected)
})

test.each(["", " \"\"", " \"\" ()", " (RECURSIVEMATCH) \"\" *", " (REMOTE RECURSIVEMATCH) \"\" *", " (FOO) \"\" *", " \"\" * RETURN", " \"\" * RETURN (FOO)", " \"\" * RETURN (STATUS)", " \"\" * RETURN (STATUS ())", " \"\" * FOO", ` "" (${"a ".repeat(101).trim()})`])("LIST refused:%s", (text) => {
  expect(() => listArgs(reading(text))).toThrow(ImapSyntaxError)
})

test("STATUS items", () => {
  expect(statusItems(reading("(messages RECENT UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ messages)"))).toEqual(["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "SIZE", "HIGHESTMODSEQ"])
  for (const text of ["()", "(FOO)", "MESSAGES", "(MESSAGES"]) expect(() => statusItems(reading(text))).toThrow(ImapSyntaxError)
})

test.each([
  [" ", { flags: [], internalDate: null }],
  [" () ", { flags: [], internalDate: null }],
  [" (\\Seen work \\seen) ", { flags: ["\\Seen", "work"], internalDate: null }],
  [" \" 1-Jan-1970 07:00:01 +0700\" ", { flags: [], internalDate: 1000 }],
  [" (\\Draft) \"01-Jan-1970 00:00:00 +0000\" ", { flags: ["\\Draft"], internalDate: 0 }],
])("APPEND head%s", (text, expected) => {
  expect(appendHead(reading(text))).toEqual(expected)
})

test.each(["", " x", " (\\Seen)", " (\\Recent) ", " \"yesterday\" ", " () () ", "  "])("APPEND head refused:%s", (text) => {
  expect(() => appendHead(reading(text))).toThrow(ImapSyntaxError)
})

test.each([
  ["a LOGIN {5}", { textEnd: 8, size: 5, synchronizing: true, binary: false }],
  ["a LOGIN {5+}", { textEnd: 8, size: 5, synchronizing: false, binary: false }],
  ["a APPEND x ~{12}", { textEnd: 11, size: 12, synchronizing: true, binary: true }],
  ["{0}", { textEnd: 0, size: 0, synchronizing: true, binary: false }],
  ["{99999999999999999999999}", { textEnd: 0, size: Number.MAX_SAFE_INTEGER, synchronizing: true, binary: false }],
  ["a {}", null], ["a {+}", null], ["a 5}", null], ["a {5} ", null], ["}", null], ["", null], ["a {-5}", null], ["a {5-}", null],
])("literal at the end of %j", (line, expected) => {
  expect(literalAnnouncement(Buffer.from(line))).toEqual(expected)
})

test("whatever follows LIST, it parses or throws ImapSyntaxError", () => {
  const word = fc.constantFrom("(", ")", " ", " ", "\"\"", "*", "%", "SUBSCRIBED", "RETURN", "STATUS", "MESSAGES", "CHILDREN", "&AOk-", "&", "\"")
  fc.assert(fc.property(fc.array(word, { maxLength: 20 }), (words) => {
    for (const parse of [listArgs, appendHead, statusItems]) {
      try {
        parse(reading(words.join("")))
      } catch (error) {
        expect(error).toBeInstanceOf(ImapSyntaxError)
      }
    }
  }), { numRuns: 2000 })
})

test("no line's end confuses the literal announcement", () => {
  fc.assert(fc.property(fc.string(), fc.nat(), (text, size) => {
    const line = Buffer.from(`${text}{${size}}`)
    expect(literalAnnouncement(line)).toMatchObject({ size, synchronizing: true })
  }))
})
