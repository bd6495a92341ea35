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
export const covered = (edit: Pick<Edit, "tx" | "scope" | "many">, unitCode: string | null): Promise<boolean> =>
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

/** Undefined: nobody here administers more than whoever makes the change. One's own kind may be changed: all that it gives is within the scope. */
export async function rankProblem({ tx, scope }: Edit, subject: { readonly accountId?: number; readonly principalId?: string }): Promise<Edited | undefined> {
  if (scopeValue(scope) === null) return undefined
  const [row] = await tx.query<{ above: boolean }>(ranksAbove, [scopeValue(scope), subject.accountId ?? null, subject.principalId ?? null])
  return row?.above === true ? refuse("noPermission", "aboveYou") : undefined
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

const ranksAbove = {
  name: "edit-rank",
  text: `SELECT EXISTS (SELECT FROM administrator r WHERE r.ended_at IS NULL AND (r.account_id = $2 OR r.principal_id = $3 OR r.account_id IN (SELECT account_id FROM assignment WHERE principal_id = $3 AND 'owner' = ANY (rights)))
    AND (r.role <> 'unit' OR NOT coalesce(${inScope("r.unit_code", "$1")}, false))) AS above`,
}
