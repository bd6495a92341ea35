import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { addressesIn, asciiDomain, canonicalAddress, isValidMailbox, needsSmtpUtf8, parseAddressList, parsePath, splitAddress } from "../../src/mail/address.ts"
import { renderEnvelope } from "../../src/mail/envelope-structure.ts"
import { parseHeader } from "../../src/mail/header.ts"
import { readImapValue } from "./scan.ts"

test.each([
  ["An.Nguyen@Tinh.Example", "an.nguyen@tinh.example"],
  ["A@T\u00cdNH.example", "a@t\u00ednh.example"],
  ["\u0110o\u0301ng@x.example", "\u0111\u00f3ng@x.example"],
  ["a@[192.0.2.1]", "a@[192.0.2.1]"],
  ['"An.Nguyen"@x.example', "an.nguyen@x.example"],
  ['"a b"@x.example', '"a b"@x.example'],
  ["a@x%2ey", "a@x%2ey"],
  ["a@X.example.", "a@x.example"],
  ["a@.", "a@."],
  ["Postmaster", "postmaster"],
  [" a@x.example ", "a@x.example"],
])("canonical form of %s", (address, canonical) => {
  expect(canonicalAddress(address)).toBe(canonical)
})

test("A-labels and U-labels meet in one canonical form", () => {
  const domain = "s\u1edf-n\u1ed9i-v\u1ee5.example"
  expect(canonicalAddress(`a@${asciiDomain(domain)}`)).toBe(canonicalAddress(`A@${domain.toUpperCase()}`))
  expect(asciiDomain(domain)).toMatch(/^xn--[a-z0-9-]+\.example$/)
  expect(asciiDomain("[192.0.2.1]")).toBeUndefined()
})

test("split and SMTPUTF8", () => {
  expect(splitAddress("a@b@c")).toEqual({ localPart: "a@b", domain: "c" })
  expect(splitAddress("@c")).toBeUndefined()
  expect(splitAddress("a@")).toBeUndefined()
  expect(needsSmtpUtf8("\u0111@x.example")).toBe(true)
  expect(needsSmtpUtf8("d@\u0111.example")).toBe(false)
})

describe("mailbox syntax and limits (RFC 5321 §4.5.3.1)", () => {
  test.each([
    "a@b", "a.b+c@x.example", '"a b"@x.example', '"a\\"b"@x.example', "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "\u0111\u00f4ng@t\u1ec9nh.example",
    `${"a".repeat(64)}@x.example`, `a@${"b".repeat(63)}.example`,
  ])("%s", (address) => expect(isValidMailbox(address)).toBe(true))
  test.each([
    "", "a", "@x", "a@", "a..b@x", ".a@x", "a.@x", "a b@x", "a@x..y", "a@-x", "a@x-", "a@x_y", "a@[1.2.3]", "a@[300.1.1.1]", "a@[x]", '"a@x', "a<b>@x", "a@x\r\n", "a\0@x",
    `${"a".repeat(65)}@x.example`, `a@${"b".repeat(64)}.example`, `a@${"b.".repeat(130)}example`,
  ])("not %j", (address) => expect(isValidMailbox(address)).toBe(false))
})

test.each([
  ["<>", ""], ["<a@x.example>", "a@x.example"], ["<@r.example,@s.example:a@x.example>", "a@x.example"], ["<Postmaster>", "Postmaster"],
  ["a@x.example", undefined], ["<a@x", undefined], ["<a b@x>", undefined], ["<@r:>", undefined],
])("path %s", (path, address) => expect(parsePath(path)).toBe(address))

describe("address lists (RFC 5322 §3.4)", () => {
  const flat = (value: string): unknown[] =>
    parseAddressList(value).map((item) => (item.kind === "group" ? [item.name, item.members.map((member) => (member.kind === "mailbox" ? `${member.localPart}@${member.domain}` : "?"))] : [item.name, item.localPart, item.domain]))

  test.each<[string, unknown[]]>([
    ["a@x.example", [["", "a", "x.example"]]],
    ["An <a@x.example>, b@y.example", [["An", "a", "x.example"], ["", "b", "y.example"]]],
    ['"Nguy, An" <a@x.example>', [["Nguy, An", "a", "x.example"]]],
    ['"a\\"b" <a@x>', [['a"b', "a", "x"]]],
    ["  Two   Words  <a@x>", [["Two Words", "a", "x"]]],
    ["a@x.example (An Nguyen)", [["An Nguyen", "a", "x.example"]]],
    ["An (a, comment) <a@x>", [["An", "a", "x"]]],
    ["undisclosed-recipients:;", [["undisclosed-recipients", []]]],
    ["Team: a@x, B <b@y>;, c@z", [["Team", ["a@x", "b@y"]], ["", "c", "z"]]],
    ["Team: a@x", [["Team", ["a@x"]]]],
    ["<@r.example:a@x>", [["", "a", "x"]]],
    ['"a b"@x', [["", "a b", "x"]]],
    ["nobody", [["", "nobody", ""]]],
    ["An <a@x", [["An", "a", "x"]]],
    [",,a@x,,", [["", "a", "x"]]],
    ["<>", []],
    ["", []],
    ["Phòng à <a@x>", [["Phòng à", "a", "x"]]],
  ])("%s", (value, expected) => expect(flat(value)).toEqual(expected))

  test("all mailboxes of a list", () => {
    expect(addressesIn(parseAddressList('Team: a@x, "b c"@y;, none, d@z'))).toEqual(["a@x", '"b c"@y', "d@z"])
  })

  test("whatever it is given, it ends and renders to a value that clients can read", () => {
    const piece = fc.constantFrom('"', "\\", "(", ")", "<", ">", ",", ";", ":", "@", " ", "a", "b@c", "\xc3\xa0", "\0")
    fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (all) => {
      readImapValue(renderEnvelope(parseHeader(Buffer.from(`From: ${all.join("")}\r\nTo: x@y\r\n\r\n`, "latin1"))))
    }), { numRuns: 1_000 })
  })
})

describe("ENVELOPE (RFC 9051 §7.5.2)", () => {
  const envelope = (...header: readonly string[]): string => renderEnvelope(parseHeader(Buffer.from(`${header.join("\r\n")}\r\n\r\n`, "latin1")))

  test("Sender and Reply-To default to From, also when they are empty", () => {
    const from = '(("An" NIL "a" "x.example"))'
    expect(envelope("From: An <a@x.example>", "Sender: ")).toBe(`(NIL NIL ${from} ${from} ${from} NIL NIL NIL NIL NIL)`)
  })

  test("everything", () => {
    expect(envelope("Date: D", "Subject: =?utf-8?q?x?=", "From: a@x", "Sender: b@x", "Reply-To: c@x", "To: G: d@x;", "To: e@x", "Cc: f@x", "Bcc: g@x", "In-Reply-To: <1@x>", "Message-ID: <2@x>"))
      .toBe('("D" "=?utf-8?q?x?=" ((NIL NIL "a" "x")) ((NIL NIL "b" "x")) ((NIL NIL "c" "x")) ((NIL NIL "G" NIL)(NIL NIL "d" "x")(NIL NIL NIL NIL)(NIL NIL "e" "x")) ((NIL NIL "f" "x")) ((NIL NIL "g" "x")) "<1@x>" "<2@x>")')
  })

  test("an obsolete route, a name in raw UTF-8, an address without a domain", () => {
    expect(envelope("From: \xc4\x90 <@r,@s:a@x>", "To: nobody")).toContain('(({2}\r\n\xc4\x90 "@r,@s" "a" "x"))')
    expect(envelope("To: nobody")).toContain('((NIL NIL "nobody" ""))')
  })
})
