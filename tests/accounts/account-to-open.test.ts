import { describe, expect, test } from "vitest"
import { accountToOpen, whomClaimsName } from "../../src/accounts/account-to-open.ts"
import { buildDirectory } from "../../src/accounts/directory-snapshot.ts"
import type { Account, Assignment, Principal, Right } from "../../src/accounts/directory.ts"

const now = Date.parse("2026-06-15T03:00:00Z")
const account = (id: number, address: string, kind: Account["kind"], suspended = false): Account => ({ id, address, kind, displayName: address, unitCode: "SNV", quotaBytes: 1, suspended })
const principal = (id: string, suspended = false): Principal => ({ id, kind: "individual", name: id, unitCode: "SNV", suspended })
const assignment = (accountId: number, principalId: string, rights: readonly Right[], until: string | null = null): Assignment => ({ accountId, principalId, rights, from: null, until })

const directory = await buildDirectory({
  version: 1, unitDomains: ["tinh.example"], units: [], groups: [], certificates: [],
  accounts: [account(1, "vp@tinh.example", "organizational"), account(2, "an@tinh.example", "personal"), account(3, "binh@tinh.example", "personal", true), account(4, "trong@tinh.example", "organizational"), account(5, "cu@tinh.example", "personal"), account(6, "khoa@tinh.example", "personal")],
  principals: [principal("an"), principal("binh"), principal("cuong"), principal("khoa", true)],
  assignments: [
    assignment(1, "an", ["owner"]), assignment(2, "an", ["owner"]), assignment(3, "binh", ["owner"]), assignment(1, "cuong", ["read", "send-as"]), assignment(5, "cuong", ["owner"], "2026-06-14"), assignment(6, "khoa", ["owner"]),
  ],
  aliases: [{ address: "an.nv@tinh.example", accountId: 2 }],
})

test.each<[name: string, accountId: number | null, principalId: string | null, opens: number | undefined]>([
  ["the one named", 1, "an", 1],
  ["another of one's own, a personal one first", null, "an", 2],
  ["another, when the one named is somebody else's now", 3, "an", 2],
  ["none that is suspended", 3, "binh", undefined],
  ["none that one may only read", 1, "cuong", undefined],
  ["none whose time is over", 5, "cuong", undefined],
  ["none for a suspended person", 6, "khoa", undefined],
  ["one that nobody owns, by itself", 4, null, 4],
  ["none that has got an owner", 2, null, undefined],
  ["none for nobody", null, null, undefined],
])("a proven person opens %s", (_name, accountId, principalId, opens) => {
  expect(accountToOpen(directory, { accountId, principalId }, now)).toEqual(opens === undefined ? undefined : { accountId: opens, principalId })
})

describe("whom an identity provider names", () => {
  const email = { claim: "email", match: "address" } as const
  test.each<[name: string, claims: Readonly<Record<string, unknown>>, expected: number | string]>([
    ["the owner of a verified address", { email: "An@Tinh.example", email_verified: true }, 2],
    ["the owner of an alias", { email: "an.nv@tinh.example", email_verified: true }, 2],
    ["an address that nobody verified", { email: "an@tinh.example" }, "unverified"],
    ["an address verified in words only", { email: "an@tinh.example", email_verified: "true" }, "unverified"],
    ["nothing", { sub: "1" }, "missing"],
    ["a list", { email: ["an@tinh.example"], email_verified: true }, "missing"],
    ["more than an address can be", { email: `${"a".repeat(320)}@tinh.example`, email_verified: true }, "missing"],
    ["an address elsewhere", { email: "an@khac.example", email_verified: true }, "unknown"],
    ["an address that there is not", { email: "x@tinh.example", email_verified: true }, "unknown"],
    ["a suspended mailbox", { email: "binh@tinh.example", email_verified: true }, "unknown"],
    ["a mailbox whose owner's time is over", { email: "cu@tinh.example", email_verified: true }, "unknown"],
    ["a mailbox that nobody owns", { email: "trong@tinh.example", email_verified: true }, 4],
  ])("%s", (_name, claims, expected) => {
    const found = whomClaimsName(directory, claims, email, now)
    expect("owner" in found ? found.owner.accountId : found.problem).toBe(expected)
  })

  test("a principal's identifier names the person, and no claim but the one that counts is looked at", () => {
    const rule = { claim: "staff_id", match: "principal" } as const
    expect(whomClaimsName(directory, { staff_id: "an", email: "binh@tinh.example" }, rule, now)).toEqual({ owner: { accountId: 2, principalId: "an" }, named: "an" })
    for (const id of ["cuong", "khoa", "nobody", "an@tinh.example"]) expect(whomClaimsName(directory, { staff_id: id }, rule, now)).toEqual({ problem: "unknown", named: id })
  })
})
