import type { Logger } from "pino"
import type { OwnReports } from "../src/reports/own-reports.ts"
import type { ReceivedReports } from "../src/reports/received-reports.ts"
import type { RunningWorker } from "./run-worker.ts"

export interface ReportWorkerParts {
  readonly ownReports: OwnReports
  readonly receivedReports: ReceivedReports
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Reads reports of others, and makes and sends ours, in one process at a time. A round that finds nothing to do is a few queries. */
export function startReportWorker({ ownReports, receivedReports, exclusively, everyMs, log }: ReportWorkerParts): RunningWorker & { run(): Promise<void> } {
  const ending = new AbortController()
  let underWay: Promise<void> | undefined
  const work = async (): Promise<void> => {
    await receivedReports.run(ending.signal)
    const { made, sent, notSent } = await ownReports.run(ending.signal)
    if (made + sent + notSent > 0) log.info({ made, sent, notSent }, "reports")
  }
  const run = (): Promise<void> =>
    (underWay ??= exclusively(work)
      .then(() => undefined, (error: unknown) => log.warn({ err: error }, "reports were broken off"))
      .finally(() => (underWay = undefined)))
  const timer = setInterval(() => void run(), everyMs)
  return { run, close: async () => [clearInterval(timer), ending.abort(), await underWay].forEach(() => undefined) }
}
