import type { Logger } from "pino"
import type { AddressBookKeeper } from "../src/addressbook/keep-in-step.ts"
import { type RunningRegularly, runRegularly } from "../src/base/regularly.ts"
import { createOutageLog } from "../src/delivery/outage-log.ts"
import type { ChangeFeed } from "../src/store/change-feed.ts"

export interface LdapWorkerParts {
  readonly keeper: AddressBookKeeper
  readonly feed: Pick<ChangeFeed, "subscribe">
  /** How often it is asked anyway: after a failure, a change unheard, a restart. */
  readonly everyMs: number
  readonly log: Logger
}

/** Keeps the LDAP address book in step: at the start, at each change of the directory, and again until it has worked. */
export function startLdapWorker({ keeper, feed, everyMs, log }: LdapWorkerParts): RunningRegularly {
  const outage = createOutageLog(log, "the LDAP address book")
  const ending = new AbortController()
  let again = false
  const work = async (): Promise<void> => {
    // what changed while the last comparison was under way is in none of its answers
    for (again = true; again && !ending.signal.aborted; ) {
      again = false
      await keeper.check(ending.signal)
    }
    outage.up()
  }
  const regular = runRegularly({ everyMs, atStart: true, work, failed: (error) => (ending.signal.aborted ? undefined : outage.down(error)) })
  const run = (): Promise<void> => {
    again = true
    return regular.run()
  }
  const unsubscribe = feed.subscribe((changes) => changes.some(({ kind }) => kind === "directory") && void run(), () => void run())
  return {
    run,
    close() {
      unsubscribe()
      ending.abort()
      return regular.close()
    },
  }
}
