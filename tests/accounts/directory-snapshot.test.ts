import { describe, expect, test } from "vitest"
import { buildDirectory, type DirectoryRows } from "../../src/accounts/directory-snapshot.ts"
import type { Account, Assignment, Principal } from "../../src/accounts/directory.ts"

const account = (id: number, address: string): Account => ({ id, address, kind: "personal", displayName: address, unitCode: "SNV", quotaBytes: 1, suspended: false })
const principal = (id: string, suspended = false): Principal => ({ id, kind: "individual", name: id, unitCode: "SNV", suspended })
const assignment = (accountId: number, principalId: string, from: string | null, until: string | null): Assignment => ({ accountId, principalId, rights: ["read"], from, until })

const rows: DirectoryRows = {
  version: 7,
  unitDomains: ["snv.tinh.example", "SYT.tinh.example", "tỉnh.example"],
  units: [],
  accounts: [account(1, "an@snv.tinh.example"), account(2, "van-phong@snv.tinh.example")],
  principals: [principal("P1"), principal("P2", true)],
  assignments: [
    { accountId: 1, principalId: "P1", rights: ["owner"], from: null, until: null },
    assignment(2, "P1", "2026-03-01", "2026-03-31"),
    assignment(2, "P2", null, null),
  ],
  aliases: [{ address: "nguyen.an@alias.example", accountId: 1 }],
  groups: [{ address: "tat-ca@nhom.example", displayName: "Tất cả", members: ["an@snv.tinh.example"], allowedSenders: null }],
  certificates: [
    { fingerprint: "a1", principalId: "P1", issuerHash: "ca", serialNumber: "1f", use: "personal", state: "active", stateAt: 3, notAfter: 5, accountIds: [1], from: null, until: null },
    { fingerprint: "b2", principalId: "P2", issuerHash: "ca", serialNumber: "20", use: "mobile", state: "revoked", stateAt: 3, notAfter: 5, accountIds: null, from: "2026-01-01", until: null },
    { fingerprint: "c3", principalId: "nobody", issuerHash: "ca", serialNumber: "21", use: "mobile", state: "active", stateAt: 3, notAfter: 5, accountIds: null, from: null, until: null },
  ],
}
const directory = await buildDirectory(rows)

describe("resolve", () => {
  test.each([
    ["an@snv.tinh.example", "account"],
    ["AN@SNV.TINH.EXAMPLE", "account"],
    ["nguyen.an@alias.example", "account"],
    ["tat-ca@nhom.example", "group"],
    ["nobody@snv.tinh.example", "unknown"],
    ["nobody@syt.tinh.example", "unknown"],
    ["nobody@alias.example", "unknown"],
    ["nobody@nhom.example", "unknown"],
    ["nobody@xn--tnh-y1y.example", "foreign"],
    ["nobody@tinh.example", "foreign"],
    ["an", "foreign"],
    ["", "foreign"],
    ["@", "foreign"],
    ["an@snv.tinh.example@elsewhere.example", "foreign"],
  ])("%s is %s", (address, kind) => {
    expect(directory.resolve(address).kind).toBe(kind)
  })

  test("a domain in A-labels is the same domain in U-labels", () => {
    expect(directory.isLocalDomain("tỉnh.example")).toBe(true)
    expect(directory.isLocalDomain("xn--tnh-dlz.example")).toBe(true)
    expect(directory.resolve("x@xn--tnh-dlz.example").kind).toBe("unknown")
    expect(directory.isLocalDomain("khác.example")).toBe(false)
  })

  test("an alias leads to its account, and delivers to it", () => {
    const found = directory.resolve("nguyen.an@alias.example")
    expect(found.kind === "account" && found.account.id).toBe(1)
    expect(directory.addressesOf(1)).toEqual(["an@snv.tinh.example", "nguyen.an@alias.example"])
    expect(directory.addressesOf(99)).toEqual([])
  })
})

describe("assignments in force", () => {
  // the day in the province begins at 17:00 UTC of the day before
  test.each([
    ["2026-02-28T16:59:59.999Z", false],
    ["2026-02-28T17:00:00Z", true],
    ["2026-03-15T00:00:00Z", true],
    ["2026-03-31T16:59:59.999Z", true],
    ["2026-03-31T17:00:00Z", false],
  ])("at %s: %s", (instant, inForce) => {
    const now = Date.parse(instant)
    expect(directory.assignmentsOfAccount(2, now).map(({ principalId }) => principalId)).toEqual(inForce ? ["P1"] : [])
    expect(directory.assignmentsOfPrincipal("P1", now).map(({ accountId }) => accountId)).toEqual(inForce ? [1, 2] : [1])
  })

  test("a suspended principal has none", () => {
    expect(directory.assignmentsOfPrincipal("P2", 0)).toEqual([])
  })

  test("an account knows whether it has an owner on record", () => {
    expect([directory.hasOwner(1), directory.hasOwner(2), directory.hasOwner(3)]).toEqual([true, false, false])
  })
})

describe("certificates", () => {
  test("are found by fingerprint, and by issuer and serial, in whatever state, with their holder", () => {
    expect(directory.certificate("a1")).toEqual({ fingerprint: "a1", holder: principal("P1"), use: "personal", state: "active", stateAt: 3, notAfter: 5, accountIds: [1], from: null, until: null })
    expect(directory.certificateByIssuerSerial({ issuerHash: "ca", serialNumber: "20" })).toBe(directory.certificate("b2"))
    expect(directory.certificate("b2")).toMatchObject({ state: "revoked", holder: { suspended: true } })
  })

  test.each([["c3"], ["d4"], [""]])("%j is nobody's", (fingerprint) => {
    expect(directory.certificate(fingerprint)).toBeUndefined()
    expect([...directory.certificates()]).toHaveLength(2)
    expect(directory.certificateByIssuerSerial({ issuerHash: "ca", serialNumber: fingerprint })).toBeUndefined()
  })
})
