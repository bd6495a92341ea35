import { createPostgresBackend, Worker } from "bullmq"
import { watchClients } from "../src/delivery/queue-clients.ts"
import { type DeliveryJob, postgresConnection, type QueueBackend, type QueueName, redisPrefix, redisRetryMs } from "../src/delivery/queues.ts"

export interface WorkerSpec {
  readonly queue: QueueName
  readonly backend: QueueBackend
  readonly concurrency: number
  readonly handle: (job: { readonly data: DeliveryJob; readonly timestamp: number }) => Promise<void>
}

/** A job of a worker that died is forgotten, not repeated: the sweeper asks the store what is still to be done. */
const common = { maxStalledCount: 0, drainDelay: 5, runRetryDelay: 500 }

const postgresBackend: typeof createPostgresBackend = (...parts) => watchClients(createPostgresBackend(...parts))

/** One BullMQ worker on the engine that is configured. */
export const openWorker = ({ queue, backend, concurrency, handle }: WorkerSpec) => {
  const options = { ...common, concurrency }
  if (backend.kind === "postgres") return new Worker(queue, handle, { ...options, connection: postgresConnection(backend.url, 3) }, postgresBackend)
  const connection = { url: backend.url, maxRetriesPerRequest: null, retryStrategy: redisRetryMs }
  return new Worker<DeliveryJob>(queue, handle, { ...options, prefix: redisPrefix, skipVersionCheck: true, connection })
}

/** Longest wait for jobs under way and for an engine that does not answer. */
const patienceMs = 4_000

/** Finishes the jobs under way and takes no more; an engine that is away or hangs does not keep the process from ending. */
export async function closeWorker(worker: ReturnType<typeof openWorker>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const impatient = new Promise<void>((resolve) => (timer = setTimeout(resolve, patienceMs)))
  await Promise.race([worker.close().catch(() => undefined), impatient])
  clearTimeout(timer)
  void worker.disconnect().catch(() => undefined)
}
