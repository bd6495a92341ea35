import type { Logger } from "pino"
import { randomId } from "../base/id.ts"
import type { BulkStore, Claim } from "../store/bulk-store.ts"

/**
 * Works bulk jobs off, some rows at a time, each time in one commit. A job belongs to whoever has claimed it; a claim that its owner does not renew, because
 * he died, is free after a while, and the next goes on behind the last commit. Must not know: queues, SQL.
 */
export interface BulkRunner {
  /** Resolves when the jobs are over, are somebody else's, or the runner closes. */
  run(ids: readonly number[]): Promise<void>
  /** Ends after the rows in hand; what is left is for another. */
  close(): Promise<void>
}

export interface BulkRunnerParts {
  readonly store: Pick<BulkStore, "claim" | "work" | "letGo">
  readonly log: Logger
  /** Rows in one commit: few enough that others who change the directory hardly wait. */
  readonly rowsAtOnce?: number
  readonly claimMs?: number
}

export function createBulkRunner({ store, log, rowsAtOnce = 50, claimMs = 30_000 }: BulkRunnerParts): BulkRunner {
  let closing = false
  const underWay = new Set<Promise<void>>()

  async function runOne(id: number): Promise<void> {
    const claim: Claim = { by: randomId(), forMs: claimMs }
    if (closing || !(await store.claim(id, claim))) return
    let rows = 0
    try {
      for (;;) {
        const step = await store.work(id, claim, rowsAtOnce)
        rows += step.rows
        if (step.kind !== "more") return log.info({ jobId: id, rows, outcome: step.kind }, "bulk: a job ended here")
        if (closing) return
      }
    } finally {
      await store.letGo(id, claim).catch((error: unknown) => log.debug({ err: error, jobId: id }, "bulk: a claim runs out by itself"))
    }
  }

  return {
    async run(ids) {
      const work = (async () => {
        for (const id of ids) await runOne(id)
      })()
      underWay.add(work)
      try {
        await work
      } finally {
        underWay.delete(work)
      }
    },
    async close() {
      closing = true
      await Promise.allSettled(underWay)
    },
  }
}
