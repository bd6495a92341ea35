import { afterAll, beforeAll, expect, test } from "vitest"
import type { Scope } from "../../src/accounts/administrator.ts"
import { newOneTimePassword, oneTimeHash } from "../../src/accounts/credential.ts"
import { defaultMailboxes } from "../../src/accounts/default-mailboxes.ts"
import { defaultAddressRule } from "../../src/accounts/provision/address-rule.ts"
import type { DirectoryChange } from "../../src/accounts/provision/changes.ts"
import type { ActionDone, ActionPlan, DirectoryActions, GuidedAction } from "../../src/store/directory-actions.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { createDirectoryActions } from "../../src/store/sql/directory-actions.ts"
import { createDirectoryEditor } from "../../src/store/sql/directory-editor.ts"
import { createProvisioningStore } from "../../src/store/sql/provisioning.ts"
import { createDirectoryView } from "../../src/store/sql/directory-view.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { until } from "../support/running-system.ts"
import { unwrap } from "../support/store.ts"
import { below, everywhere } from "../support/whole-province.ts"

let database: TestDatabase
let actions: DirectoryActions
let now = Date.parse("2026-11-27T03:00:00Z")
const key = Buffer.alloc(32, 3)
const day = 86_400_000

beforeAll(async () => {
  database = await createTestDatabase()
  const parts = { database, mailboxes: defaultMailboxes(true), addressRule: defaultAddressRule, clock: { now: () => now }, feed: { publish: () => undefined } }
  const oneTimePasswords = () => {
    const text = newOneTimePassword()
    return { text, hash: oneTimeHash(text, key) ?? "" }
  }
  actions = createDirectoryActions({ ...parts, oneTimePasswords, keeping: { aliasUntil: () => "2027-05-26", leaverMonths: 6, headMonths: 12, headTitles: ["Giám đốc"] } })
  const editor = createDirectoryEditor(parts)
  const make = async (change: DirectoryChange): Promise<string> => {
    const done = await editor.change(change, { scope: everywhere })
    if (!done.ok) throw new Error(JSON.stringify(done.failure))
    return done.value.key
  }
  const unit = (code: string, parentCode: string | null, domain: string) => make({ kind: "addUnit", unit: { code, name: code, kind: "department", parentCode, domain, addressRule: null } })
  await unit("T", null, "tinh.example")
  await unit("A", "T", "a.tinh.example")
  await unit("A.VP", "A", "a.tinh.example")
  await unit("B", "T", "b.tinh.example")
  const person = async (id: string, name: string, unitCode: string, title = "Chuyên viên") => {
    await make({ kind: "addPerson", person: { principalId: id, kind: "individual", name, unitCode, title, phone: "" } })
    return make({ kind: "addAccount", account: { address: null, kind: "personal", displayName: name, unitCode, quotaBytes: 1e9, ownerId: id } })
  }
  await person("AN", "Nguyễn Văn An", "A.VP")
  await person("GD", "Trần Giám Đốc", "A", "Giám đốc Sở")
  for (const [n, name] of ["Lê Một", "Lê Hai", "Lê Ba"].entries()) await person(`B${n}`, name, "B")
  for (const [address, unitCode] of [["vp@a.tinh.example", "A.VP"], ["tinh@tinh.example", "T"]] as const) {
    await make({ kind: "addAccount", account: { address, kind: "organizational", displayName: address, unitCode, quotaBytes: 1e9, ownerId: null } })
    await make({ kind: "putAssignment", seen: null, assignment: { address, principalId: "AN", rights: ["read", "write"], from: null, until: null } })
  }
  const group = (address: string, unitCode: string, members: readonly string[]) => make({ kind: "addGroup", group: { address, displayName: address, unitCode, allowedSenders: address.startsWith("kin") ? ["annv.vp@a.tinh.example"] : null, moderators: null, members } })
  await group("tatca@a.tinh.example", "A", ["annv.vp@a.tinh.example", "vp@a.tinh.example"])
  await group("tatca@b.tinh.example", "B", ["motl.b@b.tinh.example", "hail.b@b.tinh.example", "bal.b@b.tinh.example"])
  await group("tatca@tinh.example", "T", ["annv.vp@a.tinh.example"])
  await group("kin@tinh.example", "T", [])
})
afterAll(() => database.drop())

const view = () => createDirectoryView(database)
async function plan(action: GuidedAction, scope: Scope = everywhere): Promise<ActionPlan> {
  const planned = await actions.plan(action, { scope })
  if (!planned.ok) throw new Error(JSON.stringify(planned.failure))
  return planned.value
}
async function apply(action: GuidedAction): Promise<ActionDone> {
  const done = await actions.apply(action, (await plan(action)).seen, { scope: everywhere })
  if (!done.ok) throw new Error(JSON.stringify(done.failure))
  return done.value
}
const refusal = async (action: GuidedAction, scope: Scope, seen?: string): Promise<string> => {
  const done = seen === undefined ? await actions.plan(action, { scope }) : await actions.apply(action, seen, { scope })
  return done.ok ? "done" : `${done.failure.kind}: ${done.failure.problems.map(({ field, problem }) => `${field} ${problem}`.trim()).join(", ")}`
}
const rows = (text: string) => database.query<Record<string, unknown>>({ text })
/** All that an action touches. */
const state = async () => ({
  people: await rows("SELECT id, unit_code, title, suspended_at IS NULL AS open FROM principal ORDER BY id"),
  accounts: await rows("SELECT id, address, unit_code, display_name, suspended_at IS NULL AS open, archive_on FROM account ORDER BY id"),
  assignments: await rows("SELECT account_id, principal_id, rights, valid_from, valid_until FROM assignment ORDER BY account_id, principal_id"),
  aliases: await rows("SELECT address, account_id FROM alias ORDER BY address"),
  members: await rows("SELECT group_address, member_address FROM mail_group_member ORDER BY 1, 2"),
  senders: await rows("SELECT address, allowed_senders FROM mail_group ORDER BY address"),
  forwards: await rows("SELECT account_id, target FROM forwarding ORDER BY account_id"),
})

const toB: GuidedAction = { kind: "move", principalId: "AN", unitCode: "B", title: "Trưởng phòng", keepAddress: false }

test("moving: the plan says all of it, it is done at once, and taken back to what there was", async () => {
  const before = await state()
  const planned = await plan(toB)
  expect(await state()).toEqual(before)
  expect(planned.undoable).toBe(true)
  expect(planned.steps.map(({ step, ...more }) => [step, "group" in more ? more.group : "address" in more ? more.address : "", "to" in more ? more.to : ""])).toEqual([
    ["movePerson", "", "B"], ["setTitle", "", "Trưởng phòng"],
    // the office that stays behind; the province's above both is kept
    ["endAssignment", "vp@a.tinh.example", ""], ["leaveGroup", "tatca@a.tinh.example", ""], ["moveAccount", "annv.vp@a.tinh.example", "B"], ["renameAccount", "annv.vp@a.tinh.example", "annv.b@b.tinh.example"],
    ["joinGroup", "tatca@b.tinh.example", ""],
  ])
  const { id } = await apply(toB)
  const found = unwrap(await view().account(everywhere, "annv.b@b.tinh.example"))
  expect(found).toMatchObject({ record: { unitCode: "B" }, aliases: [{ address: "annv.vp@a.tinh.example", expiresOn: "2027-05-26" }] })
  expect(found.groups.map(({ address }) => address).toSorted()).toEqual(["tatca@b.tinh.example", "tatca@tinh.example"])
  expect(unwrap(await view().group(everywhere, "kin@tinh.example")).record.allowedSenders).toEqual(["annv.b@b.tinh.example"])
  expect(await rows(`SELECT kind FROM audit WHERE (detail->>'action')::bigint = ${id} ORDER BY id`)).toHaveLength(7)
  expect(await actions.history("AN", { scope: everywhere })).toMatchObject([{ id, kind: "move", undoable: true }])
  expect((await actions.undo(id, { scope: everywhere })).ok).toBe(true)
  expect(await state()).toEqual(before)
  expect(await actions.undo(id, { scope: everywhere })).toMatchObject({ ok: false, failure: { kind: "invalid" } })
})

test("mail that others pass on to somebody who moves comes to him still when the old address is another's", async () => {
  await rows("INSERT INTO forwarding (account_id, target, keep_copy, principal_id) SELECT id, 'annv.vp@a.tinh.example', false, 'B0' FROM account WHERE address = 'motl.b@b.tinh.example'")
  const before = await state()
  const { id } = await apply(toB)
  expect((await state()).forwards).toMatchObject([{ target: "annv.b@b.tinh.example" }])
  expect((await actions.undo(id, { scope: everywhere })).ok).toBe(true)
  expect(await state()).toEqual(before)
  await rows("DELETE FROM forwarding")
})

test("what was agreed to is what is done: another plan by now, or another state to go back to, is refused", async () => {
  const { seen } = await plan(toB)
  await rows("INSERT INTO alias (address, account_id) SELECT 'annv.b@b.tinh.example', id FROM account WHERE address = 'tinh@tinh.example'")
  expect(await refusal(toB, everywhere, seen)).toBe("inUse: stale")
  expect((await plan(toB)).steps).toContainEqual({ step: "renameAccount", address: "annv.vp@a.tinh.example", to: "annv2.b@b.tinh.example", until: "2027-05-26" })
  const { id } = await apply(toB)
  await rows("UPDATE principal SET title = 'Phó Giám đốc' WHERE id = 'AN'")
  const before = await state()
  expect(await actions.undo(id, { scope: everywhere })).toMatchObject({ ok: false, failure: { kind: "inUse" } })
  expect(await state()).toEqual(before)
})

test("a delegated administrator moves nobody in from outside or out of the subtree", async () => {
  expect(await refusal({ kind: "move", principalId: "B0", unitCode: "A", title: null, keepAddress: true }, below("A"))).toBe("noPermission: outsideScope")
  expect(await refusal({ kind: "move", principalId: "GD", unitCode: "B", title: null, keepAddress: true }, below("A"))).toBe("noPermission: unitCode outsideScope")
  expect(await refusal({ kind: "handOver", address: "vp@a.tinh.example", to: "B0" }, below("A"))).toBe("noPermission: to outsideScope")
  expect(await refusal({ kind: "leave", principalId: "B0" }, below("A"))).toBe("noPermission: outsideScope")
  expect(await refusal({ kind: "move", principalId: "GD", unitCode: "A.VP", title: null, keepAddress: true }, below("A"))).toBe("done")
})

test("a password is made for nobody above or from outside, whatever mailbox of the unit he owns", async () => {
  const scope = below("A")
  await rows("INSERT INTO principal (id, kind, name, unit_code) VALUES ('QT', 'individual', 'Quản Trị Tỉnh', 'A'), ('NGOAI', 'individual', 'Người Ngoài', 'B')")
  await rows("INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) SELECT local || '@a.tinh.example', kind, local, 'A', 1000 FROM (VALUES ('qt', 'personal'), ('qt2', 'personal'), ('chung', 'organizational'), ('trong', 'organizational')) AS v (local, kind)")
  await rows("INSERT INTO assignment (account_id, principal_id, rights) SELECT id, p, ARRAY['owner'] FROM account JOIN (VALUES ('qt@a.tinh.example', 'QT'), ('qt2@a.tinh.example', 'QT'), ('chung@a.tinh.example', 'NGOAI')) AS v (a, p) ON a = address")
  await rows("INSERT INTO administrator (account_id, principal_id, role, granted_by) SELECT id, 'QT', 'province', 'test' FROM account WHERE address = 'qt@a.tinh.example'")
  const reset = async (address: string): Promise<string> => {
    const made = await actions.resetPassword(address, { keepAppPasswords: true }, { scope })
    return made.ok ? "done" : made.failure.problems.map(({ problem }) => problem).join()
  }
  expect([await reset("qt@a.tinh.example"), await reset("qt2@a.tinh.example"), await reset("chung@a.tinh.example"), await reset("trong@a.tinh.example")]).toEqual(["aboveYou", "aboveYou", "outsideScope", "done"])
  expect(await refusal({ kind: "handOver", address: "trong@a.tinh.example", to: "QT" }, scope)).toBe("noPermission: to aboveYou")
  expect((await actions.resetPassword("chung@a.tinh.example", { keepAppPasswords: true }, { scope: everywhere })).ok).toBe(true)
})

test("a reset ends the owner's app passwords unless they are to be kept; colleagues' own stay", async () => {
  const [account] = await database.query<{ id: number; owner: string }>({ text: "SELECT a.id, s.principal_id AS owner FROM account a JOIN assignment s ON s.account_id = a.id WHERE address = 'chung@a.tinh.example' AND 'owner' = ANY (s.rights)" })
  const { id, owner } = account ?? { id: 0, owner: "" }
  const credentials = createCredentialStore(database)
  const colleague = "DN"
  await rows(`INSERT INTO principal (id, kind, name, unit_code) SELECT '${colleague}', 'individual', 'Đồng nghiệp', unit_code FROM principal WHERE id = '${owner}'`)
  await rows(`INSERT INTO assignment (account_id, principal_id, rights) VALUES (${id}, '${colleague}', '{read}')`)
  for (const principalId of [owner, colleague]) await credentials.addAppPassword({ accountId: id, principalId, label: "Thunderbird", hash: principalId })
  const live = async () => (await credentials.list(id)).map(({ kind, principalId }) => (kind === "appPassword" ? principalId : kind)).toSorted()
  expect((await actions.resetPassword("chung@a.tinh.example", { keepAppPasswords: true }, { scope: everywhere })).ok).toBe(true)
  expect(await live()).toEqual([owner, colleague, "oneTime"].toSorted())
  expect((await actions.resetPassword("chung@a.tinh.example", { keepAppPasswords: false }, { scope: everywhere })).ok).toBe(true)
  expect(await live()).toEqual([colleague, "oneTime"].toSorted())
  expect(await rows(`SELECT principal_id AS owner FROM audit WHERE kind = 'credential.revoked' AND account_id = ${id} AND detail->>'why' = 'password reset'`)).toEqual([{ owner }])
})

test("of a reset and a change of the password at the same moment the reset stays: what the change makes is gone with the old one, or is not made", async () => {
  const [account] = await database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = 'trong@a.tinh.example'" })
  const id = account?.id ?? 0
  const credentials = createCredentialStore(database)
  const live = () => rows(`SELECT kind FROM credential WHERE account_id = ${id} AND revoked_at IS NULL`)
  await credentials.setPassword(id, "old")
  // the change is first, and has not committed when the reset begins
  let reset: Promise<unknown> = Promise.resolve()
  await database.transaction(async (tx) => {
    await tx.query({ text: "SELECT FROM account WHERE id = $1 FOR UPDATE" }, [id])
    await tx.query({ text: "UPDATE credential SET revoked_at = now() WHERE account_id = $1 AND revoked_at IS NULL" }, [id])
    await tx.query({ text: "INSERT INTO credential (account_id, kind, hash) VALUES ($1, 'password', 'thief')" }, [id])
    reset = actions.resetPassword("trong@a.tinh.example", { keepAppPasswords: true }, { scope: everywhere })
    await until(async () => (await database.query({ text: "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'" })).length > 0, 10_000)
  })
  await reset
  expect(await live()).toEqual([{ kind: "oneTime" }])
  // the reset is first: the password that the thief gave for his change is none any more
  const [given] = await database.query<{ id: number }>({ text: "SELECT max(id) AS id FROM credential WHERE account_id = $1 AND kind = 'password'" }, [id])
  expect(await credentials.setPassword(id, "thief again", { sessionId: 0, appPasswords: true, replaces: given?.id ?? 0 })).toBe(false)
  expect(await live()).toEqual([{ kind: "oneTime" }])
  expect(await credentials.setPassword(id, "new")).toBe(true)
  expect(await live()).toEqual([{ kind: "password" }])
})

test("what the province has done is not for a unit to take back: nobody is fetched from another unit, nobody above is let in again, no right outside comes back", async () => {
  const undo = async (id: number, scope: Scope): Promise<string> => {
    const done = await actions.undo(id, { scope })
    return done.ok ? "done" : done.failure.problems.map(({ problem }) => problem).join()
  }
  const before = await state()
  const moved = await apply({ kind: "move", principalId: "GD", unitCode: "B", title: null, keepAddress: false })
  expect(await undo(moved.id, below("A"))).toBe("outsideScope")
  expect(await undo(moved.id, everywhere)).toBe("done")
  // he reads for an office of the province
  const left = await apply({ kind: "leave", principalId: "AN" })
  expect(await undo(left.id, below("B"))).toBe("outsideScope")
  expect(await undo(left.id, everywhere)).toBe("done")
  const boss = await apply({ kind: "leave", principalId: "QT" })
  expect(await undo(boss.id, below("A"))).toBe("aboveYou")
  expect(await undo(boss.id, everywhere)).toBe("done")
  const own = await apply({ kind: "leave", principalId: "B2" })
  expect(await undo(own.id, below("B"))).toBe("done")
  expect(await state()).toEqual(before)
})

test("leaving: suspended at once, kept six months, twelve for a head, then archived on its day; taken back before", async () => {
  const before = await state()
  const { id } = await apply({ kind: "leave", principalId: "B0" })
  expect(unwrap(await view().account(everywhere, "motl.b@b.tinh.example")).record).toMatchObject({ suspended: true, archiveOn: "2027-05-27", archived: false })
  expect((await actions.undo(id, { scope: everywhere })).ok).toBe(true)
  expect(await state()).toEqual(before)
  await apply({ kind: "leave", principalId: "B0" })
  await apply({ kind: "leave", principalId: "GD" })
  expect(unwrap(await view().account(everywhere, "doctg.a@a.tinh.example")).record.archiveOn).toBe("2027-11-27")
  await rows("INSERT INTO credential (account_id, kind, hash) SELECT id, 'password', 'x' FROM account WHERE address = 'motl.b@b.tinh.example'")
  now = Date.parse("2027-05-25T17:00:00Z")
  expect(await actions.upkeep()).toEqual({ archived: 0, addresses: 1 })
  now += day
  expect(await actions.upkeep()).toEqual({ archived: 1, addresses: 0 })
  expect(await actions.upkeep()).toEqual({ archived: 0, addresses: 0 })
  const archived = unwrap(await view().account(everywhere, "motl.b@b.tinh.example"))
  expect(archived).toMatchObject({ record: { archived: true }, credentials: { password: false }, groups: [] })
  expect(await rows("SELECT kind FROM audit WHERE kind IN ('account.archived', 'alias.expired') ORDER BY id")).toEqual([{ kind: "alias.expired" }, { kind: "account.archived" }])
})

test("whoever was suspended before he left, by a synchronization or by hand, is archived on his day as well", async () => {
  await rows("UPDATE principal SET suspended_at = '2026-11-01' WHERE id = 'B2'")
  await rows("UPDATE account SET suspended_at = '2026-11-01' WHERE address = 'bal.b@b.tinh.example'")
  const before = await state()
  const planned = await plan({ kind: "leave", principalId: "B2" })
  const archiveOn = planned.steps.flatMap((step) => ("archiveOn" in step ? [step.archiveOn] : []))
  expect(planned.steps).toEqual([{ step: "archiveAccount", address: "bal.b@b.tinh.example", archiveOn: archiveOn[0] }])
  const { id } = await apply({ kind: "leave", principalId: "B2" })
  expect(unwrap(await view().account(everywhere, "bal.b@b.tinh.example")).record).toMatchObject({ suspended: true, archiveOn: archiveOn[0] })
  expect(await refusal({ kind: "leave", principalId: "B2" }, everywhere)).toBe("invalid: alreadySo")
  expect((await actions.undo(id, { scope: everywhere })).ok).toBe(true)
  expect(await state()).toEqual(before)
})

test("an account that an import opens again is not archived when it is suspended another time; one that was archived stays so", async () => {
  const open = async (address: string) => {
    const provisioning = createProvisioningStore(database)
    const { version, tables } = await provisioning.readState()
    const nothing = { add: [], change: [], suspend: [], reactivate: [], unchanged: 0, leftSuspended: 0 }
    const plan = { version, today: "2026-11-27", certificates: new Map(), tables: { units: nothing, principals: nothing, accounts: { ...nothing, reactivate: tables.accounts.filter((row) => row.address === address) }, assignments: nothing, aliases: nothing, groups: nothing, members: nothing, certificates: nothing } }
    expect((await provisioning.apply(plan, defaultMailboxes(true))).ok).toBe(true)
    return (await rows(`SELECT suspended_at IS NULL AS open, archive_on, archived_at IS NOT NULL AS archived FROM account WHERE address = '${address}'`))[0]
  }
  expect(await open("doctg.a@a.tinh.example")).toEqual({ open: true, archive_on: null, archived: false })
  await rows("UPDATE account SET suspended_at = now() WHERE address = 'doctg.a@a.tinh.example'")
  const at = now
  now += 700 * day
  expect(await actions.upkeep()).toMatchObject({ archived: 0 })
  now = at
  expect(await open("motl.b@b.tinh.example")).toMatchObject({ open: false, archived: true })
})

test("handing over: old credentials and sessions end, the new holder gets a one-time password, the mail stays, it cannot be taken back", async () => {
  const address = "hail.b@b.tinh.example"
  const account = unwrap(await view().account(everywhere, address))
  await rows(`INSERT INTO credential (account_id, principal_id, kind, hash) VALUES (${account.id}, NULL, 'password', 'old'), (${account.id}, 'B1', 'appPassword', 'app'), (${account.id}, 'B2', 'appPassword', 'reader')`)
  await rows(`INSERT INTO assignment (account_id, principal_id, rights) VALUES (${account.id}, 'B2', ARRAY['read'])`)
  await rows(`INSERT INTO console_session (sha256, account_id, principal_id, client_address, user_agent) VALUES ('\\x01', ${account.id}, 'B1', '192.0.2.1', '')`)
  await rows("INSERT INTO principal (id, kind, name, unit_code) VALUES ('MOI', 'individual', 'Người Mới', 'B')")
  const done = await apply({ kind: "handOver", address, to: "MOI" })
  expect(done.oneTimePassword).toMatch(/^[0-9a-z-]{19}$/)
  const after = unwrap(await view().account(everywhere, address))
  expect(after.id).toBe(account.id)
  expect(after).toMatchObject({ record: { displayName: "Người Mới" }, credentials: { password: false, oneTime: true, appPasswords: 1 } })
  expect(after.holders.map(({ principalId, rights, until }) => [principalId, rights, until])).toEqual([["B1", ["owner"], "2027-05-26"], ["MOI", ["owner"], null], ["B2", ["read"], null]])
  expect(await rows(`SELECT hash FROM credential WHERE account_id = ${account.id} AND revoked_at IS NULL ORDER BY id`)).toEqual([{ hash: "reader" }, { hash: oneTimeHash(done.oneTimePassword ?? "", key) }])
  expect(await rows(`SELECT FROM console_session WHERE account_id = ${account.id} AND ended_at IS NULL`)).toEqual([])
  expect(await actions.undo(done.id, { scope: everywhere })).toMatchObject({ ok: false, failure: { kind: "invalid", problems: [{ problem: "cannotBeUndone" }] } })
  expect(await actions.history(address, { scope: everywhere })).toMatchObject([{ kind: "handOver", undoable: false }])
  // the secret is in no record
  expect(await rows(`SELECT FROM audit WHERE detail::text LIKE '%${done.oneTimePassword}%'`)).toEqual([])
})
