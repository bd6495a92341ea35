import type { Logger } from "pino"
import type { Clock } from "../base/clock.ts"
import type { AddressBookSource } from "../store/address-book-source.ts"
import type { LdapDirectory } from "./ldap-directory.ts"
import type { EntryOptions } from "./ldap-entry.ts"
import { synchronize } from "./synchronize.ts"

/**
 * Decides when the LDAP server has to be compared with the directory, and does it. How far it has come is written on the LDAP server
 * itself, so that any process can go on where another one died, and a server that is new, restored or emptied is filled again.
 */
export interface AddressBookKeeper {
  /** Compares when it is due: another version of the directory, or the daily full comparison. Rejects when either side is away or the signal ends it. */
  check(signal: AbortSignal): Promise<"done" | "inStep" | "elsewhere">
}

export interface AddressBookKeeperParts {
  readonly open: (signal: AbortSignal) => Promise<LdapDirectory>
  readonly source: AddressBookSource
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly options: EntryOptions
  /** A comparison is due after this even when nobody changed the directory: certificates expire, assignments begin and end. */
  readonly compareEveryMs: number
  readonly clock: Clock
  readonly log: Logger
}

/** What is written on the LDAP server: the version of the directory it has, and since when. */
export interface SyncState {
  readonly version: number
  readonly comparedAt: number
}

export const stateText = ({ version, comparedAt }: SyncState): string => `congthu directory ${version} compared ${new Date(comparedAt).toISOString()}`

/** Undefined for anything that `stateText` did not write. */
export function readState(text: string): SyncState | undefined {
  const match = /^congthu directory (\d{1,15}) compared (\S{20,30})$/.exec(text)
  const comparedAt = Date.parse(match?.[2] ?? "")
  return match && !Number.isNaN(comparedAt) ? { version: Number(match[1]), comparedAt } : undefined
}

/** A time in the future is a clock that was put back: compared now, or it would be long until the next. */
export const isDue = (state: SyncState | undefined, { version, now, everyMs }: { readonly version: number; readonly now: number; readonly everyMs: number }): boolean =>
  state?.version !== version || now - state.comparedAt >= everyMs || state.comparedAt > now

export function createAddressBookKeeper({ open, source, exclusively, options, compareEveryMs, clock, log }: AddressBookKeeperParts): AddressBookKeeper {
  const compare = async (signal: AbortSignal): Promise<"done" | "inStep"> => {
    const directory = await open(signal)
    try {
      const now = clock.now()
      // before the entries: what changes while they are read is another version, and makes the next comparison due
      const version = await source.version()
      if (!isDue(readState(await directory.state()), { version, now, everyMs: compareEveryMs })) return "inStep"
      await directory.prepare()
      const { refused, ...counts } = await synchronize({ source, directory, options, signal })
      await directory.saveState(stateText({ version, comparedAt: now }))
      if (counts.added + counts.changed + counts.removed > 0) log.info({ version, ...counts, ms: clock.now() - now }, "the address book is in step with the directory")
      if (refused.length > 0) log.warn({ count: refused.length, first: refused[0] }, "the LDAP server refused entries of the address book")
      return "done"
    } finally {
      await directory.close()
    }
  }
  return {
    async check(signal) {
      let outcome: "done" | "inStep" | "elsewhere" = "elsewhere"
      await exclusively(async () => {
        outcome = await compare(signal)
      })
      return outcome
    },
  }
}
