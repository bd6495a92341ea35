import type { ExternalLink } from "../accounts/ldap-sync/entries.ts"
import type { SyncFacts } from "../accounts/ldap-sync/plan.ts"
import type { ImportPlan } from "../accounts/import/plan.ts"
import type { DefaultMailbox } from "../accounts/default-mailboxes.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"

/** Synchronizations with an LDAP server: what they stand on, what they change, and what is kept of each. Must not know: LDAP. */
export interface LdapSyncStore {
  facts(): Promise<SyncFacts>
  /** Plan, links and report in one transaction. Fails with `inUse`, nothing changed, when the directory is not the one that was compared. */
  apply(work: { readonly plan: ImportPlan; readonly links: readonly ExternalLink[]; readonly report: SyncReport; readonly by: string; readonly mailboxes: readonly DefaultMailbox[] }): Promise<Result<{ readonly run: number; readonly version: number }, Failure>>
  /** A run that changed nothing: its number. */
  note(run: { readonly state: Exclude<SyncState, "applied">; readonly report: SyncReport; readonly by: string }): Promise<number>
  /** The last ones, newest first. */
  list(limit: number): Promise<readonly SyncRun[]>
}

export const syncStates = ["planned", "applied", "unchanged", "stopped", "failed"] as const
export type SyncState = (typeof syncStates)[number]

export interface SyncReport {
  readonly people: number
  readonly groups: number
  /** By table: how many rows. */
  readonly counts: Readonly<Record<string, { readonly add: number; readonly change: number; readonly suspend: number; readonly reactivate: number }>>
  readonly problems: readonly { readonly dn: string; readonly reason: string }[]
  /** Why it was stopped, or has failed; empty: it was not. */
  readonly reason: string
}

export interface SyncRun {
  readonly id: number
  /** ms since the epoch. */
  readonly at: number
  readonly by: string
  readonly state: SyncState
  readonly report: SyncReport
}
