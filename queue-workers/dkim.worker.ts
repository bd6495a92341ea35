import type { Logger } from "pino"
import type { RunningWorker } from "./run-worker.ts"

export interface DkimWorkerParts {
  /** Lets keys sign that the DNS shows by now; ends early when the signal is given. */
  readonly activatePublished: (signal: AbortSignal) => Promise<void>
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Asks the DNS for keys that wait for it, at the start and then regularly, in one process at a time. */
export function startDkimWorker({ activatePublished, exclusively, everyMs, log }: DkimWorkerParts): RunningWorker & { run(): Promise<void> } {
  const closing = new AbortController()
  let underWay: Promise<void> | undefined
  const run = (): Promise<void> =>
    (underWay ??= exclusively(() => activatePublished(closing.signal))
      .then(() => undefined, (error: unknown) => log.warn({ err: error }, "whether the DNS shows new DKIM keys could not be found out"))
      .finally(() => (underWay = undefined)))
  const timer = setInterval(() => void run(), everyMs)
  void run()
  return {
    run,
    async close() {
      clearInterval(timer)
      closing.abort()
      await underWay
    },
  }
}
