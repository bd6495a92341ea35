import type { Logger } from "pino"
import type { RunningWorker } from "./run-worker.ts"

export interface FiguresWorkerParts {
  /** Counts what is over and not counted yet. */
  readonly count: () => Promise<void>
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Counts mail, by hours for the console's dashboard and by months for its reports: at the start, and now and then, in one process at a time. */
export function startFiguresWorker({ count, exclusively, everyMs, log }: FiguresWorkerParts): RunningWorker {
  let underWay: Promise<void> | undefined
  const run = (): Promise<void> =>
    (underWay ??= exclusively(count)
      .then(() => undefined, (error: unknown) => log.warn({ err: error }, "counting mail was broken off"))
      .finally(() => (underWay = undefined)))
  const timer = setInterval(() => void run(), everyMs)
  void run()
  return {
    async close() {
      clearInterval(timer)
      await underWay
    },
  }
}
