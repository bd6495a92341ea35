import type { DefaultMailbox } from "../../accounts/default-mailboxes.ts"
import type { DirectoryChange } from "../../accounts/provision/changes.ts"
import { problemsOf } from "../../accounts/provision/check-change.ts"
import { provinceDate } from "../../accounts/province-date.ts"
import type { Clock } from "../../base/clock.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import type { ChangeFeed } from "../change-feed.ts"
import type { DirectoryEditor, EditContext, Refusal } from "../directory-editor.ts"
import { type Database, type Transaction, withRetry } from "./database.ts"
import { addAccount, addAlias, changeAccount, removeAlias, setAccountSuspended } from "./edit-accounts.ts"
import { addGroup, changeGroup, removeGroup } from "./edit-groups.ts"
import { addPerson, changePerson, endAssignment, putAssignment, setPersonSuspended } from "./edit-people.ts"
import { addUnit, changeUnit, setUnitSuspended } from "./edit-units.ts"
import type { Edit, Edited } from "./edit.ts"

export interface EditorParts {
  readonly database: Database
  readonly mailboxes: readonly DefaultMailbox[]
  /** For units that have none themselves. */
  readonly addressRule: string
  readonly clock: Clock
  /** Told after each commit. */
  readonly feed: Pick<ChangeFeed, "publish">
}

/** The directory's editor in PostgreSQL. */
export function createDirectoryEditor(parts: EditorParts): DirectoryEditor {
  return {
    async change(change, context) {
      const problems = problemsOf(change)
      if (problems.length > 0) return failed({ kind: "invalid", problems })
      const done = await inDirectory(parts, context, (edit) => applyChange(edit, change))
      return done.ok ? ok({ version: done.value.version, key: done.value.value }) : done
    },
  }
}

/**
 * Work on the directory in one transaction: it has the directory to itself, and what it has done is the next version. A refusal rolls back. Other processes
 * are told after the commit.
 */
export async function inDirectory<T>(
  { database, mailboxes, addressRule, clock, feed }: EditorParts, { scope, byRightOfAccount = false }: EditContext, work: (edit: Edit) => Promise<Result<T, Refusal>>,
): Promise<Result<{ readonly value: T; readonly version: number }, Refusal>> {
  try {
    const done = await withRetry(() =>
      database.transaction(async (tx) => {
        await lockDirectory(tx)
        const result = await work({ tx, scope, byRightOfAccount, today: provinceDate(clock.now()), mailboxes, addressRule })
        if (!result.ok) throw new RolledBack(result.failure)
        return { value: result.value, version: await nextVersion(tx) }
      }),
    )
    feed.publish([{ kind: "directory", version: done.version }])
    return ok(done)
  } catch (error) {
    if (error instanceof RolledBack) return failed(error.refusal)
    throw error
  }
}

/** Ends the transaction; seen by nobody outside. */
class RolledBack extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super("rolled back")
    this.refusal = refusal
  }
}

/** Imports, the registry and editors take turns; nobody who only reads waits. */
export const lockDirectory = async (tx: Transaction): Promise<void> => void (await tx.query({ name: "lock-directory", text: "SELECT FROM directory_version FOR UPDATE" }))

export async function nextVersion(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ version: number }>({ name: "next-directory", text: "UPDATE directory_version SET version = version + 1 RETURNING version" })
  return row?.version ?? 0
}

/** One change, on checked input, in a transaction that has the directory's lock. */
export function applyChange(edit: Edit, change: DirectoryChange): Promise<Edited> {
  switch (change.kind) {
    case "addUnit":
      return addUnit(edit, change)
    case "changeUnit":
      return changeUnit(edit, change)
    case "suspendUnit":
    case "reactivateUnit":
      return setUnitSuspended(edit, { ...change })
    case "addPerson":
      return addPerson(edit, change)
    case "changePerson":
      return changePerson(edit, change)
    case "suspendPerson":
    case "reactivatePerson":
      return setPersonSuspended(edit, { ...change })
    case "addAccount":
      return addAccount(edit, change)
    case "changeAccount":
      return changeAccount(edit, change)
    case "suspendAccount":
    case "reactivateAccount":
      return setAccountSuspended(edit, { ...change })
    case "putAssignment":
      return putAssignment(edit, change)
    case "endAssignment":
      return endAssignment(edit, change)
    case "addAlias":
      return addAlias(edit, change)
    case "removeAlias":
      return removeAlias(edit, change)
    case "addGroup":
      return addGroup(edit, change)
    case "changeGroup":
      return changeGroup(edit, change)
    case "removeGroup":
      return removeGroup(edit, change)
  }
}
