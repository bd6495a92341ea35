import type { Logger } from "pino"
import { createOutageLog } from "../src/delivery/outage-log.ts"
import { closeWorker, openWorker, type WorkerSpec } from "./open-worker.ts"

export interface RunningWorker {
  close(): Promise<void>
}

/** Works a queue off for as long as the process lives, also when the queue engine goes away, loses everything and comes back. */
export function runWorker(spec: WorkerSpec & { readonly log: Logger }): RunningWorker {
  const outage = createOutageLog(spec.log, `the engine of the ${spec.queue} queue`)
  let reopening: NodeJS.Timeout | undefined
  // BullMQ asks a PostgreSQL that is away again and again without a pause, and never again when it was away at the start
  const reopen = (): void => {
    if (spec.backend.kind === "redis" || reopening) return
    void current.close(true).catch(() => undefined)
    reopening = setTimeout(() => {
      reopening = undefined
      current = open()
    }, 1_000)
  }
  const open = () => {
    const worker = openWorker(spec)
    const broken = (error: unknown): void => {
      outage.down(error)
      reopen()
    }
    worker.on("error", broken).on("active", () => outage.up())
    worker.on("failed", (_job, error) => spec.log.error({ err: error, queue: spec.queue }, "a job failed, the sweeper repeats it"))
    worker.waitUntilReady().then(() => outage.up(), broken)
    return worker
  }
  let current = open()
  return {
    async close() {
      clearTimeout(reopening)
      await closeWorker(current)
    },
  }
}
