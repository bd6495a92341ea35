import { describe, expect, test } from "vitest"
import { defaultAddressRule } from "../../../src/accounts/provision/address-rule.ts"
import type { DirectoryState } from "../../../src/accounts/import/provisioning-store.ts"
import type { LdapGroup, LdapPerson } from "../../../src/accounts/ldap-sync/entries.ts"
import { planSync } from "../../../src/accounts/ldap-sync/plan.ts"

const none = new Set<string>()
const state: DirectoryState = {
  version: 7, suspendedPrincipals: none, suspendedAccounts: none, archivedAccounts: none, suspendedCertificates: none, revokedCertificates: none, certificateNames: new Map(),
  tables: {
    units: [{ code: "A", name: "Sở A", kind: "department", parentCode: null, domain: "a.example" }, { code: "B", name: "Trùng tên", kind: "division", parentCode: "A", domain: "a.example" }, { code: "C", name: "Trùng tên", kind: "division", parentCode: "A", domain: "a.example" }],
    principals: [{ principalId: "CN00004", kind: "individual", name: "Lê Cũ", unitCode: "A", title: "", phone: "" }],
    accounts: [{ address: "cu@a.example", kind: "personal", displayName: "Lê Cũ", unitCode: "A", quotaBytes: 5 }, { address: "vp@a.example", kind: "organizational", displayName: "Văn phòng", unitCode: "A", quotaBytes: 5 }],
    assignments: [{ address: "cu@a.example", principalId: "CN00004", rights: ["owner"], from: null, until: null }], aliases: [], groups: [], members: [], certificates: [],
  },
}
const person = (externalId: string, more: Partial<LdapPerson> = {}): LdapPerson => ({ dn: `cn=${externalId}`, externalId, number: "", name: `Nguyễn ${externalId}`, unit: "A", title: "", phone: "", address: `${externalId.toLowerCase()}@a.example`, ...more })
const group = (externalId: string, members: readonly string[] | null, more: Partial<LdapGroup> = {}): LdapGroup => ({ dn: `cn=${externalId}`, externalId, name: `Nhóm ${externalId}`, address: `${externalId.toLowerCase()}@a.example`, members, ...more })
const linked = { kind: "person", externalId: "Cu", key: "CN00004", gone: false } as const
const plan = (people: readonly LdapPerson[], groups: readonly LdapGroup[] = [], links: readonly (typeof linked)[] = [], rules: ReadonlyMap<string, string> = new Map()) =>
  planSync({ people, groups }, { state, links, rules }, { defaultUnit: "", quotaBytes: 9, addressRule: defaultAddressRule, today: "2026-11-27", takeOver: none })
const reasons = (made: Awaited<ReturnType<typeof plan>>): readonly string[] => made.problems.map(({ reason }) => reason)

describe("people", () => {
  test("whoever was made by hand is never suspended, whoever was taken over is, when no entry has him any more", async () => {
    expect((await plan([])).plan.tables.principals.suspend).toEqual([])
    const made = await plan([], [], [linked])
    expect(made).toMatchObject({ suspended: 1, linked: 1, plan: { tables: { principals: { suspend: [{ principalId: "CN00004" }] }, accounts: { suspend: [{ address: "cu@a.example" }] } } }, links: [{ ...linked, gone: true }] })
  })

  test.each<[string, Partial<LdapPerson>, RegExp]>([
    ["no unit", { unit: "" }, /^has no unit$/], ["a unit's name that two have", { unit: "Trùng tên" }, /no one unit/], ["no name", { name: "" }, /^Name: is empty$/], ["a phone that is none", { phone: "<x>" }, /^Phone: /], ["a number that is none", { number: "a b" }, /^Person's id: /],
  ])("an entry with %s is reported, and he who is linked to it stays as he is", async (_name, more, reason) => {
    const made = await plan([person("Cu", more)], [], [linked])
    expect(reasons(made)).toEqual([expect.stringMatching(reason)])
    expect([made.suspended, made.plan.tables.principals.change, made.links]).toEqual([0, [], [linked]])
  })

  test("addresses: theirs where they are of ours and free; else by the unit's rule, which the units below have, too", async () => {
    const made = await plan([person("An"), person("Vp", { address: "vp@a.example" }), person("Xa", { name: "Trần Văn Xa", address: "xa@khac.example", unit: "B" }), person("Xa2", { name: "Trần Vũ Xạ", address: "" , unit: "B" })], [], [], new Map([["A", "{hoten}@{domain}"]]))
    expect(made.plan.tables.accounts.add.map(({ address }) => address)).toEqual(["an@a.example", "tranvanxa@a.example", "tranvuxa@a.example"])
    expect(reasons(made)).toEqual(["the address vp@a.example is taken"])
    expect(made.plan.tables.principals.add.map(({ principalId }) => principalId)).toEqual(["CN00005", "CN00007", "CN00008"])
  })

  test("nobody is given a name that is the system's, or an address that shows as another one", async () => {
    const made = await plan([person("M", { address: "postmaster@a.example" }), person("H", { address: "An\u200b@a.example" }), person("B", { address: "an@a.example" })])
    expect(reasons(made)).toEqual(["postmaster@a.example is a name that the system needs", expect.stringMatching(/^Address: /) as string])
    expect(made.plan.tables.accounts.add.map(({ address }) => address)).toEqual(["an@a.example"])
  })

  test("one number, or one address, is one person's", async () => {
    expect(reasons(await plan([person("M", { number: "N1" }), person("H", { number: "N1" })]))).toEqual(["the number N1 is another entry's, too"])
    expect(reasons(await plan([person("M", { address: "x@a.example" }), person("H", { address: "X@a.example" })]))).toEqual(["the address x@a.example is taken"])
    expect((await plan([person("Cu")])).links).toEqual([linked])
    expect(reasons(await plan([person("Khac", { address: "cu@a.example" }), person("Cu")], [], [linked]))).toEqual(["CN00004 is, or was, another entry's"])
  })
})

test("what is reported can be stored: no NUL, no half of a character", async () => {
  const made = await plan([person("Cu", { dn: `cn=${"x".repeat(296)}\u{1f600}`, unit: `A\u0000${"y".repeat(57)}\u{1f600}` }), person("", { dn: "cn=\u0000\u001b[2J" })])
  expect(made.problems).toHaveLength(2)
  // oxlint-disable-next-line no-control-regex -- exactly the characters that a terminal would obey
  for (const { dn, reason } of made.problems) for (const text of [dn, reason]) expect([text, text.isWellFormed(), /[\x00-\x1f\x7f-\x9f]/.test(text)]).toEqual([text, true, false])
})

test("others have their turn while thousands are planned", async () => {
  let turns = 0
  let next = setImmediate(function count() {
    turns++
    next = setImmediate(count)
  })
  const made = await plan(Array.from({ length: 1_000 }, (_, at) => person(`P${at}`, { name: "Nguyễn Văn Đạt", address: "" })))
  clearImmediate(next)
  expect(made.plan.tables.accounts.add).toHaveLength(999)
  expect(turns).toBeGreaterThanOrEqual(15)
})

describe("groups", () => {
  test("hold whoever has an account here, and each other, but never themselves", async () => {
    const made = await plan([person("An")], [group("G1", ["CN=an", "cn=G2", "cn=nobody"]), group("G2", ["cn=G1", "cn=An"]), group("G3", ["cn=G3"])])
    expect(made.plan.tables.members.add).toEqual([{ group: "g1@a.example", member: "an@a.example" }, { group: "g1@a.example", member: "g2@a.example" }, { group: "g2@a.example", member: "an@a.example" }])
    expect(reasons(made)).toEqual(["1 of its members are nobody here", "would contain itself through g1@a.example", "would contain itself through g3@a.example"])
  })

  test("have names that can be shown, and a chain of ten thousand of them is no trouble", async () => {
    const chain = Array.from({ length: 10_000 }, (_, n) => group(`N${n}`, [`cn=N${n - 1}`]))
    const made = await plan([], [group("Xau", [], { name: "Nhóm\u0000" }), group("Nguoc", [], { name: "Nhóm \u202e" }), ...chain, group("Vong", ["cn=N9999", "cn=Vong"])])
    expect(reasons(made)).toEqual(["Display name: has a control character", "Display name: has a control character", "1 of its members are nobody here", "would contain itself through vong@a.example"])
    expect(made.plan.tables.groups.add).toHaveLength(10_001)
  })

  test("that were made by hand are nobody's to change until an administrator says so; those that were taken over once stay so, whatever their entry's id", async () => {
    const byHand = { ...state, tables: { ...state.tables, groups: [{ address: "g1@a.example", displayName: "Nhóm tay", allowedSenders: null }], members: [{ group: "g1@a.example", member: "vp@a.example" }] } }
    const of = (links: Parameters<typeof planSync>[1]["links"], takeOver: readonly string[]) =>
      planSync({ people: [person("An")], groups: [group("G1", ["cn=An"])] }, { state: byHand, links, rules: new Map() }, { defaultUnit: "", quotaBytes: 9, addressRule: defaultAddressRule, today: "2026-11-27", takeOver: new Set(takeOver) })
    const untouched = await of([], [])
    expect(reasons(untouched)).toEqual([expect.stringContaining("g1@a.example was made by hand")])
    expect([untouched.plan.tables.groups, untouched.plan.tables.members]).toMatchObject([{ change: [], suspend: [] }, { add: [], suspend: [] }])
    expect(untouched.links.filter(({ kind }) => kind === "group")).toEqual([])
    for (const taken of [await of([], ["g1@a.example"]), await of([{ kind: "group", externalId: "old", key: "g1@a.example", gone: false }], [])]) {
      expect(reasons(taken)).toEqual([])
      expect(taken.plan.tables.members).toMatchObject({ add: [{ member: "an@a.example" }], suspend: [{ member: "vp@a.example" }] })
      expect(taken.links).toContainEqual({ kind: "group", externalId: "G1", key: "g1@a.example", gone: false })
    }
  })

  test("of which not all members were told are left as they are", async () => {
    const made = await plan([], [group("G1", null), group("G2", [], { address: "g2@khac.example" }), group("G4", [], { address: "vp@a.example" })])
    expect(made.plan.tables.groups.add).toEqual([])
    expect(reasons(made)).toHaveLength(3)
  })
})
