import type { Logger } from "pino"
import type { DirectoryActions } from "../src/store/directory-actions.ts"
import type { RunningWorker } from "./run-worker.ts"

export interface ArchiveWorkerParts {
  readonly actions: Pick<DirectoryActions, "upkeep">
  readonly everyMs: number
  readonly log: Logger
}

/** Archives the mailboxes of those who left long ago, and ends former addresses, each on its day. Often, so that no day is missed; two at once do it once. */
export function startArchiveWorker({ actions, everyMs, log }: ArchiveWorkerParts): RunningWorker {
  let underWay: Promise<void> | undefined
  const work = async (): Promise<void> => {
    const { archived, addresses } = await actions.upkeep()
    if (archived + addresses > 0) log.info({ archived, addresses }, "directory: mailboxes were archived, former addresses ended")
  }
  const run = (): Promise<void> => (underWay ??= work().catch((error: unknown) => log.warn({ err: error }, "the directory's upkeep was broken off")).finally(() => (underWay = undefined)))
  const timer = setInterval(() => void run(), everyMs)
  void run()
  return {
    async close() {
      clearInterval(timer)
      await underWay
    },
  }
}
