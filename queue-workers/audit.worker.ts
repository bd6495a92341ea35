import { setTimeout as wait } from "node:timers/promises"
import type { Logger } from "pino"
import { createOutageLog } from "../src/delivery/outage-log.ts"
import type { AuditUpkeep } from "../src/store/audit/upkeep.ts"
import type { RunningWorker } from "./run-worker.ts"

export interface AuditWorkerParts {
  readonly upkeep: AuditUpkeep
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Seals the audit's entries and signs its head, in one process at a time; once more when it ends, so that a day's last head is near its end. */
export function startAuditWorker({ upkeep, exclusively, everyMs, log }: AuditWorkerParts): RunningWorker & { run(): Promise<void> } {
  const outage = createOutageLog(log, "the audit's chain")
  let underWay: Promise<void> | undefined
  const once = (work: () => Promise<void>): Promise<void> => exclusively(work).then(() => outage.up(), (error: unknown) => outage.down(error))
  const run = (): Promise<void> => (underWay ??= once(() => upkeep.run()).finally(() => (underWay = undefined)))
  const timer = setInterval(() => void run(), Math.max(everyMs, 100))
  return {
    run,
    async close() {
      clearInterval(timer)
      const ended = (underWay ?? Promise.resolve()).then(() => once(() => upkeep.end()))
      await Promise.race([ended, wait(patienceMs, undefined, { ref: false })])
    },
  }
}

/** A database that does not answer does not keep the process from ending: what is not sealed now is at the next start. */
const patienceMs = 3_000
