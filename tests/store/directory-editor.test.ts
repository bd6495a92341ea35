import { afterAll, beforeAll, expect, test } from "vitest"
import type { DirectoryChange } from "../../src/accounts/provision/changes.ts"
import { seenTag } from "../../src/accounts/provision/records.ts"
import type { Scope } from "../../src/accounts/administrator.ts"
import { defaultAddressRule } from "../../src/accounts/provision/address-rule.ts"
import { defaultMailboxes } from "../../src/accounts/default-mailboxes.ts"
import type { Change } from "../../src/store/change.ts"
import type { DirectoryEditor } from "../../src/store/directory-editor.ts"
import type { DirectoryView } from "../../src/store/directory-view.ts"
import { createDirectoryEditor } from "../../src/store/sql/directory-editor.ts"
import { createDirectoryView } from "../../src/store/sql/directory-view.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { unwrap } from "../support/store.ts"
import { below, everywhere } from "../support/whole-province.ts"

let database: TestDatabase
let editor: DirectoryEditor
let view: DirectoryView
let published: Change[] = []
const now = Date.parse("2026-11-27T03:00:00Z")

beforeAll(async () => {
  database = await createTestDatabase()
  const feed = { publish: (changes: readonly Change[]) => void published.push(...changes) }
  editor = createDirectoryEditor({ database, mailboxes: defaultMailboxes(true), addressRule: defaultAddressRule, clock: { now: () => now }, feed })
  view = createDirectoryView(database)
  const unit = (code: string, parentCode: string | null, domain: string) => make({ kind: "addUnit", unit: { code, name: `Đơn vị ${code}`, kind: parentCode === null ? "province" : "department", parentCode, domain, addressRule: null } })
  await unit("T", null, "tinh.example")
  await unit("A", "T", "a.tinh.example")
  await unit("A.VP", "A", "a.tinh.example")
  await unit("B", "T", "b.tinh.example")
})
afterAll(() => database.drop())

async function make(change: DirectoryChange, scope: Scope = everywhere): Promise<string> {
  const done = await editor.change(change, { scope })
  if (!done.ok) throw new Error(JSON.stringify(done.failure))
  return done.value.key
}
async function refused(change: DirectoryChange, scope: Scope = everywhere): Promise<string> {
  const done = await editor.change(change, { scope })
  return done.ok ? "done" : `${done.failure.kind}: ${done.failure.problems.map(({ field, problem }) => `${field} ${problem}`.trim()).join(", ")}`
}
const person = (name: string, unitCode: string, principalId = "") => ({ kind: "addPerson", person: { principalId, kind: "individual", name, unitCode, title: "Chuyên viên", phone: "0912 345 678" } }) as const
const account = (displayName: string, unitCode: string, more: { readonly address?: string; readonly ownerId?: string; readonly kind?: "organizational" } = {}) =>
  ({ kind: "addAccount", account: { address: more.address ?? null, kind: more.kind ?? "personal", displayName, unitCode, quotaBytes: 2 ** 30, ownerId: more.ownerId ?? null } }) as const

test("a person and a mailbox by the unit's rule: with folders, an owner, an audit entry, and word to the other processes", async () => {
  published = []
  const an = await make(person("Nguyễn Văn An", "A.VP"))
  expect(an).toBe("CN00001")
  const address = await make(account("Nguyễn Văn An", "A.VP", { ownerId: an }))
  expect(address).toBe("annv.vp@a.tinh.example")
  expect(await make(account("Nguyễn Vũ Ân", "A.VP"))).toBe("annv2.vp@a.tinh.example")
  expect(await make(account("Văn phòng", "A.VP", { kind: "organizational" }))).toBe("vp@a.tinh.example")
  const found = unwrap(await view.account(everywhere, address))
  expect(found).toMatchObject({ holders: [{ principalId: an, rights: ["owner"], from: null }], record: { quotaBytes: 2 ** 30, suspended: false } })
  const mailboxes = await database.query({ text: "SELECT name FROM mailbox m JOIN subscription s USING (account_id, name) WHERE account_id = $1" }, [found.id])
  expect(mailboxes).toHaveLength(6)
  expect(await database.query({ text: "SELECT kind, detail->>'key' AS key FROM audit WHERE account_id = $1" }, [found.id])).toEqual([{ kind: "account.added", key: address }])
  const [version] = await database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  expect(published.at(-1)).toEqual({ kind: "directory", version: version?.version })
  expect(published).toHaveLength(4)
})

test("a unit's rule counts for it and those below", async () => {
  const unit = unwrap(await view.unit(everywhere, "B"))
  await make({ kind: "changeUnit", seen: unit.seen, unit: { ...unit.record, addressRule: "{hoten}.{coquan}@{domain}" } })
  await make({ kind: "addUnit", unit: { code: "B.TC", name: "Tài chính", kind: "division", parentCode: "B", domain: "b.tinh.example", addressRule: null } })
  expect(await make(account("Đỗ Thị Ánh", "B.TC"))).toBe("dothianh.b@b.tinh.example")
})

test("who changes what somebody else has changed meanwhile is told, and nothing is changed", async () => {
  const id = await make(person("Trần Thị Bình", "A"))
  const seen = unwrap(await view.person(everywhere, id))
  await make({ kind: "changePerson", seen: seen.seen, person: { ...seen.record, title: "Trưởng phòng" } })
  expect(await refused({ kind: "changePerson", seen: seen.seen, person: { ...seen.record, phone: "1" } })).toBe("inUse: stale")
  expect(await refused({ kind: "suspendPerson", principalId: id, seen: seen.seen })).toBe("inUse: stale")
  const now = unwrap(await view.person(everywhere, id))
  expect(now.record).toMatchObject({ title: "Trưởng phòng", phone: "0912 345 678", suspended: false })
  const [entry] = await database.query<{ detail: object }>({ text: "SELECT detail FROM audit WHERE kind = 'principal.changed' AND principal_id = $1" }, [id])
  expect(entry?.detail).toMatchObject({ before: { title: "Chuyên viên" }, after: { title: "Trưởng phòng" } })
  // an import does not know of tags, and is noticed all the same
  await database.query({ text: "UPDATE principal SET title = 'Phó Giám đốc' WHERE id = $1" }, [id])
  expect(await refused({ kind: "changePerson", seen: now.seen, person: now.record })).toBe("inUse: stale")
})

test("of two who change the same at once one is told", async () => {
  const id = await make(person("Lê Hai Người", "A"))
  const { seen, record } = unwrap(await view.person(everywhere, id))
  const both = await Promise.all(["Một", "Hai"].map((title) => refused({ kind: "changePerson", seen, person: { ...record, title } })))
  expect(both.toSorted()).toEqual(["done", "inUse: stale"])
})

test("suspending and reactivating", async () => {
  const address = await make(account("Phạm Thị Dung", "A"))
  const state = async () => unwrap(await view.account(everywhere, address))
  await make({ kind: "suspendAccount", address, seen: (await state()).seen })
  expect((await state()).record.suspended).toBe(true)
  expect(await refused({ kind: "suspendAccount", address, seen: (await state()).seen })).toBe("invalid: alreadySo")
  await make({ kind: "reactivateAccount", address, seen: (await state()).seen })
  expect((await state()).record.suspended).toBe(false)
})

test("a unit is suspended when nothing is left in it, and nothing new begins in it", async () => {
  await make({ kind: "addUnit", unit: { code: "C", name: "Đơn vị C", kind: "department", parentCode: "T", domain: "c.tinh.example", addressRule: null } })
  const id = await make(person("Người Cuối Cùng", "C"))
  const seen = async () => unwrap(await view.unit(everywhere, "C")).seen
  expect(await refused({ kind: "suspendUnit", code: "C", seen: await seen() })).toBe("invalid: unitNotEmpty")
  await make({ kind: "suspendPerson", principalId: id, seen: unwrap(await view.person(everywhere, id)).seen })
  await make({ kind: "suspendUnit", code: "C", seen: await seen() })
  expect(await refused(person("Người Mới", "C"))).toBe("invalid: unitCode unitSuspended")
  await make({ kind: "reactivateUnit", code: "C", seen: await seen() })
  expect(await make(person("Người Mới", "C"))).toMatch(/^CN/)
})

test("units stay a tree", async () => {
  const { seen, record } = unwrap(await view.unit(everywhere, "A"))
  expect(await refused({ kind: "changeUnit", seen, unit: { ...record, parentCode: "A.VP" } })).toBe("invalid: parentCode unitAboveItself")
  expect(await refused({ kind: "changeUnit", seen, unit: { ...record, parentCode: "A" } })).toBe("invalid: parentCode unitAboveItself")
  expect(await refused({ kind: "changeUnit", seen, unit: { ...record, parentCode: "X" } })).toBe("invalid: parentCode noUnit")
})

test("assignments: rights and period; a personal account has one owner at a time; an end is the day before", async () => {
  const [one, other] = [await make(person("Chủ Cũ", "A")), await make(person("Chủ Mới", "A"))]
  const address = await make(account("Chủ Cũ", "A", { ownerId: one }))
  const give = (principalId: string, from: string | null, until: string | null) => ({ kind: "putAssignment", seen: null, assignment: { address, principalId, rights: ["owner"], from, until } }) as const
  expect(await refused(give(other, null, null))).toBe("invalid: rights ownerExists")
  const old = unwrap(await view.account(everywhere, address)).holders[0]
  if (!old) throw new Error("no holder")
  await make({ kind: "putAssignment", seen: old.seen, assignment: { address, principalId: one, rights: ["owner"], from: null, until: "2026-12-31" } })
  expect(await refused(give(other, "2026-12-31", null))).toBe("invalid: rights ownerExists")
  expect(await make(give(other, "2027-01-01", null))).toBe(address)
  expect(await refused(give(other, "2027-01-01", null))).toBe("inUse: stale")
  const holders = async () => unwrap(await view.account(everywhere, address)).holders
  for (const holder of await holders()) await make({ kind: "endAssignment", address, principalId: holder.principalId, seen: holder.seen })
  // the one that had not begun is gone, the other's last day was yesterday
  expect((await holders()).map(({ principalId, until }) => [principalId, until])).toEqual([[one, "2026-11-26"]])
})

test("aliases and groups: no address means two things, every member of ours exists, no group holds itself", async () => {
  const address = await make(account("Bí Danh", "A", { address: "goc@a.tinh.example" }))
  await make({ kind: "addAlias", alias: { address: "khac@a.tinh.example", target: address, expiresOn: null } })
  expect(await refused({ kind: "addAlias", alias: { address: "goc@a.tinh.example", target: address, expiresOn: null } })).toBe("alreadyExists: address addressTaken")
  expect(await refused(account("X", "A", { address: "khac@a.tinh.example" }))).toBe("alreadyExists: address addressTaken")
  expect(await refused(account("X", "A", { address: "x@ngoai.example" }))).toBe("invalid: address foreignDomain")
  const group = (name: string, members: readonly string[], more: { readonly moderators?: readonly string[] } = {}) =>
    ({ address: `${name}@a.tinh.example`, displayName: name, unitCode: "A", allowedSenders: null, moderators: more.moderators ?? null, members })
  await make({ kind: "addGroup", group: group("trong", [address, "ai@ngoai.example"]) })
  await make({ kind: "addGroup", group: group("ngoai", ["trong@a.tinh.example"], { moderators: [address] }) })
  expect(await refused({ kind: "addGroup", group: group("sai", ["khong.co@a.tinh.example"]) })).toBe("invalid: members noSuchMember")
  expect(await refused({ kind: "addGroup", group: group("sai", [], { moderators: ["khac@a.tinh.example"] }) })).toBe("invalid: moderators noAccount")
  const inner = unwrap(await view.group(everywhere, "trong@a.tinh.example"))
  expect(await refused({ kind: "changeGroup", seen: inner.seen, group: { ...inner.record, members: ["ngoai@a.tinh.example"] } })).toBe("invalid: members groupInItself")
  await make({ kind: "changeGroup", seen: inner.seen, group: { ...inner.record, members: ["khac@a.tinh.example"] } })
  expect(unwrap(await view.group(everywhere, "trong@a.tinh.example")).members).toMatchObject([{ address: "khac@a.tinh.example", kind: "alias", name: "Bí Danh" }])
  expect(await refused({ kind: "removeGroup", address: "trong@a.tinh.example", seen: inner.seen })).toBe("inUse: stale")
})

test("a delegated administrator changes what is below the own unit and nothing else", async () => {
  const scope = below("A")
  const mine = await make(person("Người Của A", "A.VP"), scope)
  const theirs = await make(person("Người Của B", "B"))
  const inB = await make(account("Hộp thư B", "B", { address: "hop@b.tinh.example" }))
  const seen = unwrap(await view.person(everywhere, theirs))
  const unitB = unwrap(await view.unit(everywhere, "B"))
  const unitA = unwrap(await view.unit(everywhere, "A"))
  const inA = await make(account("Hộp thư A", "A"), scope)
  const own = unwrap(await view.person(everywhere, mine))
  expect(
    await Promise.all([
      refused(person("X", "B"), scope),
      refused(account("X", "T"), scope),
      refused({ kind: "changePerson", seen: seen.seen, person: { ...seen.record, unitCode: "A" } }, scope),
      refused({ kind: "changePerson", seen: own.seen, person: { ...own.record, unitCode: "B" } }, scope),
      refused({ kind: "suspendAccount", address: inB, seen: "x" }, scope),
      refused({ kind: "putAssignment", seen: null, assignment: { address: inB, principalId: mine, rights: ["read"], from: null, until: null } }, scope),
      refused({ kind: "putAssignment", seen: null, assignment: { address: inA, principalId: theirs, rights: ["read"], from: null, until: null } }, scope),
      refused({ kind: "changeUnit", seen: unitB.seen, unit: unitB.record }, scope),
      refused({ kind: "changeUnit", seen: unitA.seen, unit: { ...unitA.record, parentCode: "B" } }, scope),
      refused({ kind: "addUnit", unit: { ...unitA.record, code: "A9", parentCode: null } }, scope),
      refused({ kind: "addGroup", group: { address: "g@a.tinh.example", displayName: "g", unitCode: null, allowedSenders: null, moderators: null, members: [] } }, scope),
    ]),
  ).toEqual([
    "noPermission: unitCode outsideScope", "noPermission: unitCode outsideScope", "noPermission: outsideScope", "noPermission: unitCode outsideScope", "noPermission: outsideScope",
    "noPermission: address outsideScope", "noPermission: principalId outsideScope", "noPermission: outsideScope", "noPermission: parentCode outsideScope", "noPermission: parentCode outsideScope",
    "noPermission: unitCode outsideScope",
  ])
})

test("nor does he name mailboxes in another's domain, take reserved names, or touch who ranks above him", async () => {
  const scope = below("A")
  expect(await refused(account("Chủ tịch tỉnh", "A", { address: "chutich@tinh.example" }), scope)).toBe("noPermission: address foreignDomain")
  expect(await refused({ kind: "addUnit", unit: { code: "A.X", name: "x", kind: "division", parentCode: "A", domain: "tinh.example", addressRule: null } }, scope)).toBe("noPermission: domain foreignDomain")
  expect(await refused(account("x", "A", { address: "postmaster@a.tinh.example" }), scope)).toBe("noPermission: address reserved")
  expect(await make(account("Quản trị thư", "A", { address: "postmaster@a.tinh.example" }))).toBe("postmaster@a.tinh.example")
  const boss = await make(person("Quản Trị Tỉnh", "A"))
  const address = await make(account("Quản Trị Tỉnh", "A", { ownerId: boss, address: "qtt@a.tinh.example" }))
  const found = unwrap(await view.account(everywhere, address))
  await database.query({ text: "INSERT INTO administrator (account_id, principal_id, role, granted_by) VALUES ($1, $2, 'province', 'test')" }, [found.id, boss])
  expect(await refused({ kind: "suspendAccount", address, seen: found.seen }, scope)).toBe("noPermission: aboveYou")
  expect(await refused({ kind: "suspendPerson", principalId: boss, seen: unwrap(await view.person(everywhere, boss)).seen }, scope)).toBe("noPermission: aboveYou")
  const helper = await make(person("Người Giúp", "A"))
  expect(await refused({ kind: "putAssignment", seen: null, assignment: { address, principalId: helper, rights: ["read"], from: null, until: null } }, scope)).toBe("noPermission: aboveYou")
  expect(unwrap(await view.account(everywhere, address)).roles).toEqual(["province"])
})

test("whoever is made the owner of a mailbox is who its password signs in as: nobody above, nobody from outside", async () => {
  const scope = below("A")
  const boss = await make(person("Quản Trị Hai", "A"))
  const first = await make(account("Quản Trị Hai", "A", { ownerId: boss, address: "qth@a.tinh.example" }))
  await database.query({ text: "INSERT INTO administrator (account_id, principal_id, role, granted_by) SELECT id, $2, 'province', 'test' FROM account WHERE address = $1" }, [first, boss])
  const second = await make(account("Hộp thư phụ", "A", { ownerId: boss, address: "phu@a.tinh.example" }))
  expect(await refused(account("Của tôi", "A", { ownerId: boss }), scope)).toBe("noPermission: ownerId aboveYou")
  expect(await refused({ kind: "suspendAccount", address: second, seen: unwrap(await view.account(everywhere, second)).seen }, scope)).toBe("noPermission: aboveYou")
  await make({ kind: "addAlias", alias: { address: "thutruong@a.tinh.example", target: first, expiresOn: null } })
  const alias = unwrap(await view.account(everywhere, first)).aliases[0]
  expect(await refused({ kind: "removeAlias", address: "thutruong@a.tinh.example", seen: alias?.seen ?? "" }, scope)).toBe("noPermission: aboveYou")
  expect(await refused({ kind: "addAlias", alias: { address: "cuatoi@a.tinh.example", target: first, expiresOn: null } }, scope)).toBe("noPermission: target aboveYou")
  const office = await make(account("Văn thư", "A", { kind: "organizational", address: "vanthu@a.tinh.example" }), scope)
  const owner = (principalId: string, seen: string | null = null) => ({ kind: "putAssignment", seen, assignment: { address: office, principalId, rights: ["owner"], from: null, until: null } }) as const
  expect(await refused(owner(boss), scope)).toBe("noPermission: principalId aboveYou")
  // to read for the office is no rank, and makes nobody its owner
  await make({ kind: "putAssignment", seen: null, assignment: { address: office, principalId: boss, rights: ["read"], from: null, until: null } }, scope)
  const stranger = await make(person("Người Của B", "B"))
  await make({ kind: "putAssignment", seen: null, assignment: { address: office, principalId: stranger, rights: ["read"], from: null, until: null } })
  const seenOf = async (principalId: string) => unwrap(await view.account(everywhere, office)).holders.find((holder) => holder.principalId === principalId)?.seen ?? null
  expect(await refused(owner(stranger, await seenOf(stranger)), scope)).toBe("noPermission: principalId outsideScope")
  expect(await refused(owner(boss, await seenOf(boss)), scope)).toBe("noPermission: principalId aboveYou")
  // nor again, after his time
  const former = { address: office, principalId: stranger, rights: ["owner"], from: "2026-01-01", until: "2026-11-26" } as const
  await make({ kind: "putAssignment", seen: await seenOf(stranger), assignment: former })
  expect(await refused({ kind: "putAssignment", seen: await seenOf(stranger), assignment: { ...former, until: null } }, scope)).toBe("noPermission: principalId outsideScope")
})

test("seenTag is of the content, not of the object", () => {
  const alias = { address: "a@b.example", target: "c@b.example", expiresOn: null }
  expect(seenTag({ expiresOn: null, target: "c@b.example", address: "a@b.example" })).toBe(seenTag(alias))
  expect(seenTag({ ...alias, expiresOn: "2026-01-01" })).not.toBe(seenTag(alias))
})
