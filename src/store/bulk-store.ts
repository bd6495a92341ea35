import type { Scope } from "../accounts/administrator.ts"
import type { BulkAction } from "../accounts/provision/bulk/columns.ts"
import type { BulkFacts, CellProblem, PlannedRow } from "../accounts/provision/bulk/rows.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"

/**
 * Bulk jobs: a file's rows as planned, and what became of each. A row is done, with its state, in one savepoint of the transaction that works off some rows:
 * never half, never twice, whoever dies. Must not know: files, queues.
 */
export interface BulkStore {
  /** What the directory says of what a file names. */
  facts(question: { readonly scope: Scope; readonly principalIds: readonly string[]; readonly addresses: readonly string[]; readonly defaultRule: string }): Promise<BulkFacts>
  /** Resolves with the job's number. */
  plan(job: NewBulkJob): Promise<number>
  /** Jobs whose scope is within the viewer's, newest first. */
  list(scope: Scope, limit: number): Promise<readonly BulkJob[]>
  /** Fails with `notFound`, also when it is not within the viewer's scope. */
  find(scope: Scope, id: number): Promise<Result<BulkJob, Failure>>
  rows(id: number, page: { readonly states?: readonly BulkRowState[]; readonly afterLine?: number; readonly limit: number }): Promise<readonly BulkRow[]>
  /** From now on a worker may do it. Fails with `notFound`, `inUse` when it is not a plan any more, `invalid` when no row of it is good. */
  confirm(scope: Scope, id: number): Promise<Result<BulkJob, Failure>>
  /** What is done stays. A running one ends after the rows that are under way. Fails with `notFound`, `inUse` when it is over. */
  cancel(scope: Scope, id: number, by: string): Promise<Result<BulkJob, Failure>>
  /** Confirmed ones that nobody works on. */
  due(): Promise<readonly number[]>
  /** False when somebody else has it, or there is nothing to do. */
  claim(id: number, claim: Claim): Promise<boolean>
  /** Some rows, in one transaction. */
  work(id: number, claim: Claim, size: number): Promise<BulkStep>
  /** Whoever ends before the job does lets another have it at once. */
  letGo(id: number, claim: Claim): Promise<void>
  /**
   * All rows; with the one-time passwords the first time, and for `resultAgainMs` after it to whoever says `again`, because a download may break off. Each time
   * that passwords are handed out is in the audit. Fails with `notFound`, `noPermission` for all but who started it, `inUse` while it is not over.
   */
  takeResult(id: number, by: { readonly accountId: number | null; readonly tokenId?: number; readonly scope: Scope; readonly again: boolean }): Promise<Result<{ readonly job: BulkJob; readonly rows: readonly BulkRow[] }, Failure>>
  /** Passwords that were fetched and can be had no more, those that nobody has fetched in a day, plans that nobody has confirmed in a week, jobs older than a quarter; returns how many rows lost something. */
  forget(): Promise<number>
}

export const resultAgainMs = 15 * 60_000

export interface Claim {
  readonly by: string
  readonly forMs: number
}

export interface NewBulkJob {
  readonly fileName: string
  readonly header: readonly string[]
  readonly rows: readonly PlannedRow[]
  readonly scope: Scope
  /** Null for a token, and on the command line. */
  readonly accountId: number | null
  /** Of the API; absent: none. */
  readonly tokenId?: number
  readonly startedBy: string
}

export type BulkState = "planned" | "queued" | "running" | "done" | "cancelled"
export type BulkRowState = "bad" | "pending" | "done" | "failed" | "cancelled"

export interface BulkJob {
  readonly id: number
  readonly state: BulkState
  readonly fileName: string
  readonly header: readonly string[]
  readonly accountId: number | null
  readonly tokenId: number | null
  readonly startedBy: string
  /** Milliseconds since the epoch, as all times here. */
  readonly plannedAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly cancelAsked: boolean
  readonly cancelledBy: string
  readonly resultTaken: boolean
  /** Until when the passwords can be had again; null: not taken yet, or gone. */
  readonly resultAgainUntil: number | null
  readonly adds: number
  readonly changes: number
  readonly suspensions: number
  /** By state of the row. */
  readonly bad: number
  readonly pending: number
  readonly done: number
  readonly failed: number
  readonly cancelled: number
}

export interface BulkRow {
  readonly line: number
  readonly cells: readonly string[]
  readonly state: BulkRowState
  readonly action: BulkAction | null
  readonly problems: readonly CellProblem[]
  /** Of whom the row is about, once known. */
  readonly principalId: string | null
  readonly address: string | null
  /** Only in a result that is taken for the first time. */
  readonly oneTimePassword?: string
}

export interface BulkStep {
  /** `lost`: somebody else has it. */
  readonly kind: "more" | "done" | "cancelled" | "lost"
  readonly rows: number
}
