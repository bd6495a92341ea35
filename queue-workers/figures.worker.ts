import type { Logger } from "pino"
import { type RunningRegularly, runRegularly } from "../src/base/regularly.ts"

export interface FiguresWorkerParts {
  /** Counts what is over and not counted yet. */
  readonly count: () => Promise<void>
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Counts mail, by hours for the console's dashboard and by months for its reports: at the start, and now and then, in one process at a time. */
export const startFiguresWorker = ({ count, exclusively, everyMs, log }: FiguresWorkerParts): RunningRegularly =>
  runRegularly({ everyMs, atStart: true, work: () => exclusively(count), failed: (error) => log.warn({ err: error }, "counting mail was broken off") })
