import type { Logger } from "pino"
import type { Outbox } from "../src/delivery/outbox.ts"
import { type QueueBackend, queueNames } from "../src/delivery/queues.ts"
import type { BulkRunner } from "../src/provisioning/bulk-runner.ts"
import type { BulkStore } from "../src/store/bulk-store.ts"
import { type RunningWorker, runWorker } from "./run-worker.ts"

export interface BulkWorkerParts {
  readonly backend: QueueBackend
  readonly runner: BulkRunner
  readonly store: Pick<BulkStore, "due">
  readonly outbox: Pick<Outbox, "enqueueBulk" | "isAvailable">
  /** How often jobs are looked for that no queue carries: never queued, lost with Redis, left by a worker that died. */
  readonly everyMs: number
  readonly log: Logger
}

/** Works bulk jobs of the directory off, one at a time in each process. */
export function startBulkWorker({ backend, runner, store, outbox, everyMs, log }: BulkWorkerParts): RunningWorker {
  const worker = runWorker({ queue: queueNames.bulk, backend, concurrency: 1, log, handle: (job) => runner.run(job.data.ids) })
  let underWay: Promise<unknown> | undefined
  const sweep = async (): Promise<void> => {
    if (!outbox.isAvailable()) return
    const due = await store.due()
    if (due.length > 0) await outbox.enqueueBulk({ bulk: due })
  }
  const timer = setInterval(() => void (underWay ??= sweep().catch((error: unknown) => log.debug({ err: error }, "bulk jobs are looked for again")).finally(() => (underWay = undefined))), everyMs)
  return {
    async close() {
      clearInterval(timer)
      await underWay
      await runner.close()
      await worker.close()
    },
  }
}
