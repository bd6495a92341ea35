import type { DefaultMailbox } from "../accounts/default-mailboxes.ts"
import { type ImportPlan, isEmptyPlan } from "../accounts/import/plan.ts"
import { tableNames } from "../accounts/import/rows.ts"
import type { LdapEntries } from "../accounts/ldap-sync/entries.ts"
import { type Loss, planSync, type SyncOptions, type SyncPlan } from "../accounts/ldap-sync/plan.ts"
import { provinceDate } from "../accounts/province-date.ts"
import type { Clock } from "../base/clock.ts"
import type { LdapSyncStore, SyncReport, SyncState } from "../store/ldap-sync-store.ts"

/**
 * Brings the directory to what an LDAP server says: read all, compare, apply in one transaction, keep a report. A run that would suspend too many is stopped before it
 * changes anything. Running it again changes nothing. Must not know: SQL, the LDAP protocol.
 */
export interface LdapSyncParts {
  readonly read: (signal: AbortSignal) => Promise<LdapEntries>
  readonly store: LdapSyncStore
  readonly options: Omit<SyncOptions, "today" | "takeOver">
  /** Percent of those taken over. */
  readonly maxSuspended: number
  readonly mailboxes: readonly DefaultMailbox[]
  readonly clock: Clock
}

export interface LdapSync {
  /** `plan`: only looks. `confirmed`: however many are suspended. `takeOver`: as SyncOptions has it. Rejects when the store cannot be reached. */
  run(request: { readonly mode: "plan" | "apply"; readonly confirmed: boolean; readonly takeOver?: readonly string[]; readonly by: string; readonly signal: AbortSignal }): Promise<SyncOutcome>
}

export interface SyncOutcome {
  readonly run: number
  readonly state: SyncState
  readonly report: SyncReport
  /** Absent where the server could not be read. */
  readonly plan?: ImportPlan
}

/** Somebody may change the directory between comparing and applying. */
const maxTries = 5

export function createLdapSync({ read, store, options, maxSuspended, mailboxes, clock }: LdapSyncParts): LdapSync {
  return {
    async run({ mode, confirmed, takeOver = [], by, signal }) {
      const noted = async (state: Exclude<SyncState, "applied">, report: SyncReport, plan?: ImportPlan): Promise<SyncOutcome> => ({ run: await store.note({ state, report, by }), state, report, ...(plan && { plan }) })
      let entries: LdapEntries
      try {
        entries = await read(signal)
      } catch (error) {
        signal.throwIfAborted()
        return noted("failed", reportOf({ people: [], groups: [] }, undefined, error instanceof Error ? error.message.slice(0, 500) : "the server could not be read"))
      }
      for (let tries = 0; tries < maxTries; tries++) {
        const made = await planSync(entries, await store.facts(), { ...options, takeOver: new Set(takeOver), today: provinceDate(clock.now()) })
        const tooMany = stopReason(entries, made, maxSuspended)
        const report = reportOf(entries, made, tooMany ?? "")
        if (mode === "plan") return noted("planned", report, made.plan)
        if (tooMany !== undefined && !confirmed) return noted("stopped", report, made.plan)
        if (isEmptyPlan(made.plan) && !made.newLinks) return noted("unchanged", report, made.plan)
        const applied = await store.apply({ plan: made.plan, links: made.links, report, by, mailboxes })
        if (applied.ok) return { run: applied.value.run, state: "applied", report, plan: made.plan }
      }
      return noted("failed", reportOf(entries, undefined, "the directory keeps changing: somebody else imports at the same time"))
    },
  }
}

/** A filter with a slip in it, or a server that was emptied, must not close a province, nor take its groups apart. */
function stopReason({ people }: LdapEntries, { suspended, linked, groups, members }: SyncPlan, maxSuspended: number): string | undefined {
  if (people.length === 0 && suspended > 0) return `the server has nobody who fits; ${suspended} would be suspended`
  const tooMany = ({ before, lost }: Loss): boolean => lost * 100 > before * maxSuspended
  const why = (what: string, { before, lost }: Loss): string => `${lost} of ${before} ${what}, which is more than ${maxSuspended} percent`
  if (tooMany({ before: linked, lost: suspended })) return why("people would be suspended", { before: linked, lost: suspended })
  if (groups.lost > fewLost && tooMany(groups)) return why("groups would be removed", groups)
  return members.lost > fewLost && tooMany(members) ? why("members of groups would be removed", members) : undefined
}

/** Groups, or members of them: so few go on any day, also where there are not many. */
const fewLost = 5

const reportOf = ({ people, groups }: LdapEntries, made: SyncPlan | undefined, reason: string): SyncReport => ({
  people: people.length, groups: groups.length, problems: made?.problems ?? [], reason,
  counts: Object.fromEntries(tableNames.flatMap((name) => {
    const table = made?.plan.tables[name]
    const counts = table && { add: table.add.length, change: table.change.length, suspend: table.suspend.length, reactivate: table.reactivate.length }
    return counts && Object.values(counts).some((count) => count > 0) ? [[name, counts]] : []
  })),
})
