import type { Logger } from "pino"
import { type RunningRegularly, runRegularly } from "../src/base/regularly.ts"
import type { Housekeeping } from "../src/store/housekeeping.ts"

export interface HousekeepingParts {
  readonly housekeeping: Housekeeping
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly contentGraceMs: number
  /** Deletes the policy's decisions and warnings that are too old; returns how many. */
  readonly forgetDecisions: () => Promise<number>
  readonly log: Logger
}

/** A blob without a row may belong to a message whose DATA is still coming in. */
const blobGraceMs = 24 * 3_600_000
/** Beyond every age limit; evidence of a message that is still on its way in is younger. */
const revocationGraceMs = 30 * 24 * 3_600_000

/** Deletes what nothing refers to and what is too old, and folds long logs, in one process at a time. */
export function startHousekeepingWorker({ housekeeping, exclusively, everyMs, contentGraceMs, forgetDecisions, log }: HousekeepingParts): RunningRegularly {
  const work = async (): Promise<void> => {
    const marked = await housekeeping.markOrphans()
    const deleted = await housekeeping.deleteOrphans(contentGraceMs)
    const blobs = await housekeeping.sweepBlobs(blobGraceMs)
    const folded = await housekeeping.foldLogs()
    const revocations = await housekeeping.deleteRevocations(revocationGraceMs)
    const forgotten = await forgetDecisions()
    if (marked + deleted + blobs + folded + revocations + forgotten > 0) log.info({ marked, deleted, blobs, folded, revocations, forgotten }, "housekeeping")
  }
  return runRegularly({ everyMs, atStart: false, work: () => exclusively(work), failed: (error) => log.warn({ err: error }, "housekeeping was broken off") })
}
