import { describe, expect, test } from "vitest"
import { buildDirectory } from "../../src/accounts/directory-snapshot.ts"
import type { Account, Unit } from "../../src/accounts/directory.ts"
import { agencyOf, buildOrganization } from "../../src/accounts/organization.ts"
import { type FactsRequest, messageFacts } from "../../src/intake/message-facts.ts"
import { parseHeader } from "../../src/mail/header.ts"
import { unsigned } from "../policy/facts.ts"

const units: readonly Unit[] = [
  { code: "UBND", kind: "province", parentCode: null },
  { code: "UBND.VP", kind: "division", parentCode: "UBND" },
  { code: "SNV", kind: "department", parentCode: "UBND" },
  { code: "SNV.VP", kind: "division", parentCode: "SNV" },
  { code: "SNV.VP.A", kind: "division", parentCode: "SNV.VP" },
  { code: "H1", kind: "district", parentCode: "UBND" },
  { code: "H1.X", kind: "commune", parentCode: "H1" },
]
const account = (id: number, address: string, unitCode: string, kind: Account["kind"] = "personal"): Account => ({ id, address, kind, displayName: address, unitCode, quotaBytes: 1e9, suspended: false })
const accounts = [account(1, "an@snv.example", "SNV.VP.A"), account(2, "vp@snv.example", "SNV", "organizational"), account(3, "ubnd@tinh.example", "UBND.VP"), account(4, "ct@tinh.example", "UBND"), account(5, "h1@tinh.example", "H1"), account(6, "x@tinh.example", "H1.X")]
const directory = await buildDirectory({
  version: 1, unitDomains: ["tinh.example", "snv.example"], units, accounts, principals: [], assignments: [], certificates: [], aliases: [{ address: "nguyen.an@snv.example", accountId: 1 }],
  groups: [
    { address: "vong-1@tinh.example", displayName: "", members: ["vong-2@tinh.example"], allowedSenders: null },
    { address: "vong-2@tinh.example", displayName: "", members: ["vong-1@tinh.example", "An@snv.example"], allowedSenders: null },
  ],
})

const ask = (change: Partial<FactsRequest> & { readonly text?: string; readonly to?: readonly number[] }) => {
  const { text = "From: an@snv.example\r\nSubject: a\r\n\r\n", to = [], ...rest } = change
  return messageFacts({
    directory, header: parseHeader(Buffer.from(text)), bytes: 100, reversePath: "an@snv.example", recipients: to.map((id) => ({ recipient: accounts[id - 1]?.address ?? "ai@xa.example", accountId: id <= accounts.length ? id : null })),
    speaksFor: accounts.slice(0, 1), fromOutside: false, authentication: { how: "password", principalId: "CN1" }, tls: null, signature: unsigned, at: 0, examined: new Set(["x-do-mat"]), ...rest,
  })
}

describe("the direction of a message", () => {
  const foreign = 99
  test.each<[string, readonly number[], Partial<FactsRequest>, string]>([
    ["inside one department is internal", [2], {}, "internal"],
    ["to another agency is a submission", [5], {}, "submission"],
    ["to both is a submission", [2, 5], {}, "submission"],
    ["with one foreign recipient is outbound", [2, 5, foreign], {}, "outbound"],
    ["from outside is inbound, whoever it reaches", [2], { fromOutside: true, speaksFor: [] }, "inbound"],
    ["of the system itself is internal", [5], { speaksFor: [] }, "internal"],
    ["of the system itself to outside is outbound", [foreign], { speaksFor: [] }, "outbound"],
    ["inside the provincial office is internal", [4], { speaksFor: accounts.slice(2, 3) }, "internal"],
    ["under two names is a submission when it leaves either's agency", [2], { speaksFor: [accounts[0], accounts[4]].flatMap((one) => one ?? []) }, "submission"],
    ["from a district to its commune is a submission", [6], { speaksFor: accounts.slice(4, 5) }, "submission"],
  ])("%s", (_name, to, change, expected) => {
    expect(ask({ to, ...change }).direction).toBe(expected)
  })
})

describe("the parties of a message", () => {
  test("have their units up to the province and every group around them", () => {
    expect(ask({ to: [1] }).sender).toEqual({
      address: "an@snv.example", domain: "snv.example", local: true, kind: "personal", units: ["SNV.VP.A", "SNV.VP", "SNV", "UBND"], groups: ["vong-2@tinh.example", "vong-1@tinh.example"],
    })
  })

  test("from outside: the sender is whom From: shows, whatever the reverse-path", () => {
    const outside = { fromOutside: true, speaksFor: [], reversePath: "x@nowhere.example" }
    expect(ask({ ...outside, text: "From: =?utf-8?q?B=E1=BB=99?= <VT@Bo.example>\r\n\r\n" }).sender).toEqual({ address: "vt@bo.example", domain: "bo.example", local: false, kind: "foreign", units: [], groups: [] })
    expect(ask({ ...outside, text: "From: nguyen.an@snv.example\r\n\r\n" }).sender).toMatchObject({ address: "an@snv.example", local: true, kind: "personal" })
    expect(ask({ ...outside, text: "From: nobody@snv.example\r\n\r\n" }).sender).toMatchObject({ local: true, kind: "foreign" })
    expect(ask({ ...outside, reversePath: "", text: "Subject: x\r\n\r\n" }).sender).toBeNull()
    expect(ask({ ...outside, text: "From: a@xa.example\r\nFrom: b@bo.example, c@bo.example\r\n\r\n" }).header.from).toEqual(["a@xa.example", "b@bo.example", "c@bo.example"])
  })

  test.each(["x@nowhere.example, nobody@snv.example", "<x@nowhere.example> <nobody@snv.example>", "nobody@snv.example@nowhere.example", "x@nowhere.example\r\nFrom: nobody@snv.example", "nobody@snv.example."])("from outside: a colleague is seen wherever a reader may see him: %s", (from) => {
    expect(ask({ fromOutside: true, speaksFor: [], reversePath: "x@nowhere.example", text: `From: ${from}\r\n\r\n` }).sender).toMatchObject({ domain: "snv.example", local: true })
  })

  test("are one of each sort among recipients", () => {
    const many = Array.from({ length: 5000 }, (_, n) => ({ recipient: `a${n}@xa.example`, accountId: null }))
    expect(ask({ recipients: [...many, { recipient: "b@bo.example", accountId: null }] }).recipients.map(({ address }) => address)).toEqual(["a0@xa.example", "b@bo.example"])
  })
})

describe("the header", () => {
  test("is decoded, and bounded whatever was sent", () => {
    const text = `From: a@b.example\r\nSubject: =?utf-8?b?W03huqxUXQ==?=\r\n =?utf-8?b?IELDoW8gY8Ohbw==?=\r\nX-Do-Mat: MẬT\r\nx-do-mat: khác\r\nReceived: x\r\nX-Long: ${"y".repeat(50_000)}\r\n${Array.from({ length: 500 }, (_, n) => `X-${n}: 1`).join("\r\n")}\r\n\r\n`
    const { header, hops } = ask({ text })
    expect(header.subject).toBe("[MẬT] Báo cáo")
    expect(header.fields["x-do-mat"]).toEqual(["MẬT", "khác"])
    expect(header.fields["x-long"]?.[0]).toHaveLength(1000)
    expect(Object.keys(header.fields)).toHaveLength(201)
    expect(header.cut).toBeUndefined()
    expect(header.fields["received"]).toBeUndefined()
    expect(hops).toBe(1)
  })

  test("keeps a field in which the policy looks, however many others come before it", () => {
    const others = Array.from({ length: 500 }, (_, n) => `X-${n}: 1\r\n`).join("")
    expect(ask({ text: `${others}X-Do-Mat: MẬT\r\n\r\n` }).header.fields["x-do-mat"]).toEqual(["MẬT"])
  })

  test.each([
    ["a subject longer than what is kept", `Subject: ${"x".repeat(4000)} [MẬT]\r\n`],
    ["a subject whose encoded-words are", `Subject: ${"=?utf-8?q?=20?= ".repeat(4000)}=?utf-8?b?W03huqxUXQ==?=\r\n`],
    ["more subjects than are kept", `${"Subject: x\r\n".repeat(10)}Subject: [MẬT]\r\n`],
    ["a field in which the policy looks, too long", `X-Do-Mat: ${"x".repeat(4000)} MẬT\r\n`],
    ["such a field, too often there", `${"X-Do-Mat: thường\r\n".repeat(10)}X-Do-Mat: MẬT\r\n`],
  ])("says when it was cut where the policy looks: %s", (_what, text) => {
    expect(ask({ text: `${text}\r\n` }).header.cut).toBe(true)
  })

  test("is decoded as often as readers decode it", () => {
    expect(ask({ text: `Subject: =?utf-8?b?${Buffer.from("=?UTF8?b?W03huqxUXQ==?=").toString("base64")}?=\r\n\r\n` }).header.subject).toBe("[MẬT]")
  })

  test("shows a mark in any of several subjects", () => {
    expect(ask({ text: "Subject: Báo cáo\r\nSubject: TỐI MẬT\r\n\r\n" }).header.subject).toBe("Báo cáo | TỐI MẬT")
  })

  test("may hold names that mean something to JavaScript", () => {
    expect(Object.keys(ask({ text: "__proto__: x\r\nconstructor: y\r\n\r\n" }).header.fields)).toEqual(["__proto__", "constructor"])
  })
})

describe("an organization", () => {
  test("with a cycle of units has paths that end", () => {
    const { unitPath } = buildOrganization({ units: [{ code: "a", kind: "division", parentCode: "b" }, { code: "b", kind: "division", parentCode: "a" }], groups: [] })
    expect(unitPath("a").map(({ code }) => code)).toEqual(["a", "b"])
    expect(agencyOf(unitPath("a"))).toBe("b")
    expect(agencyOf(unitPath("c"))).toBeNull()
  })
})
