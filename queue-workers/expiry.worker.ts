import type { Logger } from "pino"
import { type RunningRegularly, runRegularly } from "../src/base/regularly.ts"
import type { ExpiryWarnings } from "../src/notifications/expiry-warnings.ts"

export interface ExpiryWorkerParts {
  readonly expiryWarnings: ExpiryWarnings
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Warns before certificates end, in one process at a time. Far more often than daily, so that no day is missed; a run that finds all told is one query. */
export const startExpiryWorker = ({ expiryWarnings, exclusively, everyMs, log }: ExpiryWorkerParts): RunningRegularly =>
  runRegularly({ everyMs, atStart: false, work: () => exclusively(async () => void (await expiryWarnings.send())), failed: (error) => log.warn({ err: error }, "warnings that certificates end were broken off") })
