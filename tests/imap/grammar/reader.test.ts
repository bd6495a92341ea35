import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ImapSyntaxError, Reader } from "../../../src/imap/grammar/reader.ts"
import { reading } from "./read.ts"

describe("strings", () => {
  test.each([
    ["atom", "abc", "abc"],
    ["atom with ]", "a]b", "a]b"],
    ["quoted", "\"a b\"", "a b"],
    ["quoted with escapes", "\"a\\\"b\\\\c\"", "a\"b\\c"],
    ["quoted UTF-8", "\"Công văn\"", "Công văn"],
    ["empty quoted", "\"\"", ""],
  ])("astring: %s", (_, text, expected) => {
    const reader = reading(text)
    expect(reader.astring()).toBe(expected)
    reader.end()
  })

  test("astring: literal between text", () => {
    const reader = reading("", "a b\r\nc", " next")
    expect(reader.astring()).toBe("a b\r\nc")
    reader.sp()
    expect(reader.atom()).toBe("next")
    reader.end()
  })

  test("two literals in a row with a space between", () => {
    const reader = reading("", "user", " ", "pass", "")
    expect(reader.astring()).toBe("user")
    reader.sp()
    expect(reader.astring()).toBe("pass")
    reader.end()
  })

  test("a last text may be left out after a literal", () => {
    const reader = reading("", "user")
    expect(reader.astring()).toBe("user")
    reader.end()
  })

  test("a literal left unread is not the end", () => {
    const reader = reading("", "user", "")
    expect(() => reader.end()).toThrow(ImapSyntaxError)
  })

  test.each([
    ["NUL in a literal", () => reading("", "a\0b", "").astring()],
    ["NUL in a quoted string", () => reading("\"a\0b\"").astring()],
    ["NUL in an atom", () => { const r = reading("a\0b"); r.atom(); r.end() }],
    ["quoted string not closed", () => reading("\"abc").astring()],
    ["bad escape", () => reading("\"a\\n\"").astring()],
    ["backslash at the end", () => reading("\"a\\").astring()],
    ["nothing", () => reading("").astring()],
    ["a literal where an atom must be", () => reading("", "x", "").atom()],
    ["no segments", () => new Reader([]).astring()],
    ["invalid UTF-8 in a literal", () => new Reader([{ kind: "text", bytes: Buffer.alloc(0) }, { kind: "literal", bytes: Buffer.from([0xc3, 0x28]) }]).astring()],
    ["invalid UTF-8 in a quoted string", () => new Reader([{ kind: "text", bytes: Buffer.from([0x22, 0xff, 0x22]) }]).astring()],
  ])("refused: %s", (_, read) => {
    expect(read).toThrow(ImapSyntaxError)
  })

  test("nstring", () => {
    expect(reading("nil").nstring()).toBeNull()
    expect(reading("\"nil\"").nstring()).toBe("nil")
    expect(() => reading("x").nstring()).toThrow(ImapSyntaxError)
  })
})

describe("numbers", () => {
  test("number is 32 bit, number64 is 63 bit", () => {
    expect(reading("0").number()).toBe(0)
    expect(reading("4294967295").number()).toBe(4294967295)
    expect(() => reading("4294967296").number()).toThrow(ImapSyntaxError)
    expect(() => reading("0").nzNumber()).toThrow(ImapSyntaxError)
    expect(reading("9223372036854775807").number64()).toBe(2 ** 63)
    expect(() => reading("9223372036854775808").number64()).toThrow(ImapSyntaxError)
    expect(() => reading("1".repeat(5000)).number64()).toThrow(ImapSyntaxError)
  })
})

describe("flags", () => {
  test("system flags in any case, keywords as they are", () => {
    expect(reading("(\\seen \\ANSWERED $Forwarded Việc)".replace("Việc", "work")).flagList()).toEqual(["\\Seen", "\\Answered", "$Forwarded", "work"])
    expect(reading("()").flagList()).toEqual([])
  })
  test.each(["(\\Recent)", "(\\Foo)", "(\\)", "(a  b)", "(a b", "a b)", `(${"k".repeat(65)})`])("refused: %s", (text) => {
    expect(() => reading(text).flagList()).toThrow(ImapSyntaxError)
  })
})

describe("mailboxes", () => {
  test.each([
    ["inbox", "INBOX"],
    ["\"INBOX\"", "INBOX"],
    ["InBox/Sub", "INBOX/Sub"],
    ["Inboxes", "Inboxes"],
    ["\"Th&AbA- &AREA4w- g&Hu0-i\"", "Thư đã gửi"],
    ["&AOk-t&AOk-", "été"],
    ["a&-b", "a&b"],
    ["\"Thư đã gửi\"", "Thư đã gửi"],
    ["\"Thu\u031b\"", "Thư"],
    ["&2D3eAA-", "😀"],
  ])("%s is %s", (text, expected) => {
    expect(reading(text).mailbox()).toBe(expected)
  })
  test.each(["\"\"", "a&b", "&AOk", "&A-", "&2D0-", "\"a\tb\"", "&AAA-", "&AAo-"])("refused: %s", (text) => {
    expect(() => reading(text).mailbox()).toThrow(ImapSyntaxError)
  })
  test("with UTF-8 names the ampersand is only itself", () => {
    expect(new Reader([{ kind: "text", bytes: Buffer.from("\"R&D &AOk-\"") }], { utf8Names: true }).mailbox()).toBe("R&D &AOk-")
  })
  test("patterns", () => {
    expect(reading("%").listMailbox()).toBe("%")
    expect(reading("&AOk-*").listMailbox()).toBe("é*")
    expect(reading("\"\"").listMailbox()).toBe("")
  })
})

describe("dates", () => {
  test.each([
    ["\"17-Jul-1996 02:44:25 -0700\"", Date.UTC(1996, 6, 17, 9, 44, 25)],
    ["\" 7-Jul-1996 02:44:25 +0700\"", Date.UTC(1996, 6, 6, 19, 44, 25)],
    ["\"29-feb-2024 00:00:00 +0000\"", Date.UTC(2024, 1, 29)],
    ["\"01-Jan-0001 00:00:00 +0000\"", new Date("0001-01-01T00:00:00Z").getTime()],
  ])("date-time %s", (text, expected) => {
    expect(reading(text).dateTime()).toBe(expected)
  })
  test.each(["17-Jul-1996", "\"31-Feb-2024 00:00:00 +0000\"", "\"17-Jul-1996 24:00:00 +0000\"", "\"17-Foo-1996 00:00:00 +0000\"", "\"17-Jul-1996 00:00:00\"", "\"\""])("date-time refused: %s", (text) => {
    expect(() => reading(text).dateTime()).toThrow(ImapSyntaxError)
  })
  test("date, quoted or not", () => {
    expect(reading("1-Feb-1970").date()).toBe(31)
    expect(reading("\"01-FEB-1970\"").date()).toBe(31)
    expect(() => reading("30-Feb-1970").date()).toThrow(ImapSyntaxError)
  })
})

test("nothing is nested deeper than fifty levels", () => {
  const deep = (levels: number) => () => {
    const reader = reading("(".repeat(levels) + ")".repeat(levels))
    const inner = (): number => (reader.peek("(") ? reader.list(inner).length : 0)
    inner()
  }
  expect(deep(50)).not.toThrow()
  expect(deep(51)).toThrow("nested deeper")
  expect(deep(1000)).toThrow(ImapSyntaxError)
})

test("whatever the bytes, every method reads them or throws ImapSyntaxError", () => {
  const methods = ["atom", "keyword", "dottedName", "astring", "string", "nstring", "number", "nzNumber", "number64", "sequenceSet", "flag", "flagList", "mailbox", "listMailbox", "dateTime", "date", "end"] as const
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), fc.array(fc.constantFrom(...methods), { maxLength: 6 }), fc.boolean(), (pieces, calls, utf8Names) => {
      const reader = new Reader(pieces.map((bytes, at) => ({ kind: at % 2 === 0 ? "text" : "literal", bytes })), { utf8Names })
      try {
        for (const call of calls) {
          const value = reader[call]()
          if (typeof value === "string") expect(value.includes("\0")).toBe(false)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ImapSyntaxError)
      }
    }),
    { numRuns: 2000 },
  )
})
