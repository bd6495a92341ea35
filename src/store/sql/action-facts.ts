import { monthsKept, monthsLater, planHandOver, planLeave, planMove } from "../../accounts/provision/guided/plan-action.ts"
import type { ActionStep } from "../../accounts/provision/guided/steps.ts"
import type { AccountRecord, AssignmentRecord } from "../../accounts/provision/records.ts"
import { ok, type Result } from "../../base/result.ts"
import type { GuidedAction } from "../directory-actions.ts"
import type { Refusal } from "../directory-editor.ts"
import { accountColumns, assignmentColumns, orderedRights, readAccount, readAccountId, readPerson } from "./directory-records.ts"
import { addressOfRule } from "./edit-accounts.ts"
import { covered, type Edit, type Edited, newOwnerProblem, rankProblem, refuse, unitProblem } from "./edit.ts"

/** How long things are kept. */
export interface KeepingRules {
  /** The first day on which a former address is no more. */
  readonly aliasUntil: (today: string) => string
  readonly leaverMonths: number
  readonly headMonths: number
  readonly headTitles: readonly string[]
}

export interface PlannedAction {
  readonly steps: readonly ActionStep[]
  readonly subject: string
  readonly unitCode: string
}

/** Reads what a guided action rests on, looks whether it may be, and plans it; in the transaction that does it, or in one that only looks. */
export function planAction(edit: Edit, action: GuidedAction, rules: KeepingRules): Promise<Result<PlannedAction, Refusal>> {
  if (action.kind === "move") return move(edit, action, rules)
  return action.kind === "leave" ? leave(edit, action, rules) : handOver(edit, action)
}

async function subjectOf(edit: Edit, principalId: string) {
  const person = await readPerson(edit.tx, principalId)
  if (!person) return refuse("notFound", "noPerson", { values: { value: principalId } })
  if (!(await covered(edit, person.unitCode))) return refuse("noPermission", "outsideScope")
  const problem = await rankProblem(edit, { principalId })
  return problem && !problem.ok ? problem : ok(person)
}

async function move(edit: Edit, { principalId, unitCode, title, keepAddress }: Extract<GuidedAction, { readonly kind: "move" }>, rules: KeepingRules): Promise<Result<PlannedAction, Refusal>> {
  const found = await subjectOf(edit, principalId)
  if (!found.ok) return found
  const person = found.value
  if (person.unitCode === unitCode) return refuse("invalid", "alreadySo", { field: "unitCode" })
  const problem = await unitProblem(edit, unitCode)
  if (problem && !problem.ok) return problem
  const { tx, today } = edit
  const accounts = []
  for (const record of await ownedBy(edit, principalId)) {
    // what others look after is not this administrator's to move
    if (!(await covered(edit, record.unitCode))) return refuse("noPermission", "outsideScope", { field: "address" })
    const groups = await tx.query<{ address: string; unitCode: string | null; as: string }>(groupsOfAccount, [record.address])
    const made = keepAddress ? ok(null) : await addressOfRule(edit, { name: person.name, kind: "personal", unitCode, own: record.address })
    if (!made.ok) return made
    accounts.push({ record, newAddress: made.value, groups })
  }
  const assignments = await tx.query<AssignmentRecord & { unitCode: string }>(officesOf, [principalId, today])
  const path = async (code: string): Promise<readonly string[]> => (await tx.query<{ code: string }>(pathOf, [code])).map((row) => row.code)
  const [oldPath, newPath] = [await path(person.unitCode), await path(unitCode)]
  const usualGroups = await tx.query<{ address: string; unitCode: string }>(usualGroupsOf, [unitCode, newPath])
  const steps = planMove({ person, to: { unitCode, title }, oldPath, newPath, accounts, assignments: assignments.map((row) => ({ ...row, rights: orderedRights(row.rights) })), usualGroups, aliasUntil: rules.aliasUntil(today) })
  return ok({ steps, subject: principalId, unitCode: person.unitCode })
}

async function leave(edit: Edit, { principalId }: Extract<GuidedAction, { readonly kind: "leave" }>, rules: KeepingRules): Promise<Result<PlannedAction, Refusal>> {
  const found = await subjectOf(edit, principalId)
  if (!found.ok) return found
  const accounts = await ownedBy(edit, principalId)
  for (const { unitCode } of accounts) if (!(await covered(edit, unitCode))) return refuse("noPermission", "outsideScope", { field: "address" })
  const owned = new Set(accounts.map(({ address }) => address))
  const assignments = await edit.tx.query<AssignmentRecord>(assignmentsOf, [principalId, edit.today])
  const others = assignments.filter(({ address }) => !owned.has(address)).map((row) => ({ ...row, rights: orderedRights(row.rights) }))
  const steps = planLeave({ person: found.value, accounts, assignments: others, archiveOn: monthsLater(edit.today, monthsKept(found.value.title, rules)) })
  return steps.length === 0 ? refuse("invalid", "alreadySo") : ok({ steps, subject: principalId, unitCode: found.value.unitCode })
}

async function handOver(edit: Edit, { address, to }: Extract<GuidedAction, { readonly kind: "handOver" }>): Promise<Result<PlannedAction, Refusal>> {
  const account = await readAccount(edit.tx, address)
  const accountId = await readAccountId(edit.tx, address)
  if (!account || accountId === undefined) return refuse("notFound", "noAccount", { values: { value: address } })
  if (!(await covered(edit, account.unitCode))) return refuse("noPermission", "outsideScope")
  if (account.archived) return refuse("invalid", "archived")
  const problem = await rankProblem(edit, { accountId })
  if (problem && !problem.ok) return problem
  const person = await readPerson(edit.tx, to)
  if (!person) return refuse("invalid", "noPerson", { field: "to", values: { value: to } })
  const notHis = await newOwnerProblem(edit, person, "to")
  if (notHis && !notHis.ok) return notHis
  if (person.suspended) return refuse("invalid", "personSuspended", { field: "to", values: { value: to } })
  const owners = await edit.tx.query<AssignmentRecord & { name: string }>(ownersOf, [address, edit.today])
  if (owners.some(({ principalId }) => principalId === to) && owners.length === 1) return refuse("invalid", "alreadySo", { field: "to" })
  return ok({ steps: planHandOver({ account, to: person, owners: owners.map((row) => ({ ...row, rights: orderedRights(row.rights) })) }), subject: address, unitCode: account.unitCode })
}

/** Undefined: where everybody and everything is now, and what comes back, is the administrator's; nobody comes back who ranks above. */
export async function undoProblem(edit: Edit, { subject, unitCode, steps }: PlannedAction): Promise<Edited | undefined> {
  const units = [unitCode]
  for (const step of steps) {
    if (step.step === "movePerson" || step.step === "moveAccount") units.push(step.to)
    // what has gone meanwhile, the step itself will say
    if (step.step === "endAssignment") units.push((await readAccount(edit.tx, step.address))?.unitCode ?? unitCode)
  }
  for (const unit of new Set(units)) if (!(await covered(edit, unit))) return refuse("noPermission", "outsideScope")
  return rankProblem(edit, { principalId: subject })
}

const ownedBy = ({ tx, today }: Edit, principalId: string): Promise<AccountRecord[]> => tx.query<AccountRecord>(ownedAccounts, [principalId, today])

const notOver = "(s.valid_until IS NULL OR s.valid_until >= $2::date)"
const ownedAccounts = {
  name: "action-owned",
  text: `SELECT ${accountColumns} FROM account a JOIN assignment s ON s.account_id = a.id WHERE s.principal_id = $1 AND 'owner' = ANY (s.rights) AND a.kind = 'personal' AND a.archived_at IS NULL AND ${notOver} ORDER BY a.id`,
}
const assignmentsOf = { name: "action-assignments", text: `SELECT ${assignmentColumns} FROM assignment s JOIN account a ON a.id = s.account_id WHERE s.principal_id = $1 AND ${notOver} ORDER BY a.address` }
const officesOf = { name: "action-offices", text: `SELECT ${assignmentColumns}, a.unit_code AS "unitCode" FROM assignment s JOIN account a ON a.id = s.account_id WHERE s.principal_id = $1 AND a.kind = 'organizational' AND ${notOver} ORDER BY a.address` }
const ownersOf = { name: "action-owners", text: `SELECT ${assignmentColumns}, p.name FROM assignment s JOIN account a ON a.id = s.account_id JOIN principal p ON p.id = s.principal_id WHERE a.address = $1 AND 'owner' = ANY (s.rights) AND ${notOver} ORDER BY p.id` }

const groupsOfAccount = {
  name: "action-groups",
  text: `SELECT g.address, g.unit_code AS "unitCode", m.member_address AS as FROM mail_group_member m JOIN mail_group g ON g.address = m.group_address
    WHERE m.member_address = $1 OR m.member_address IN (SELECT l.address FROM alias l JOIN account a ON a.id = l.account_id WHERE a.address = $1) ORDER BY g.address, m.member_address`,
}
const pathOf = {
  name: "action-path",
  text: `WITH RECURSIVE up (code, parent_code, depth) AS (SELECT code, parent_code, 0 FROM organization_unit WHERE code = $1
    UNION ALL SELECT u.code, u.parent_code, up.depth + 1 FROM organization_unit u JOIN up ON u.code = up.parent_code WHERE up.depth < 50) SELECT code FROM up ORDER BY depth`,
}
/** More than half of the unit's people are in it, and three of them at least: two who happen to be in one are no custom. */
const usualGroupsOf = {
  name: "action-usual-groups",
  text: `
    SELECT g.address, g.unit_code AS "unitCode" FROM mail_group g JOIN mail_group_member m ON m.group_address = g.address JOIN account a ON a.address = m.member_address
    WHERE g.unit_code = ANY ($2::text[]) AND a.unit_code = $1 AND a.kind = 'personal' AND a.suspended_at IS NULL
    GROUP BY g.address HAVING count(*) >= 3 AND count(*) * 2 > (SELECT count(*) FROM account WHERE unit_code = $1 AND kind = 'personal' AND suspended_at IS NULL) ORDER BY g.address`,
}
