import { describe, expect, test } from "vitest"
import { buildDirectory } from "../../src/accounts/directory-snapshot.ts"
import type { Account, Assignment, Principal, Right } from "../../src/accounts/directory.ts"
import { dueWarnings, nearestThreshold } from "../../src/notifications/expiry-due.ts"
import type { NotifiedAdministrator } from "../../src/accounts/notified-administrators.ts"
import type { EndingCertificate } from "../../src/store/expiry-store.ts"

const day = 86_400_000
const now = Date.parse("2026-06-15T03:00:00Z")

test.each([
  [61 * day, undefined], [60 * day + 1, undefined], [60 * day, 60], [31 * day, 60], [30 * day, 30], [8 * day, 30], [7 * day, 7], [1.5 * day, 7], [day, 1], [1, 1], [0, undefined], [-day, undefined],
])("a certificate that ends in %d ms is due at %s days", (left, days) => {
  expect(nearestThreshold(now + left, now)).toBe(days)
})

const account = (id: number, address: string, more: Partial<Account> = {}): Account => ({ id, address, kind: "personal", displayName: address, unitCode: "SNV", quotaBytes: 1, suspended: false, ...more })
const principal = (id: string, more: Partial<Principal> = {}): Principal => ({ id, kind: "individual", name: id, unitCode: "SNV", suspended: false, ...more })
const assignment = (accountId: number, principalId: string, rights: readonly Right[], until: string | null = null): Assignment => ({ accountId, principalId, rights, from: null, until })
const directory = await buildDirectory({
  version: 1,
  unitDomains: [],
  units: [
    { code: "SNV", kind: "department", parentCode: null }, { code: "PHONG", kind: "office", parentCode: "SNV" }, { code: "XA", kind: "commune", parentCode: null },
  ],
  accounts: [
    account(1, "an@t.example"), account(2, "truong@t.example"), account(3, "so@t.example", { kind: "organizational" }), account(4, "xa@t.example", { kind: "organizational", unitCode: "XA" }),
    account(5, "dong@t.example", { suspended: true, unitCode: "KHAC" }),
  ],
  principals: [
    principal("an"), principal("truong"), principal("so", { kind: "organization" }), principal("nghi", { suspended: true }), principal("canbo", { unitCode: "XA" }), principal("dong", { unitCode: "KHAC" }),
    principal("cu"), principal("phong", { unitCode: "PHONG" }),
  ],
  assignments: [
    assignment(1, "an", ["owner"]), assignment(2, "truong", ["owner"]), assignment(3, "so", ["owner"]), assignment(3, "truong", ["read", "administer"]), assignment(3, "cu", ["administer"], "2026-06-14"),
    assignment(4, "canbo", ["read", "write"]), assignment(5, "dong", ["owner"]),
  ],
  aliases: [],
  groups: [],
  certificates: [],
})
const certificate = (principalId: string, more: Partial<EndingCertificate> = {}): EndingCertificate => ({ fingerprint: `f-${principalId}`, subject: `CN=${principalId}`, principalId, use: "personal", notAfter: now + 5 * day, told: [], ...more })
const due = (certificates: readonly EndingCertificate[], administrators: readonly NotifiedAdministrator[] = []) => dueWarnings({ certificates, directory, administrators, now })
const recipients = (certificates: readonly EndingCertificate[], administrators?: readonly NotifiedAdministrator[]): string[] => [...due(certificates, administrators).byRecipient.keys()]

describe("who is warned", () => {
  test.each([
    ["an", ["an@t.example", "truong@t.example"]],
    ["truong", ["truong@t.example"]],
    ["so", ["so@t.example", "truong@t.example"]],
    ["canbo", ["xa@t.example"]],
    ["nghi", []],
    ["dong", []],
    ["khongai", []],
  ])("for a certificate of %s: %j", (holder, expected) => {
    expect(recipients([certificate(holder)])).toEqual(expected)
  })

  test("administrators of everything, of every certificate, and each once", () => {
    expect(recipients([certificate("dong"), certificate("truong")], [{ address: "qt@t.example", unitCode: null }, { address: "truong@t.example", unitCode: null }])).toEqual(["qt@t.example", "truong@t.example"])
    expect(due([certificate("dong")]).unreachable.map(({ fingerprint }) => fingerprint)).toEqual(["f-dong"])
  })

  test("administrators of a unit, of what belongs to it or to one below", () => {
    const administrators = [{ address: "so-qt@t.example", unitCode: "SNV" }]
    expect(recipients([certificate("an")], administrators)).toContain("so-qt@t.example")
    expect(recipients([certificate("phong")], administrators)).toEqual(["so-qt@t.example"])
    expect(recipients([certificate("canbo")], administrators)).toEqual(["xa@t.example"])
  })
})

test("who was told of this threshold is not told again, of a nearer one they are", () => {
  const told = [{ days: 7, recipient: "truong@t.example" }, { days: 30, recipient: "an@t.example" }]
  expect(recipients([certificate("an", { told })])).toEqual(["an@t.example"])
  expect(recipients([certificate("an", { told, notAfter: now + day })])).toEqual(["an@t.example", "truong@t.example"])
})

test("one mailbox is told of all at once", () => {
  const found = due([certificate("an"), certificate("truong"), certificate("so", { use: "organizational" })]).byRecipient.get("truong@t.example")
  expect(found?.map(({ holder, days }) => [holder.id, days])).toEqual([["an", 7], ["truong", 7], ["so", 7]])
})
