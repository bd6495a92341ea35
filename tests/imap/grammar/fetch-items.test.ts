import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { fetchArgs, type FetchItem } from "../../../src/imap/grammar/fetch-items.ts"
import { ImapSyntaxError } from "../../../src/imap/grammar/syntax-error.ts"
import { reading } from "./read.ts"

const items = (text: string, form: "plain" | "uid" = "plain") => fetchArgs(reading(` 1 ${text}`), form).items
const names = (list: readonly FetchItem[]): string[] => list.map((item) => (item.kind === "section" ? item.label : item.kind))

test.each([
  ["FLAGS", ["flags"]],
  ["(FLAGS)", ["flags"]],
  ["FAST", ["flags", "internalDate", "size"]],
  ["all", ["flags", "internalDate", "size", "envelope"]],
  ["Full", ["flags", "internalDate", "size", "envelope", "body"]],
  ["(UID FLAGS RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY INTERNALDATE MODSEQ)", ["uid", "flags", "size", "envelope", "bodyStructure", "body", "internalDate", "modSeq"]],
  ["(FLAGS FLAGS)", ["flags"]],
  ["BODY[]", ["BODY[]"]],
  ["body.peek[header]", ["BODY[HEADER]"]],
  ["(RFC822 RFC822.HEADER RFC822.TEXT)", ["RFC822", "RFC822.HEADER", "RFC822.TEXT"]],
  ["BODY[]<0.2048>", ["BODY[]<0>"]],
  ["BODY[1.2.MIME]<5.1>", ["BODY[1.2.MIME]<5>"]],
  ["BODY[3.TEXT]", ["BODY[3.TEXT]"]],
  ["BODY.PEEK[HEADER.FIELDS (Date \"from\")]", ["BODY[HEADER.FIELDS (Date from)]"]],
  ["BODY[2.HEADER.FIELDS.NOT (X-A)]", ["BODY[2.HEADER.FIELDS.NOT (X-A)]"]],
  ["BODY[HEADER.FIELDS (\"a(b\")]", ["BODY[HEADER.FIELDS (\"a(b\")]"]],
  ["(BODY BODY[TEXT])", ["body", "BODY[TEXT]"]],
])("%s asks for %j", (text, expected) => {
  expect(names(items(text))).toEqual(expected)
})

describe("sections", () => {
  test("parts, fields and partial are read", () => {
    expect(items("BODY.PEEK[1.2.HEADER.FIELDS.NOT (Received DKIM-Signature)]<10.20>")).toEqual([{
      kind: "section", peek: true, partial: { start: 10, count: 20 }, label: "BODY[1.2.HEADER.FIELDS.NOT (Received DKIM-Signature)]<10>",
      section: { part: [1, 2], text: "headerFieldsNot", fields: ["received", "dkim-signature"] },
    }])
  })
  test("a section asked for with and without PEEK is read", () => {
    for (const both of ["(BODY[1] BODY.PEEK[1])", "(BODY.PEEK[1] BODY[1])"]) expect(items(both)).toEqual([expect.objectContaining({ label: "BODY[1]", peek: false })])
  })

  test("only BODY.PEEK and RFC822.HEADER leave \\Seen alone", () => {
    const peeks = items("(BODY[] BODY.PEEK[1] RFC822 RFC822.HEADER RFC822.TEXT)").map((item) => item.kind === "section" && item.peek)
    expect(peeks).toEqual([false, true, false, true, false])
  })
})

test("UID FETCH always answers UID", () => {
  expect(names(items("FLAGS", "uid"))).toEqual(["uid", "flags"])
  expect(names(items("(FLAGS UID)", "uid"))).toEqual(["uid", "flags"])
})

test("CHANGEDSINCE implies MODSEQ", () => {
  const args = fetchArgs(reading(" 1:* (FLAGS) (CHANGEDSINCE 12345)"), "plain")
  expect(args.changedSince).toBe(12345)
  expect(names(args.items)).toEqual(["modSeq", "flags"])
})

test("a field name may be a literal", () => {
  const args = fetchArgs(reading(" 1 BODY[HEADER.FIELDS (", "Subject", ")]"), "plain")
  expect(names(args.items)).toEqual(["BODY[HEADER.FIELDS (Subject)]"])
})

test.each([
  "", "()", "(FLAGS", "FLAGS)", "(FLAGS ALL)", "FLAGS UID", "NOTHING", "BODY[", "BODY[0]", "BODY[1.0]", "BODY[MIME]", "BODY[FOO]", "BODY[1..2]", "BODY[.1]", "BODY[1.]",
  "BODY[]<0>", "BODY[]<0.0>", "BODY[]<1.2", "BODY[HEADER.FIELDS]", "BODY[HEADER.FIELDS ()]", "BODY[HEADER.FIELDS (a:b)]", "BODY[HEADER.FIELDS (\"a b\")]",
  "FLAGS (VANISHED)", "FLAGS (CHANGEDSINCE 1 VANISHED)", "FLAGS ()", "FLAGS (CHANGEDSINCE)", "toString", "constructor", "BODY[99999999999]",
])("refused: %s", (text) => {
  expect(() => items(text)).toThrow(ImapSyntaxError)
})

test("a thousand parts deep is only a part that does not exist; a thousand items are refused", () => {
  expect(items(`BODY[${"1.".repeat(999)}1]`)).toHaveLength(1)
  expect(() => items(`(${Array.from({ length: 1000 }, (_, at) => `BODY[${at + 1}]`).join(" ")})`)).toThrow("More than 256")
})

test("whatever follows FETCH, it parses or throws ImapSyntaxError", () => {
  const word = fc.constantFrom("BODY", ".PEEK", "[", "]", "(", ")", "<", ">", "0.1", "HEADER", ".FIELDS", ".NOT", " ", "1", ".", "MIME", "TEXT", "FLAGS", "\"", "ALL", "CHANGEDSINCE", "RFC822", "\\")
  fc.assert(fc.property(fc.array(word, { maxLength: 15 }), (words) => {
    try {
      fetchArgs(reading(` 1 ${words.join("")}`), "plain")
    } catch (error) {
      expect(error).toBeInstanceOf(ImapSyntaxError)
    }
  }), { numRuns: 3000 })
})
