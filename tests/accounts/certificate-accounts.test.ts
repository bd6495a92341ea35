import { expect, test } from "vitest"
import { chosenAccount, openedBy } from "../../src/accounts/certificate-accounts.ts"
import { buildDirectory, type CertificateOnRecord } from "../../src/accounts/directory-snapshot.ts"
import type { Account, Assignment, Principal, Right } from "../../src/accounts/directory.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import { authorityOf, holderOf, pkiTime } from "../support/test-pki.ts"

const account = (id: number, address: string, suspended = false): Account => ({ id, address, kind: "organizational", displayName: address, unitCode: "SNV", quotaBytes: 1, suspended })
const principal = (id: string, suspended = false): Principal => ({ id, kind: "organization", name: id, unitCode: "SNV", suspended })
const assignment = (accountId: number, principalId: string, rights: readonly Right[], until: string | null = null): Assignment => ({ accountId, principalId, rights, from: null, until })

const ca = authorityOf({ name: "CA" })
const holders = Object.fromEntries(
  ["one", "two", "three", "half", "held", "ended", "gone", "idle", "stranger", "alias", "nobody", "twoAddresses"].map((name) => [
    name,
    holderOf({
      name, by: ca, purposes: [keyPurpose.clientAuth],
      addresses: { stranger: ["mot-cua@tinh.example"], alias: ["bi-danh@tinh.example"], nobody: ["may@tinh.example"], twoAddresses: ["may@tinh.example", "mot-cua@tinh.example"], held: ["mot-cua@tinh.example"] }[name] ?? [],
    }).certificate,
  ]),
)
const certificate = (name: string) => {
  const found = holders[name]
  if (!found) throw new Error(name)
  return found
}
const onRecord = (name: string, principalId: string, more: Partial<CertificateOnRecord> = {}): CertificateOnRecord => ({
  fingerprint: certificate(name).fingerprint, principalId, issuerHash: "", serialNumber: name, use: "organizational", state: "active", stateAt: 0, notAfter: 9, accountIds: null, from: null, until: null, ...more,
})

const directory = await buildDirectory({
  version: 1,
  unitDomains: ["tinh.example"],
  units: [],
  accounts: [account(1, "mot-cua@tinh.example"), account(2, "bao-cao@tinh.example"), account(3, "dong@tinh.example", true), account(4, "may@tinh.example"), account(5, "chung@tinh.example")],
  principals: [principal("so"), principal("phong"), principal("nghi", true)],
  assignments: [
    assignment(1, "so", ["owner"]), assignment(3, "so", ["owner"]), assignment(5, "so", ["read"]),
    assignment(1, "phong", ["read", "send-as"]), assignment(2, "phong", ["read"]), assignment(5, "phong", ["read"], "2026-10-31"),
    assignment(2, "nghi", ["owner"]),
  ],
  aliases: [{ address: "bi-danh@tinh.example", accountId: 1 }],
  groups: [],
  certificates: [
    onRecord("one", "so"), onRecord("two", "phong"), onRecord("three", "phong", { accountIds: [2, 5] }), onRecord("half", "so", { accountIds: [2, 3] }),
    onRecord("held", "so", { state: "suspended" }), onRecord("ended", "so", { until: "2026-10-31" }), onRecord("gone", "so", { state: "revoked" }), onRecord("idle", "nghi"),
  ],
})

const choose = (name: string, authorizeAs: string, byAddress = false): string | null => {
  const found = chosenAccount(openedBy(certificate(name), directory, { now: pkiTime, byAddress }), authorizeAs, directory)
  return found ? `${found.account.address} as ${found.principalId ?? "nobody"}` : null
}

test.each<[certificate: string, authorizeAs: string, expected: string | null]>([
  // of several the one that is its holder's own
  ["one", "", "mot-cua@tinh.example as so"],
  ["one", "MOT-CUA@tinh.example", "mot-cua@tinh.example as so"],
  ["one", "bi-danh@tinh.example", "mot-cua@tinh.example as so"],
  ["one", "chung@tinh.example", "chung@tinh.example as so"],
  ["one", "bao-cao@tinh.example", null],
  ["one", "dong@tinh.example", null],
  ["one", "x@khac.example", null],
  ["one", "not an address", null],
  ["one", `${"a".repeat(400)}@tinh.example`, null],
  // two accounts, none its own: it must say which
  ["two", "", null],
  ["two", "bao-cao@tinh.example", "bao-cao@tinh.example as phong"],
  // bound to accounts, of which the assignment to one has ended
  ["three", "", "bao-cao@tinh.example as phong"],
  ["three", "mot-cua@tinh.example", null],
  ["three", "chung@tinh.example", null],
  ["half", "", null],
  ["held", "", null], ["ended", "", null], ["gone", "", null], ["idle", "", null],
  ["stranger", "", null], ["stranger", "mot-cua@tinh.example", null],
])("by the registry, %s as '%s' opens %s", (name, authorizeAs, expected) => {
  expect(choose(name, authorizeAs)).toBe(expected)
})

test.each<[certificate: string, authorizeAs: string, expected: string | null]>([
  ["stranger", "", "mot-cua@tinh.example as so"],
  ["nobody", "", "may@tinh.example as nobody"],
  ["twoAddresses", "", null],
  ["twoAddresses", "may@tinh.example", "may@tinh.example as nobody"],
  // an alias may be somebody else's tomorrow
  ["alias", "", null],
  // what is registered is bound by the registry alone
  ["held", "", null], ["held", "mot-cua@tinh.example", null],
])("where addresses count, %s as '%s' opens %s", (name, authorizeAs, expected) => {
  expect(choose(name, authorizeAs, true)).toBe(expected)
})
