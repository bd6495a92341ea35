import type { Logger } from "pino"
import type { RecheckSummary } from "../src/pki/revocation/recheck.ts"
import type { RunningWorker } from "./run-worker.ts"

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
export function startRecheckWorker({ recheck, announce, exclusively, everyMs, log }: RecheckWorkerParts): RunningWorker & { run(): Promise<void> } {
  let underWay: Promise<void> | undefined
  const work = async (): Promise<void> => {
    const { changed, ...counts } = await recheck()
    if (changed.length > 0) announce()
    if (counts.checked > 0) log.info({ ...counts, changed: changed.length }, "the revocation of the registry's certificates was checked again")
  }
  const run = (): Promise<void> =>
    (underWay ??= exclusively(work)
      .then(() => undefined, (error: unknown) => log.warn({ err: error }, "the check of the registry's certificates was broken off"))
      .finally(() => (underWay = undefined)))
  const timer = setInterval(() => void run(), everyMs)
  return { run, close: async () => [clearInterval(timer), await underWay].forEach(() => undefined) }
}
