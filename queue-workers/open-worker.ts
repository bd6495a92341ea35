import { createPostgresBackend, Worker } from "bullmq"
import { type DeliveryJob, postgresConnection, type QueueBackend, type QueueName, redisPrefix, redisRetryMs } from "../src/delivery/queues.ts"

export interface WorkerSpec {
  readonly queue: QueueName
  readonly backend: QueueBackend
  readonly concurrency: number
  readonly handle: (job: { readonly data: DeliveryJob; readonly timestamp: number }) => Promise<void>
}

/** A job of a worker that died is forgotten, not repeated: the sweeper asks the store what is still to be done. */
const common = { maxStalledCount: 0, drainDelay: 5, runRetryDelay: 500 }

/** One BullMQ worker on the engine that is configured. */
export const openWorker = ({ queue, backend, concurrency, handle }: WorkerSpec) => {
  const options = { ...common, concurrency }
  if (backend.kind === "postgres") return new Worker(queue, handle, { ...options, connection: postgresConnection(backend.url, 3) }, createPostgresBackend)
  const connection = { url: backend.url, maxRetriesPerRequest: null, retryStrategy: redisRetryMs }
  return new Worker<DeliveryJob>(queue, handle, { ...options, prefix: redisPrefix, skipVersionCheck: true, connection })
}
