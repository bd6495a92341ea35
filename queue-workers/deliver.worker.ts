import type { Logger } from "pino"
import type { LocalDelivery } from "../src/delivery/local-delivery.ts"
import { type QueueBackend, queueNames } from "../src/delivery/queues.ts"
import { runWorker } from "./run-worker.ts"

/** Jobs under way at once; they share statements, so many of them cost little. */
const concurrency = 32

/** Delivers local recipients to their INBOX. */
export const startDeliverWorker = ({ backend, localDelivery, log }: { readonly backend: QueueBackend; readonly localDelivery: LocalDelivery; readonly log: Logger }) =>
  runWorker({ queue: queueNames.deliver, backend, concurrency, log, handle: (job) => localDelivery.deliver(job.data.ids, job.timestamp) })
