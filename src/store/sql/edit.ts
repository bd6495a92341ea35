import type { Scope } from "../../accounts/administrator.ts"
import type { DefaultMailbox } from "../../accounts/default-mailboxes.ts"
import type { FieldProblem, ProblemKey } from "../../accounts/provision/problems.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import type { Refusal } from "../directory-editor.ts"
import type { Transaction } from "./database.ts"
import { jsonText } from "./json-text.ts"
import { inScope, scopeValue } from "./scope.ts"

/** What every change to the directory stands on: a transaction that has the directory's lock, the limits of who makes it, and the day. */
export interface Edit {
  readonly tx: Transaction
  readonly scope: Scope
  /** As in EditContext. */
  readonly byRightOfAccount?: boolean
  /** Civil date in the province. */
  readonly today: string
  /** What a new account begins with. */
  readonly mailboxes: readonly DefaultMailbox[]
  /** For units that have none themselves. */
  readonly addressRule: string
  /** While many people and accounts are added in one transaction, what does not change in it is asked once. */
  readonly many?: Many
  /** What the audit's entries say beside: the job, the action that the change is a part of. */
  readonly about?: Readonly<Record<string, unknown>>
}

export interface Many {
  /** The last numbers given to new people, by prefix. */
  readonly numbers: Map<string, number>
  /** Answers about units and domains. */
  readonly answers: Map<string, Promise<unknown>>
}

export const newMany = (): Many => ({ numbers: new Map(), answers: new Map() })

function once<T>({ many }: Pick<Edit, "many">, question: string, ask: () => Promise<T>): Promise<T> {
  const known = many?.answers.get(question) as Promise<T> | undefined
  const answer = known ?? ask()
  many?.answers.set(question, answer)
  return answer
}

/** The key of what was changed. A refusal comes before anything is written. */
export type Edited = Result<string, Refusal>

export const done = (key: string): Edited => ok(key)

export const refuse = (kind: Refusal["kind"], problem: ProblemKey, { field = "", values }: { readonly field?: string; readonly values?: FieldProblem["values"] } = {}): { readonly ok: false; readonly failure: Refusal } =>
  failed({ kind, problems: [{ field, problem, ...(values && { values }) }] })

export const isProvinceWide = ({ scope }: Pick<Edit, "scope">): boolean => scopeValue(scope) === null

/** False outside the scope; what belongs to no unit is the province's. */
export const covered = (edit: Pick<Edit, "scope" | "many"> & { readonly tx: Pick<Transaction, "query"> }, unitCode: string | null): Promise<boolean> =>
  once(edit, `covered ${unitCode}`, async () => (await edit.tx.query<{ covered: boolean }>(coveredBy, [scopeValue(edit.scope), unitCode]))[0]?.covered === true)

/** Undefined: something new may begin in this unit. */
export async function unitProblem(edit: Edit, unitCode: string, field = "unitCode"): Promise<Edited | undefined> {
  const unit = await once(edit, `unit ${unitCode}`, async () => (await edit.tx.query<{ suspended: boolean }>(unitState, [unitCode]))[0])
  if (!unit) return refuse("invalid", "noUnit", { field, values: { value: unitCode } })
  if (!(await covered(edit, unitCode))) return refuse("noPermission", "outsideScope", { field })
  return unit.suspended ? refuse("invalid", "unitSuspended", { field, values: { value: unitCode } }) : undefined
}

/** Undefined: new addresses may be in this domain. Somebody who looks after one unit must not name mailboxes in another's. */
export async function domainProblem(edit: Edit, address: string, field: string): Promise<Edited | undefined> {
  const { tx, scope } = edit
  const domain = address.slice(address.lastIndexOf("@") + 1)
  const ours = await once(edit, `domain ${domain}`, async () => (await tx.query<{ ours: boolean }>(domainOfScope, [scopeValue(scope), domain]))[0]?.ours === true)
  return ours ? undefined : refuse(scopeValue(scope) === null ? "invalid" : "noPermission", "foreignDomain", { field, values: { value: domain } })
}

interface Subject {
  readonly accountId?: number
  readonly principalId?: string
}

/** Undefined: nobody here administers more than whoever makes the change. One's own kind may be changed: all that it gives is within the scope. */
export const rankProblem = async (edit: Edit, subject: Subject, field = ""): Promise<Edited | undefined> =>
  edit.byRightOfAccount !== true && (await ranksAbove(edit, subject)) ? refuse("noPermission", "aboveYou", { field }) : undefined

export async function ranksAbove({ tx, scope, today }: Pick<Edit, "scope" | "today"> & { readonly tx: Pick<Transaction, "query"> }, { accountId, principalId }: Subject): Promise<boolean> {
  if (scopeValue(scope) === null) return false
  const [row] = await tx.query<{ above: boolean }>(isAbove, [scopeValue(scope), accountId ?? null, principalId ?? null, today])
  return row?.above === true
}

/** Undefined: this person may become an owner. An account's password signs in as its owner, with all that he holds elsewhere: he must be the administrator's to name. */
export async function newOwnerProblem(edit: Edit, { principalId, unitCode }: { readonly principalId: string; readonly unitCode: string }, field: string): Promise<Edited | undefined> {
  return (await covered(edit, unitCode)) ? rankProblem(edit, { principalId }, field) : refuse("noPermission", "outsideScope", { field })
}

/** Undefined: all owners of the account are of the scope, today's and those to come. Whoever makes its password can be any of them. */
export async function ownersProblem({ tx, scope, today }: Edit, accountId: number): Promise<Edited | undefined> {
  const [outside] = await tx.query(ownerOutside, [scopeValue(scope), accountId, today])
  return outside && refuse("noPermission", "outsideScope")
}

export interface Note {
  readonly kind: string
  readonly key: string
  readonly accountId?: number
  readonly principalId?: string
  readonly before?: object
  readonly after?: object
  /** What else is to be known of it. */
  readonly more?: object
}

/** The entry in the audit: the object before and after. Who did it the connection says (accounts/actor.ts). */
export async function note({ tx, about }: Pick<Edit, "tx" | "about">, { kind, key, accountId, principalId, before, after, more }: Note): Promise<void> {
  await tx.query(insertNote, [kind, principalId ?? null, accountId ?? null, jsonText({ key, ...(before && { before }), ...(after && { after }), ...more, ...about })])
}

const insertNote = { name: "directory-note", text: "INSERT INTO audit (kind, principal_id, account_id, detail) VALUES ($1, $2, $3, $4)" }

const unitState = { name: "unit-state", text: "SELECT suspended_at IS NOT NULL AS suspended FROM organization_unit WHERE code = $1" }

const coveredBy = { name: "edit-covered", text: `SELECT coalesce(${inScope("$2::text", "$1")}, false) AS covered` }

const domainOfScope = { name: "edit-domain", text: `SELECT EXISTS (SELECT FROM organization_unit WHERE domain = $2 AND ${inScope("code", "$1")}) AS ours` }

/** Owners on or after the day `$N`. */
const owns = (day: string): string => `'owner' = ANY (rights) AND (valid_until IS NULL OR valid_until >= ${day}::date)`

const isAbove = {
  name: "edit-rank",
  text: `
    WITH person AS (SELECT $3::text AS id UNION SELECT principal_id FROM assignment WHERE account_id = $2 AND ${owns("$4")})
    SELECT EXISTS (SELECT FROM administrator r WHERE r.ended_at IS NULL
      AND (r.account_id = $2 OR r.principal_id IN (SELECT id FROM person) OR r.account_id IN (SELECT account_id FROM assignment WHERE principal_id IN (SELECT id FROM person) AND ${owns("$4")}))
      AND (r.role <> 'unit' OR NOT coalesce(${inScope("r.unit_code", "$1")}, false))) AS above`,
}

const ownerOutside = {
  name: "edit-owner-outside",
  text: `SELECT 1 AS yes FROM assignment s JOIN principal p ON p.id = s.principal_id WHERE s.account_id = $2 AND ${owns("$3")} AND NOT coalesce(${inScope("p.unit_code", "$1")}, false) LIMIT 1`,
}
