import type { Logger } from "pino"
import type { ExpiryWarnings } from "../src/notifications/expiry-warnings.ts"
import type { RunningWorker } from "./run-worker.ts"

export interface ExpiryWorkerParts {
  readonly expiryWarnings: ExpiryWarnings
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Warns before certificates end, in one process at a time. Far more often than daily, so that no day is missed; a run that finds all told is one query. */
export function startExpiryWorker({ expiryWarnings, exclusively, everyMs, log }: ExpiryWorkerParts): RunningWorker & { run(): Promise<void> } {
  let underWay: Promise<void> | undefined
  const run = (): Promise<void> =>
    (underWay ??= exclusively(async () => void (await expiryWarnings.send()))
      .then(() => undefined, (error: unknown) => log.warn({ err: error }, "warnings that certificates end were broken off"))
      .finally(() => (underWay = undefined)))
  const timer = setInterval(() => void run(), everyMs)
  return { run, close: async () => [clearInterval(timer), await underWay].forEach(() => undefined) }
}
