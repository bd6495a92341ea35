import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { dmarcTags, publishedPolicy, reportDestinations } from "../../src/reports/dmarc-record.ts"

const tagsOf = (text: string): ReadonlyMap<string, string> => dmarcTags(text) ?? new Map()

describe("where a DMARC record wants reports", () => {
  test.each<[string, string, readonly (string | [string, number])[]]>([
    ["one address", "v=DMARC1; p=none; rua=mailto:r@xa.example", ["r@xa.example"]],
    ["several, with white space", "v=DMARC1;p=none;rua=mailto:r@xa.example , mailto:s@huyen.example", ["r@xa.example", "s@huyen.example"]],
    ["limits (RFC 7489 §6.2)", "v=DMARC1; rua=mailto:a@xa.example!10m,mailto:b@xa.example!50,mailto:c@xa.example!2K", [["a@xa.example", 10_485_760], ["b@xa.example", 50], ["c@xa.example", 2_048]]],
    ["a header field for the letter, which is not ours to write", "v=DMARC1; rua=mailto:r@xa.example?subject=x!1k", [["r@xa.example", 1_024]]],
    ["escaped characters", "v=DMARC1; rua=mailto:r%2bdmarc@XA.example", ["r+dmarc@xa.example"]],
    ["another scheme, what is no address, and a list too long", `v=DMARC1; rua=https://xa.example/,mailto:,mailto:r,mailto:%0d%0ax@xa.example,mailto:%,mailto:r@xa.example`, []],
    ["nothing", "v=DMARC1; p=reject", []],
    ["spaces and ends of lines beyond ASCII", "v=DMARC1; p=none; rua=mailto:%E3%80%80@xa.example,mailto:a%E2%80%A8b@xa.example,mailto:c%C2%85@xa.example", []],
  ])("%s", (_, text, expected) => {
    expect(reportDestinations(tagsOf(text)).map(({ address, maxBytes }) => (maxBytes === null ? address : [address, maxBytes]))).toEqual(expected)
  })

  test.each(["v=DMARC2; p=none", "p=none; v=DMARC1", "v=DMARC1x; p=none", "v=DMARC1; p=none; p=reject", ""])("no record: %s", (text) => {
    expect(dmarcTags(text)).toBeUndefined()
  })

  test("any text is read without a throw, and no address breaks a line", () => {
    fc.assert(fc.property(fc.uint16Array({ maxLength: 100 }).map((units) => String.fromCharCode(...units)), (uri) => {
      for (const { address } of reportDestinations(tagsOf(`v=DMARC1; p=none; rua=mailto:${uri},mailto:${encodeURIComponent(uri.toWellFormed())}@xa.example`))) expect(address).not.toMatch(/[\s<>\p{Cc}]/u)
    }))
  })
})

test.each([
  ["v=DMARC1; p=reject", { p: "reject", sp: "reject", np: "", adkim: "r", aspf: "r", testing: false, fo: "0" }],
  ["v=DMARC1; P=x; p=Quarantine; sp=none; np=reject; adkim=s; aspf=S; t=y; fo=1:d; rua=mailto:r@xa.example", { p: "quarantine", sp: "none", np: "reject", adkim: "s", aspf: "s", testing: true, fo: "1:d" }],
  ["v=DMARC1; rua=mailto:r@xa.example", { p: "none", sp: "none", np: "" }],
  ["v=DMARC1; p=reject; sp=all; fo=<x>", { p: "none", sp: "none", np: "", fo: "0" }],
])("the policy of %s", (text, expected) => {
  expect(publishedPolicy("xa.example", tagsOf(text))).toMatchObject({ domain: "xa.example", ...expected })
})
