import type { Logger } from "pino"
import { type QueueBackend, queueNames } from "../src/delivery/queues.ts"
import type { RemoteDeliveries } from "../src/delivery/remote-delivery.ts"
import { runWorker } from "./run-worker.ts"

export interface RelayWorkerParts {
  readonly backend: QueueBackend
  readonly remoteDeliveries: RemoteDeliveries
  /** Jobs at once; each carries many deliveries, and goes on by itself when a destination keeps it waiting. */
  readonly concurrency: number
  readonly log: Logger
}

/** Sends to other servers. A refusal is an outcome: the job ends well once it is saved. */
export const startRelayWorker = ({ backend, remoteDeliveries, concurrency, log }: RelayWorkerParts) =>
  runWorker({ queue: queueNames.relay, backend, concurrency: Math.max(concurrency, 1), log, handle: (job) => remoteDeliveries.begin(job.data.ids) })
