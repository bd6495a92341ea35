import type { BulkWork } from "../../accounts/provision/bulk/rows.ts"
import type { DirectoryChange } from "../../accounts/provision/changes.ts"
import { problemsOf } from "../../accounts/provision/check-change.ts"
import { seenTag } from "../../accounts/provision/records.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import type { Refusal } from "../directory-editor.ts"
import { applyChange } from "./directory-editor.ts"
import { readAccount, readAccountId, readPerson } from "./directory-records.ts"
import { type Edit, type Edited, note } from "./edit.ts"
import { holderOf } from "./holder-of.ts"

/** What became of one row. */
export interface RowDone {
  readonly principalId: string | null
  readonly address: string | null
  /** The account that was made and needs a password. */
  readonly newAccountId: number | null
}

/** One row of a bulk job, in a savepoint of its own: a refusal after the first write is undone by the caller. */
export async function applyRow(edit: Edit, work: BulkWork): Promise<Result<RowDone, Refusal>> {
  if (work.kind === "add") return add(edit, work)
  return work.kind === "change" ? change(edit, work) : suspend(edit, work)
}

const checked = async (edit: Edit, wanted: DirectoryChange): Promise<Edited> => {
  const problems = problemsOf(wanted)
  return problems.length > 0 ? failed({ kind: "invalid", problems }) : applyChange(edit, wanted)
}

async function add(edit: Edit, { person, account, byRule, from, until }: Extract<BulkWork, { readonly kind: "add" }>): Promise<Result<RowDone, Refusal>> {
  const isThere = person.principalId !== "" && (await readPerson(edit.tx, person.principalId)) !== undefined
  const added: Edited = isThere ? ok(person.principalId) : await checked(edit, { kind: "addPerson", person })
  if (!added.ok) return added
  const always = from === null && until === null
  const make = (address: string | null): Promise<Edited> => checked(edit, { kind: "addAccount", account: { ...account, address, ownerId: always ? added.value : null } })
  let made = await make(account.address)
  // somebody was faster: the next free one
  if (!made.ok && made.failure.kind === "alreadyExists" && byRule) made = await make(null)
  if (!made.ok) return made
  if (!always) {
    const owned = await checked(edit, { kind: "putAssignment", seen: null, assignment: { address: made.value, principalId: added.value, rights: ["owner"], from, until } })
    if (!owned.ok) return owned
  }
  return ok({ principalId: added.value, address: made.value, newAccountId: (await readAccountId(edit.tx, made.value)) ?? null })
}

async function change(edit: Edit, { principalId, person, address, account }: Extract<BulkWork, { readonly kind: "change" }>): Promise<Result<RowDone, Refusal>> {
  if (principalId !== null && Object.keys(person).length > 0) {
    const before = await readPerson(edit.tx, principalId)
    if (!before) return gone
    const done = await checked(edit, { kind: "changePerson", seen: seenTag(before), person: { ...before, ...person } })
    if (!done.ok) return done
  }
  if (address !== null && Object.keys(account).length > 0) {
    const before = await readAccount(edit.tx, address)
    if (!before) return gone
    const done = await checked(edit, { kind: "changeAccount", seen: seenTag(before), account: { ...before, ...account } })
    if (!done.ok) return done
  }
  return ok({ principalId, address, newAccountId: null })
}

/** What is suspended already stays so. */
async function suspend(edit: Edit, { principalId, address }: Extract<BulkWork, { readonly kind: "suspend" }>): Promise<Result<RowDone, Refusal>> {
  const person = principalId === null ? undefined : await readPerson(edit.tx, principalId)
  if (principalId !== null && person && !person.suspended) {
    const done = await applyChange(edit, { kind: "suspendPerson", principalId, seen: seenTag(person) })
    if (!done.ok) return done
  }
  const account = address === null ? undefined : await readAccount(edit.tx, address)
  if (address !== null && account && !account.suspended) {
    const done = await applyChange(edit, { kind: "suspendAccount", address, seen: seenTag(account) })
    if (!done.ok) return done
  }
  return person || account ? ok({ principalId, address, newAccountId: null }) : gone
}

const gone = failed({ kind: "notFound" as const, problems: [{ field: "", problem: "hasGone" as const }] })

/** A one-time password in the place of the password there was; the console's sessions end with it. */
export async function giveOneTimePassword(edit: Pick<Edit, "tx" | "today">, accountId: number, hash: string): Promise<void> {
  // a change of the password that is under way must have come to its end, or what it makes would not be seen here and stay
  await edit.tx.query({ name: "lock-account", text: "SELECT FROM account WHERE id = $1 FOR UPDATE" }, [accountId])
  const before = await edit.tx.query({ name: "revoke-passwords", text: "UPDATE credential SET revoked_at = clock_timestamp() WHERE account_id = $1 AND kind IN ('password', 'oneTime') AND revoked_at IS NULL RETURNING id" }, [accountId])
  await edit.tx.query({ name: "end-sessions-of-account", text: "UPDATE console_session SET ended_at = clock_timestamp(), ended_by = 'one-time password' WHERE account_id = $1 AND ended_at IS NULL" }, [accountId])
  await addOneTimePassword(edit, { accountId, hash, first: before.length === 0 })
}

/** The same for an account that was just made. */
export const firstOneTimePassword = (edit: Pick<Edit, "tx" | "about" | "today">, accountId: number, hash: string): Promise<void> => addOneTimePassword(edit, { accountId, hash, first: true })

async function addOneTimePassword(edit: Pick<Edit, "tx" | "about" | "today">, { accountId, hash, first }: { readonly accountId: number; readonly hash: string; readonly first: boolean }): Promise<void> {
  await edit.tx.query({ name: "add-one-time", text: `INSERT INTO credential (account_id, principal_id, kind, hash) VALUES ($1, ${holderOf("$1", "$3::date")}, 'oneTime', $2)` }, [accountId, hash, edit.today])
  await note(edit, { kind: "credential.oneTimeMade", key: String(accountId), accountId, more: { first } })
}
