/**
 * Work that is done now and then, one run at a time; after one that failed again soon, with growing pauses, but never later than it would be anyway: what is done once a
 * day must not wait a day because the database restarted just then.
 */
export interface RegularWork {
  readonly everyMs: number
  readonly work: () => Promise<unknown>
  readonly failed: (error: unknown) => void
  /** The first run begins at once. */
  readonly atStart: boolean
}

export interface RunningRegularly {
  /** At once, or the one that is under way. */
  run(): Promise<void>
  /** Resolves when the run under way has ended. */
  close(): Promise<void>
}

const firstPauseMs = 1_000
const longestPauseMs = 60_000

export function runRegularly({ everyMs, work, failed, atStart }: RegularWork): RunningRegularly {
  let underWay: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let pauseMs = firstPauseMs
  const next = (ms: number): void => {
    if (!closed) timer = setTimeout(() => void run(), Math.min(ms, everyMs))
  }
  async function once(): Promise<void> {
    clearTimeout(timer)
    try {
      await work()
      pauseMs = firstPauseMs
      next(everyMs)
    } catch (error) {
      failed(error)
      next(pauseMs)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    }
  }
  const run = (): Promise<void> => (underWay ??= once().finally(() => (underWay = undefined)))
  if (atStart) void run()
  else next(everyMs)
  return {
    run,
    async close() {
      closed = true
      clearTimeout(timer)
      await underWay
    },
  }
}
