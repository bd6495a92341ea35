import type { Logger } from "pino"
import { type RunningRegularly, runRegularly } from "../src/base/regularly.ts"

export interface DkimWorkerParts {
  /** Lets keys sign that the DNS shows by now; ends early when the signal is given. */
  readonly activatePublished: (signal: AbortSignal) => Promise<void>
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Asks the DNS for keys that wait for it, at the start and then regularly, in one process at a time. */
export function startDkimWorker({ activatePublished, exclusively, everyMs, log }: DkimWorkerParts): RunningRegularly {
  const closing = new AbortController()
  const regular = runRegularly({ everyMs, atStart: true, work: () => exclusively(() => activatePublished(closing.signal)), failed: (error) => log.warn({ err: error }, "whether the DNS shows new DKIM keys could not be found out") })
  return {
    run: regular.run,
    close() {
      closing.abort()
      return regular.close()
    },
  }
}
