import type { Logger } from "pino"
import type { LdapSync } from "../src/addressbook/ldap-sync.ts"
import type { Clock } from "../src/base/clock.ts"
import { createOutageLog } from "../src/delivery/outage-log.ts"
import type { LdapSyncStore } from "../src/store/ldap-sync-store.ts"
import type { RunningWorker } from "./run-worker.ts"

export interface LdapSyncWorkerParts {
  readonly sync: LdapSync
  readonly store: Pick<LdapSyncStore, "list">
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly clock: Clock
  readonly log: Logger
}

/** How often it is asked whether a run is due. */
const lookEveryMs = 60_000
export const ldapSyncName = "schedule"

/** Takes an LDAP server's people over when the last run of the schedule is `everyMs` ago, in one process at a time. */
export function startLdapSyncWorker({ sync, store, exclusively, everyMs, clock, log }: LdapSyncWorkerParts): RunningWorker & { run(): Promise<void> } {
  const outage = createOutageLog(log, "the synchronization with the LDAP server")
  const ending = new AbortController()
  let underWay: Promise<void> | undefined
  const work = async (): Promise<void> => {
    const last = (await store.list(100)).find(({ by, state }) => by === ldapSyncName && state !== "failed")
    if (last && clock.now() - last.at < everyMs) return
    const { state, report } = await sync.run({ mode: "apply", confirmed: false, by: ldapSyncName, signal: ending.signal })
    if (state === "failed") return outage.down(new Error(report.reason))
    outage.up()
    if (state === "stopped") log.error({ reason: report.reason }, "the synchronization with the LDAP server was stopped; congthu ldap-sync apply --confirm does it")
    else if (state === "applied") log.info({ counts: report.counts, problems: report.problems.length }, "people and groups were taken over from the LDAP server")
  }
  const run = (): Promise<void> => (underWay ??= exclusively(work).then(() => undefined, (error: unknown) => (ending.signal.aborted ? undefined : outage.down(error))).finally(() => (underWay = undefined)))
  const timer = setInterval(() => void run(), Math.min(everyMs, lookEveryMs))
  void run()
  return { run, close: async () => [clearInterval(timer), ending.abort(), await underWay].forEach(() => undefined) }
}
