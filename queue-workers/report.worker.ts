import type { Logger } from "pino"
import { type RunningRegularly, runRegularly } from "../src/base/regularly.ts"
import type { OwnReports } from "../src/reports/own-reports.ts"
import type { ReceivedReports } from "../src/reports/received-reports.ts"

export interface ReportWorkerParts {
  readonly ownReports: OwnReports
  readonly receivedReports: ReceivedReports
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Reads reports of others, and makes and sends ours, in one process at a time. A round that finds nothing to do is a few queries. */
export function startReportWorker({ ownReports, receivedReports, exclusively, everyMs, log }: ReportWorkerParts): RunningRegularly {
  const ending = new AbortController()
  const work = async (): Promise<void> => {
    await receivedReports.run(ending.signal)
    const { made, sent, notSent } = await ownReports.run(ending.signal)
    if (made + sent + notSent > 0) log.info({ made, sent, notSent }, "reports")
  }
  const regular = runRegularly({ everyMs, atStart: false, work: () => exclusively(work), failed: (error) => log.warn({ err: error }, "reports were broken off") })
  return {
    run: regular.run,
    close() {
      ending.abort()
      return regular.close()
    },
  }
}
