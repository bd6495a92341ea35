import type { ChangeOf } from "../../accounts/provision/changes.ts"
import { type GroupRecord, seenTag } from "../../accounts/provision/records.ts"
import { addressProblem } from "./edit-accounts.ts"
import { readGroup } from "./directory-records.ts"
import { covered, done, type Edit, type Edited, isProvinceWide, note, refuse, unitProblem } from "./edit.ts"

/** Groups: who is in them, who may write to them, who approves it first. */
export async function addGroup(edit: Edit, { group }: ChangeOf<"addGroup">): Promise<Edited> {
  const problem = (await ownerProblem(edit, group)) ?? (await addressProblem(edit, group.address)) ?? (await peopleProblem(edit, group))
  if (problem) return problem
  await edit.tx.query(put, values(group))
  await setMembers(edit, group)
  await note(edit, { kind: "group.added", key: group.address, after: group })
  return done(group.address)
}

export async function changeGroup(edit: Edit, { group, seen }: ChangeOf<"changeGroup">): Promise<Edited> {
  const before = await readGroup(edit.tx, group.address)
  if (!before) return refuse("notFound", "noGroup", { values: { value: group.address } })
  if (!(await covered(edit, before.unitCode))) return refuse("noPermission", "outsideScope")
  if (seenTag(before) !== seen) return refuse("inUse", "stale")
  const problem = (before.unitCode === group.unitCode ? undefined : await ownerProblem(edit, group)) ?? (await peopleProblem(edit, group))
  if (problem) return problem
  await edit.tx.query(put, values(group))
  await setMembers(edit, group)
  await note(edit, { kind: "group.changed", key: group.address, before, after: group })
  return done(group.address)
}

export async function removeGroup(edit: Edit, { address, seen }: ChangeOf<"removeGroup">): Promise<Edited> {
  const before = await readGroup(edit.tx, address)
  if (!before) return refuse("notFound", "noGroup", { values: { value: address } })
  if (!(await covered(edit, before.unitCode))) return refuse("noPermission", "outsideScope")
  if (seenTag(before) !== seen) return refuse("inUse", "stale")
  await edit.tx.query({ name: "edit-remove-group", text: "DELETE FROM mail_group WHERE address = $1" }, [address])
  await note(edit, { kind: "group.removed", key: address, before })
  return done(address)
}

async function ownerProblem(edit: Edit, { unitCode }: GroupRecord): Promise<Edited | undefined> {
  if (unitCode !== null) return unitProblem(edit, unitCode)
  return isProvinceWide(edit) ? undefined : refuse("noPermission", "outsideScope", { field: "unitCode" })
}

async function peopleProblem({ tx }: Edit, group: GroupRecord): Promise<Edited | undefined> {
  for (const field of ["allowedSenders", "moderators"] as const) {
    const [missing] = await tx.query<{ address: string }>(missingAccount, [group[field] ?? []])
    if (missing) return refuse("invalid", "noAccount", { field, values: { value: missing.address } })
  }
  const [missing] = await tx.query<{ address: string }>(missingMember, [group.members, group.address])
  if (missing) return refuse("invalid", "noSuchMember", { field: "members", values: { value: missing.address } })
  const [loop] = await tx.query<{ address: string }>(insideItself, [group.members, group.address])
  return loop && refuse("invalid", "groupInItself", { field: "members", values: { value: loop.address } })
}

async function setMembers({ tx }: Edit, { address, members }: GroupRecord): Promise<void> {
  await tx.query(removeOthers, [address, members])
  await tx.query(addMembers, [address, members])
}

const values = ({ address, displayName, unitCode, allowedSenders, moderators }: GroupRecord): readonly unknown[] => [address, displayName, unitCode, allowedSenders, moderators]

const put = {
  name: "edit-put-group",
  text: `INSERT INTO mail_group (address, display_name, unit_code, allowed_senders, moderators) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (address) DO UPDATE SET display_name = excluded.display_name, unit_code = excluded.unit_code, allowed_senders = excluded.allowed_senders, moderators = excluded.moderators`,
}
const removeOthers = { name: "edit-remove-members", text: "DELETE FROM mail_group_member WHERE group_address = $1 AND member_address <> ALL ($2::text[])" }
const addMembers = { name: "edit-add-members", text: "INSERT INTO mail_group_member (group_address, member_address) SELECT DISTINCT $1, m FROM unnest($2::text[]) AS m ON CONFLICT DO NOTHING" }

const missingAccount = { name: "edit-missing-account", text: "SELECT t.address FROM unnest($1::text[]) AS t (address) WHERE NOT EXISTS (SELECT FROM account a WHERE a.address = t.address) LIMIT 1" }

/** Of our own domains; other addresses are for other servers to know. */
const missingMember = {
  name: "edit-missing-member",
  text: `
    SELECT t.address FROM unnest($1::text[]) AS t (address)
    WHERE split_part(t.address, '@', -1) IN (SELECT domain FROM organization_unit UNION SELECT split_part(address, '@', -1) FROM account)
      AND t.address <> $2 AND NOT EXISTS (SELECT FROM account WHERE address = t.address) AND NOT EXISTS (SELECT FROM alias WHERE address = t.address) AND NOT EXISTS (SELECT FROM mail_group WHERE address = t.address) LIMIT 1`,
}

/** The member through which the group would hold itself. */
const insideItself = {
  name: "edit-group-inside-itself",
  text: `
    WITH RECURSIVE inside (top, address) AS (
      SELECT m, m FROM unnest($1::text[]) AS m UNION SELECT i.top, g.member_address FROM mail_group_member g JOIN inside i ON g.group_address = i.address AND i.address <> $2
    )
    SELECT top AS address FROM inside WHERE address = $2 LIMIT 1`,
}
