import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { fieldValue, fieldValues, hasMoreFields, parseHeader, selectHeaderFields } from "../../src/mail/header.ts"

const bytes = (text: string): Buffer => Buffer.from(text, "latin1")

describe("fields", () => {
  test.each([
    ["folded lines are joined (RFC 5322 §2.2.3)", "Subject: a\r\n b\r\n\tc\r\n\r\n", [{ name: "subject", value: "a b\tc" }]],
    ["bare LF", "A: 1\nB: 2\n\nC: 3\n", [{ name: "a", value: "1" }, { name: "b", value: "2" }]],
    ["white space before the colon (RFC 5322 §4.5)", "Subject : x\r\n", [{ name: "subject", value: "x" }]],
    ["lines without a colon are no fields", "From somebody\r\nA: 1\r\njunk\r\n more: junk\r\n", [{ name: "a", value: "1" }]],
    ["a block that begins with a folded line", " x: y\r\nA: 1\r\n", [{ name: "a", value: "1" }]],
    ["names with spaces are no names", "not a name: x\r\nA: 1", [{ name: "a", value: "1" }]],
    ["empty value", "A:\r\nB: \r\n", [{ name: "a", value: "" }, { name: "b", value: "" }]],
    ["the last byte of a UTF-8 character is no space", "A: \xc3\xa0\r\n", [{ name: "a", value: "\xc3\xa0" }]],
    ["nothing", "", []],
  ])("%s", (_, block, fields) => {
    expect(parseHeader(bytes(block))).toEqual(fields)
  })

  test("the first of several, and all of them", () => {
    const fields = parseHeader(bytes("Received: 1\r\nreceived: 2\r\n\r\n"))
    expect(fieldValue(fields, "received")).toBe("1")
    expect(fieldValues(fields, "received")).toEqual(["1", "2"])
    expect(fieldValue(fields, "x")).toBeUndefined()
  })
})

test("fields are counted by the lines that begin one, and no further than asked for", () => {
  const block = bytes("A: 1\r\nB:\r\n 2\r\n\t3\r\nC: 4\r\n")
  expect([hasMoreFields(block, 2), hasMoreFields(block, 3)]).toEqual([true, false])
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a: b\r\n", " c\r\n", "\td\n", "e\n", ":\r\n"), { maxLength: 30 }), (lines) => {
      const begun = lines.filter((line) => !/^[ \t]/.test(line)).length
      expect(hasMoreFields(bytes(lines.join("")), begun)).toBe(false)
      if (begun > 0) expect(hasMoreFields(bytes(lines.join("")), begun - 1)).toBe(true)
    }),
  )
})

describe("HEADER.FIELDS (RFC 9051 §6.4.5)", () => {
  const block = "Received: a\r\n b\r\nFrom: c\r\njunk\r\nSubject: d\r\nRECEIVED: e\r\n\r\n"
  test.each([
    ["raw lines in the order of the block", ["subject", "received"], false, "Received: a\r\n b\r\nSubject: d\r\nRECEIVED: e\r\n\r\n"],
    ["no such field leaves the empty line", ["x"], false, "\r\n"],
    ["all others", ["RECEIVED", "x"], true, "From: c\r\njunk\r\nSubject: d\r\n\r\n"],
  ])("%s", (_, names, not, selected) => {
    expect(selectHeaderFields(bytes(block), names, not).toString("latin1")).toBe(selected)
  })

  test("a message without an empty line gets none", () => {
    expect(selectHeaderFields(bytes("A: 1\r\nB: 2\r\n"), ["a"]).toString()).toBe("A: 1\r\n")
  })

  test("fields and the others together are the whole block", () => {
    const line = fc.constantFrom("A: 1", "B: 2", " more", "junk", "a: x\r\n y", ": none", "b : 3")
    fc.assert(fc.property(fc.array(line), (all) => {
      const whole = all.map((text) => `${text}\r\n`).join("")
      const taken = selectHeaderFields(bytes(`${whole}\r\n`), ["a"]).length - 2
      const left = selectHeaderFields(bytes(`${whole}\r\n`), ["A"], true).length - 2
      expect(taken + left).toBe(whole.length)
    }))
  })
})
