import type { Logger } from "pino"
import { type RunningRegularly, runRegularly } from "../src/base/regularly.ts"
import type { RecheckSummary } from "../src/pki/revocation/recheck.ts"

export interface RecheckWorkerParts {
  /** Looks all certificates of the registry up again. */
  readonly recheck: () => Promise<RecheckSummary>
  /** Tells all processes to compare what they remember with the store. */
  readonly announce: () => void
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Asks for the certificates of the registry again, in one process at a time, so that a revocation is known before its holder writes the next message. */
export function startRecheckWorker({ recheck, announce, exclusively, everyMs, log }: RecheckWorkerParts): RunningRegularly {
  const work = async (): Promise<void> => {
    const { changed, ...counts } = await recheck()
    if (changed.length > 0) announce()
    if (counts.checked > 0) log.info({ ...counts, changed: changed.length }, "the revocation of the registry's certificates was checked again")
  }
  return runRegularly({ everyMs, atStart: false, work: () => exclusively(work), failed: (error) => log.warn({ err: error }, "the check of the registry's certificates was broken off") })
}
