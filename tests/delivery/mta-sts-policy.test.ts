import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { announcedId, type MtaStsPolicy, parsePolicy, permitsHost, policyLines } from "../../src/delivery/mta-sts-policy.ts"

describe("the record that announces a policy", () => {
  test.each<[name: string, records: readonly string[], id: string | undefined]>([
    ["as in RFC 8461 §3.1", ["v=STSv1; id=20160831085700Z;"], "20160831085700Z"],
    ["without the last semicolon, with fields that nobody knows", ["v=STSv1; x=1; id=a1"], "a1"],
    ["beside others", ["v=spf1 -all", "v=STSv1;id=a1"], "a1"],
    ["none", ["v=spf1 -all"], undefined],
    ["two of them", ["v=STSv1; id=a1", "v=STSv1; id=a2"], undefined],
    ["another version", ["v=STSv2; id=a1"], undefined],
    ["v not first", ["id=a1; v=STSv1;"], undefined],
    ["an id that is too long", [`v=STSv1; id=${"a".repeat(33)}`], undefined],
    ["an id with other signs", ["v=STSv1; id=a-1"], undefined],
    ["no id", ["v=STSv1;"], undefined],
  ])("%s", (_name, records, id) => expect(announcedId(records)).toBe(id))
})

const lines = (...more: readonly string[]): string => ["version: STSv1", ...more, ""].join("\r\n")

describe("a policy", () => {
  test.each<[name: string, text: string, expected: MtaStsPolicy | string]>([
    ["as in RFC 8461 §3.2", lines("mode: enforce", "mx: mail.example.com", "mx: *.example.net", "mx: backupmx.example.com", "max_age: 604800"), { mode: "enforce", mx: ["mail.example.com", "*.example.net", "backupmx.example.com"], maxAgeSeconds: 604_800 }],
    ["with bare LF, odd spaces and fields that nobody knows", "version: STSv1\nmode:testing\n mx : A.Example. \nx: y\nmax_age:  60\n\n", { mode: "testing", mx: ["a.example"], maxAgeSeconds: 60 }],
    ["of two modes the first", lines("mode: enforce", "mode: none", "mx: a.example", "max_age: 1"), { mode: "enforce", mx: ["a.example"], maxAgeSeconds: 1 }],
    ["none needs no host", lines("mode: none", "max_age: 86400"), { mode: "none", mx: [], maxAgeSeconds: 86_400 }],
    ["an age beyond a year is a year", lines("mode: enforce", "mx: a.example", "max_age: 9999999999"), { mode: "enforce", mx: ["a.example"], maxAgeSeconds: 31_557_600 }],
    ["no host", lines("mode: enforce", "max_age: 1"), "it names no host"],
    ["no age", lines("mode: enforce", "mx: a.example"), "its max_age is no number of seconds"],
    ["a negative age", lines("mode: enforce", "mx: a.example", "max_age: -1"), "its max_age is no number of seconds"],
    ["another version", "version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 1", "it is not of version STSv1"],
    ["an unknown mode", lines("mode: report", "mx: a.example", "max_age: 1"), "its mode is none of enforce, testing, none"],
    ["a wildcard within a name", lines("mode: enforce", "mx: a.*.example", "max_age: 1"), "a host in it is no name"],
    ["a wildcard that is no label", lines("mode: enforce", "mx: m*.example", "max_age: 1"), "a host in it is no name"],
    ["too many hosts", lines("mode: enforce", ...Array.from({ length: 201 }, (_, n) => `mx: m${n}.example`), "max_age: 1"), "it names more than 200 hosts"],
    ["nothing", "", "it is not of version STSv1"],
    ["a web page", "<!doctype html><title>404</title>", "it is not of version STSv1"],
  ])("%s", (_name, text, expected) => {
    const result = parsePolicy(text)
    expect(result.ok ? result.value : result.failure).toEqual(expected)
  })

  test("what is written is read back", () => {
    const label = fc.string({ unit: fc.constantFrom(..."abcxyz019"), minLength: 1, maxLength: 8 })
    const host = fc.tuple(fc.constantFrom("", "*."), fc.array(label, { minLength: 1, maxLength: 4 })).map(([star, labels]) => `${star}${labels.join(".")}`)
    const policy = fc.record({ mode: fc.constantFrom<MtaStsPolicy["mode"]>("enforce", "testing", "none"), mx: fc.array(host, { minLength: 1, maxLength: 20 }).map((all) => [...new Set(all)]), maxAgeSeconds: fc.constantFrom(0, 1, 86_400, 31_557_600) })
    fc.assert(fc.property(policy, fc.constantFrom("\n", "\r\n"), (one, end) => {
      const read = parsePolicy(policyLines(one).join(end))
      expect(read.ok && read.value).toEqual(one)
    }))
  })

  test("whatever comes is a policy or a clause, at once", () => {
    const piece = fc.constantFrom("version", ":", "STSv1", "\n", "\r", "mode", "enforce", "mx", "*.", "a", ".", "max_age", "1", " ", "\0", "đ")
    fc.assert(fc.property(fc.array(piece, { maxLength: 200 }).map((all) => all.join("")), (text) => {
      const read = parsePolicy(text)
      expect(read.ok ? read.value.mx.every((one) => one !== "") : read.failure !== "").toBe(true)
    }))
  })
})

test.each([
  ["mail.example.com", "mail.example.com", true],
  ["mail.example.com", "MAIL.example.com.", true],
  ["*.example.com", "mail.example.com", true],
  ["*.example.com", "a.mail.example.com", false],
  ["*.example.com", "example.com", false],
  ["*.example.com", ".example.com", false],
  ["example.com", "mail.example.com", false],
])("the pattern %s and the host %s: %s", (pattern, host, expected) => expect(permitsHost({ mx: [pattern] }, host)).toBe(expected))
