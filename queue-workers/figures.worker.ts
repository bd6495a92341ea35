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

/** A database that was too busy at the start is not, soon after. */
const againMs = 20_000

/** Counts mail, by hours for the console's dashboard and by months for its reports: at the start, and now and then, in one process at a time. */
export function startFiguresWorker({ count, exclusively, everyMs, log }: FiguresWorkerParts): RunningWorker {
  let underWay: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const run = async (): Promise<void> => {
    const done = await exclusively(count).then(
      () => true,
      (error: unknown) => (log.warn({ err: error }, "counting mail was broken off"), false),
    )
    if (!closed) timer = setTimeout(begin, done ? everyMs : Math.min(againMs, everyMs))
  }
  const begin = (): void => void (underWay = run())
  begin()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await underWay
    },
  }
}
