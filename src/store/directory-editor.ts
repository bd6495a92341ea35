import type { Scope } from "../accounts/administrator.ts"
import type { DirectoryChange } from "../accounts/provision/changes.ts"
import type { FieldProblem } from "../accounts/provision/problems.ts"
import type { Result } from "../base/result.ts"
import type { FailureKind } from "../mail/failure.ts"

/**
 * Changes to the directory, one at a time. Each is one transaction: what it says is checked, that it is within the scope, that the object is still what was
 * seen; then it is written with its audit entry (before, after) and the directory's next version, and other processes are told. Must not know: pages.
 */
export interface DirectoryEditor {
  /**
   * `noPermission` outside the scope; `inUse` when the object is not what was seen any more; `notFound`, `alreadyExists`, `invalid` with the fields that are to
   * blame. Nothing is changed then.
   */
  change(change: DirectoryChange, by: EditContext): Promise<Result<Changed, Refusal>>
}

export interface EditContext {
  readonly scope: Scope
  /** Made by right of the account that is changed, not as an administrator: who owns it may rank as he will. Whoever says so has looked at that right. */
  readonly byRightOfAccount?: boolean
}

export interface Changed {
  /** Of the directory. */
  readonly version: number
  /** What it is known by now: a new person's id, an address made by rule. */
  readonly key: string
}

export interface Refusal {
  readonly kind: Extract<FailureKind, "noPermission" | "notFound" | "alreadyExists" | "inUse" | "invalid">
  /** One at least. */
  readonly problems: readonly FieldProblem[]
}
