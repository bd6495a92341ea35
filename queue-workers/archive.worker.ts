import type { Logger } from "pino"
import { type RunningRegularly, runRegularly } from "../src/base/regularly.ts"
import type { DirectoryActions } from "../src/store/directory-actions.ts"

export interface ArchiveWorkerParts {
  readonly actions: Pick<DirectoryActions, "upkeep">
  readonly everyMs: number
  readonly log: Logger
}

/** Archives the mailboxes of those who left long ago, and ends former addresses, each on its day. Often, so that no day is missed; two at once do it once. */
export const startArchiveWorker = ({ actions, everyMs, log }: ArchiveWorkerParts): RunningRegularly =>
  runRegularly({
    everyMs, atStart: true, failed: (error) => log.warn({ err: error }, "the directory's upkeep was broken off"),
    async work() {
      const { archived, addresses } = await actions.upkeep()
      if (archived + addresses > 0) log.info({ archived, addresses }, "directory: mailboxes were archived, former addresses ended")
    },
  })
