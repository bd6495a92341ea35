import type { ChangeOf, PersonInput } from "../../accounts/provision/changes.ts"
import { seenTag } from "../../accounts/provision/records.ts"
import { readAccount, readAccountId, readAssignment, readPerson } from "./directory-records.ts"
import { covered, done, type Edit, type Edited, newOwnerProblem, note, rankProblem, refuse, unitProblem } from "./edit.ts"

/** People and organizations, and what they may do with accounts. */
export async function addPerson(edit: Edit, { person }: ChangeOf<"addPerson">): Promise<Edited> {
  const problem = await unitProblem(edit, person.unitCode)
  if (problem) return problem
  const principalId = person.principalId || (await nextId(edit, person.kind))
  // a number that was just found to be the next is nobody's
  if (person.principalId !== "" && (await readPerson(edit.tx, principalId))) return refuse("alreadyExists", "taken", { field: "principalId", values: { value: principalId } })
  const after = { ...person, principalId }
  await edit.tx.query(insert, values(after))
  await note(edit, { kind: "principal.added", key: principalId, principalId, after })
  return done(principalId)
}

export async function changePerson(edit: Edit, { person, seen }: ChangeOf<"changePerson">): Promise<Edited> {
  const before = await readPerson(edit.tx, person.principalId)
  if (!before) return refuse("notFound", "noPerson", { values: { value: person.principalId } })
  if (!(await covered(edit, before.unitCode))) return refuse("noPermission", "outsideScope")
  if (seenTag(before) !== seen) return refuse("inUse", "stale")
  const problem = (before.unitCode === person.unitCode ? undefined : await unitProblem(edit, person.unitCode)) ?? (await rankProblem(edit, { principalId: person.principalId }))
  if (problem) return problem
  await edit.tx.query(update, values(person))
  await note(edit, { kind: "principal.changed", key: person.principalId, principalId: person.principalId, before, after: person })
  return done(person.principalId)
}

export async function setPersonSuspended(edit: Edit, { kind, principalId, seen }: ChangeOf<"suspendPerson" | "reactivatePerson">): Promise<Edited> {
  const before = await readPerson(edit.tx, principalId)
  if (!before) return refuse("notFound", "noPerson", { values: { value: principalId } })
  if (!(await covered(edit, before.unitCode))) return refuse("noPermission", "outsideScope")
  if (seenTag(before) !== seen) return refuse("inUse", "stale")
  const suspend = kind === "suspendPerson"
  if (before.suspended === suspend) return refuse("invalid", "alreadySo")
  const problem = await rankProblem(edit, { principalId })
  if (problem) return problem
  await edit.tx.query(setSuspended, [principalId, suspend])
  await note(edit, { kind: suspend ? "principal.suspended" : "principal.reactivated", key: principalId, principalId, before })
  return done(principalId)
}

export async function putAssignment(edit: Edit, { assignment, seen }: ChangeOf<"putAssignment">): Promise<Edited> {
  const { address, principalId, rights, from, until } = assignment
  const account = await readAccount(edit.tx, address)
  const accountId = await readAccountId(edit.tx, address)
  if (!account || accountId === undefined) return refuse("invalid", "noAccount", { field: "address", values: { value: address } })
  const person = await readPerson(edit.tx, principalId)
  if (!person) return refuse("invalid", "noPerson", { field: "principalId", values: { value: principalId } })
  const before = await readAssignment(edit.tx, address, principalId)
  const owned = before !== undefined && before.rights.includes("owner") && (before.until === null || before.until >= edit.today)
  const problem = await assignmentProblem(edit, { accountId, account, person, isNew: !before, becomesOwner: rights.includes("owner") && !owned })
  if (problem) return problem
  if ((before ? seenTag(before) : null) !== seen) return refuse("inUse", "stale")
  if (rights.includes("owner") && account.kind === "personal") {
    const owner = await otherOwner(edit, accountId, { principalId, from, until })
    if (owner !== undefined) return refuse("invalid", "ownerExists", { field: "rights", values: { value: owner } })
  }
  await edit.tx.query(put, [accountId, principalId, rights, from, until])
  await note(edit, { kind: before ? "assignment.changed" : "assignment.added", key: `${principalId} on ${address}`, accountId, principalId, ...(before && { before }), after: assignment })
  return done(address)
}

export async function endAssignment(edit: Edit, { address, principalId, seen }: ChangeOf<"endAssignment">): Promise<Edited> {
  const accountId = await readAccountId(edit.tx, address)
  const before = await readAssignment(edit.tx, address, principalId)
  const account = await readAccount(edit.tx, address)
  if (accountId === undefined || !before || !account) return refuse("notFound", "hasGone")
  if (!(await covered(edit, account.unitCode))) return refuse("noPermission", "outsideScope")
  if (seenTag(before) !== seen) return refuse("inUse", "stale")
  const problem = await rankProblem(edit, { accountId })
  if (problem) return problem
  await edit.tx.query(end, [accountId, principalId, edit.today])
  await note(edit, { kind: "assignment.ended", key: `${principalId} on ${address}`, accountId, principalId, before })
  return done(address)
}

interface AssignmentSubject {
  readonly accountId: number
  readonly account: { readonly unitCode: string; readonly archived: boolean }
  readonly person: { readonly principalId: string; readonly unitCode: string }
  readonly isNew: boolean
  readonly becomesOwner: boolean
}

/** The account is theirs to give; so is, at first, the person that it is given to. */
async function assignmentProblem(edit: Edit, { accountId, account, person, isNew, becomesOwner }: AssignmentSubject): Promise<Edited | undefined> {
  if (!(await covered(edit, account.unitCode))) return refuse("noPermission", "outsideScope", { field: "address" })
  if (isNew && !(await covered(edit, person.unitCode))) return refuse("noPermission", "outsideScope", { field: "principalId" })
  if (account.archived) return refuse("invalid", "archived", { field: "address" })
  return (becomesOwner ? await newOwnerProblem(edit, person, "principalId") : undefined) ?? rankProblem(edit, { accountId })
}

/** Whoever else owns a personal account on a day of the period. */
async function otherOwner({ tx, today }: Edit, accountId: number, { principalId, from, until }: { readonly principalId: string; readonly from: string | null; readonly until: string | null }): Promise<string | undefined> {
  const owners = await tx.query<{ principalId: string; from: string | null; until: string | null }>(ownersOf, [accountId, principalId])
  const begins = from !== null && from > today ? from : today
  return owners.find((owner) => (owner.from === null || until === null || owner.from <= until) && (owner.until === null || owner.until >= begins))?.principalId
}

/** People and organizations of the seed are numbered so; the directory's lock keeps two from taking one number. */
async function nextId({ tx, many }: Edit, kind: PersonInput["kind"]): Promise<string> {
  const [prefix, digits] = kind === "individual" ? (["CN", 5] as const) : (["TC", 4] as const)
  const known = many?.numbers.get(prefix)
  const last = known ?? (await tx.query<{ last: number }>(lastNumber, [prefix]))[0]?.last ?? 0
  many?.numbers.set(prefix, last + 1)
  return `${prefix}${String(last + 1).padStart(digits, "0")}`
}

const values = ({ principalId, kind, name, unitCode, title, phone }: PersonInput): readonly unknown[] => [principalId, kind, name, unitCode, title, phone]

const insert = { name: "edit-add-person", text: "INSERT INTO principal (id, kind, name, unit_code, title, phone) VALUES ($1, $2, $3, $4, $5, $6)" }
const update = { name: "edit-change-person", text: "UPDATE principal SET kind = $2, name = $3, unit_code = $4, title = $5, phone = $6 WHERE id = $1" }
const setSuspended = { name: "edit-suspend-person", text: "UPDATE principal SET suspended_at = CASE WHEN $2::bool THEN clock_timestamp() END WHERE id = $1" }
const put = {
  name: "edit-put-assignment",
  text: `INSERT INTO assignment (account_id, principal_id, rights, valid_from, valid_until) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (account_id, principal_id) DO UPDATE SET rights = excluded.rights, valid_from = excluded.valid_from, valid_until = excluded.valid_until`,
}
/** One that has not begun leaves nothing behind. */
const end = {
  name: "edit-end-assignment",
  text: `WITH gone AS (DELETE FROM assignment WHERE account_id = $1 AND principal_id = $2 AND valid_from >= $3::date RETURNING 1)
    UPDATE assignment SET valid_until = least(valid_until, $3::date - 1) WHERE account_id = $1 AND principal_id = $2 AND NOT EXISTS (SELECT FROM gone)`,
}
const ownersOf = {
  name: "edit-owners",
  text: `SELECT principal_id AS "principalId", to_char(valid_from, 'YYYY-MM-DD') AS "from", to_char(valid_until, 'YYYY-MM-DD') AS "until" FROM assignment WHERE account_id = $1 AND principal_id <> $2 AND 'owner' = ANY (rights)`,
}
const lastNumber = { name: "edit-last-person", text: "SELECT coalesce(max(substr(id, 3)::bigint), 0) AS last FROM principal WHERE id ~ ('^' || $1 || '[0-9]{1,12}$')" }
