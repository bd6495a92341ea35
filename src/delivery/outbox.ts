/**
 * Turns committed deliveries into jobs. Purpose: a worker hears of a delivery within a millisecond of its commit.
 * Invariants: `wake` returns at once and never throws; memory is bounded; what cannot be queued is dropped here, because the
 * store is the queue of record and the sweeper finds it there. Must not know: envelopes, contents, what a delivery is.
 */
import { createPostgresBackend, Queue } from "bullmq"
import { Redis } from "ioredis"
import type { Logger } from "pino"
import type { Clock } from "../base/clock.ts"
import { createOutageLog, type OutageLog } from "./outage-log.ts"
import { watchClients } from "./queue-clients.ts"
import { type DeliveryJob, jobOptions, postgresConnection, type QueueBackend, type QueueName, queueNames, redisPrefix, redisRetryMs } from "./queues.ts"

export interface Deliverable {
  readonly local: readonly number[]
  readonly remote: readonly number[]
}

/** Work on the directory that waits in the store: numbers of bulk jobs. */
export interface BulkWaiting {
  readonly bulk: readonly number[]
}

export interface Outbox {
  /** After commit. What was woken in one turn of the event loop, or while an earlier add is under way, becomes one job. */
  wake(deliveries: Deliverable): void
  /** As `wake`, for the sweeper: resolves with whether all of it is queued now. */
  enqueue(deliveries: Deliverable): Promise<boolean>
  /** The same for bulk jobs of the directory; each is a job of its own. */
  enqueueBulk(waiting: BulkWaiting): Promise<boolean>
  /** False while the queue engine cannot be reached. */
  isAvailable(): boolean
  close(): Promise<void>
}

/** Ids in one job: one statement of the deliver worker, or what one relay job looks after. */
const maxBatch = { deliver: 500, relay: 100, bulk: 1 } as const satisfies Record<QueueName, number>
/** Jobs in one add. */
const maxJobs = 20
/** Ids waiting for an add that is under way; beyond it they are left to the sweeper. */
const maxPending = 200_000

export function createOutbox({ backend, clock, log }: { readonly backend: QueueBackend; readonly clock: Clock; readonly log: Logger }): Outbox {
  const outage = createOutageLog(log, "the queue engine")
  const link = backend.kind === "redis" ? redisLink(backend.url, outage) : postgresLink(backend.url, outage)
  const lanes = { local: createLane({ name: queueNames.deliver, link, clock, log, outage }), remote: createLane({ name: queueNames.relay, link, clock, log, outage }), bulk: createLane({ name: queueNames.bulk, link, clock, log, outage }) }
  return {
    wake({ local, remote }) {
      lanes.local.wake(local)
      lanes.remote.wake(remote)
    },
    async enqueue({ local, remote }) {
      const added = await Promise.all([lanes.local.add(local), lanes.remote.add(remote)])
      return added.every(Boolean)
    },
    enqueueBulk: ({ bulk }) => lanes.bulk.add(bulk),
    isAvailable: () => link.isReady(),
    async close() {
      await Promise.all([lanes.local.settled(), lanes.remote.settled()])
      await link.close()
    },
  }
}

interface Lane {
  wake(ids: readonly number[]): void
  add(ids: readonly number[]): Promise<boolean>
  /** Resolves when nothing is being added. */
  settled(): Promise<void>
}

interface LaneParts {
  readonly name: QueueName
  readonly link: Link
  readonly clock: Clock
  readonly log: Logger
  readonly outage: OutageLog
}

function createLane({ name, link, clock, log, outage }: LaneParts): Lane {
  let pending: number[] = []
  let pumping: Promise<void> | undefined

  const add = async (ids: readonly number[]): Promise<boolean> => {
    if (ids.length === 0) return true
    if (!link.isReady()) return false
    try {
      for (let at = 0; at < ids.length; at += maxBatch[name] * maxJobs) {
        const jobs: AddedJob[] = []
        const end = Math.min(ids.length, at + maxBatch[name] * maxJobs)
        for (let from = at; from < end; from += maxBatch[name]) {
          jobs.push({ name, data: { ids: ids.slice(from, Math.min(end, from + maxBatch[name])) }, opts: { ...jobOptions, timestamp: clock.now() } })
        }
        await link.add(name, jobs)
      }
      outage.up()
      return true
    } catch (error) {
      outage.down(error)
      return false
    }
  }

  const pump = async (): Promise<void> => {
    await new Promise((turn) => setImmediate(turn))
    while (pending.length > 0) {
      const ids = pending
      pending = []
      if (!(await add(ids))) log.warn({ queue: name, deliveries: ids.length }, "deliveries are left to the sweeper")
    }
    pumping = undefined
  }

  return {
    add,
    wake(ids) {
      if (ids.length === 0) return
      if (pending.length + ids.length > maxPending) {
        log.warn({ queue: name, deliveries: ids.length }, "deliveries are left to the sweeper")
        return
      }
      for (const id of ids) pending.push(id)
      pumping ??= pump()
    },
    settled: async () => void (await pumping),
  }
}

interface AddedJob {
  readonly name: QueueName
  readonly data: DeliveryJob
  readonly opts: typeof jobOptions & { readonly timestamp: number }
}

/** The way to the queue engine. */
interface Link {
  isReady(): boolean
  /** Rejects soon when the engine does not answer. */
  add(queue: QueueName, jobs: readonly AddedJob[]): Promise<void>
  close(): Promise<void>
}

/** What the event stream of a queue keeps; nobody reads it. */
const streams = { events: { maxLen: 100 } }

function redisLink(url: string, outage: OutageLog): Link {
  // Nothing is kept for a Redis that is away or does not answer: the caller must hear of it at once.
  const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 3_000, retryStrategy: redisRetryMs })
  client.on("error", (error: unknown) => outage.down(error))
  client.on("ready", () => outage.up())
  const open = (name: QueueName) => {
    const queue = new Queue<DeliveryJob>(name, { connection: client, prefix: redisPrefix, skipVersionCheck: true, streams })
    queue.on("error", (error) => outage.down(error))
    return queue
  }
  const queues = { deliver: open(queueNames.deliver), relay: open(queueNames.relay), bulk: open(queueNames.bulk) }
  return {
    isReady: () => client.status === "ready",
    async add(name, jobs) {
      await queues[name].addBulk([...jobs])
    },
    async close() {
      // at once: a Redis that hangs would keep QUIT waiting, and nothing is under way any more
      client.disconnect()
      await Promise.all(Object.values(queues).map((queue) => queue.close().catch(() => undefined)))
    },
  }
}

const postgresBackend: typeof createPostgresBackend = (...parts) => watchClients(createPostgresBackend(...parts))

function postgresLink(url: string, outage: OutageLog): Link {
  const open = (name: QueueName) => {
    const queue = new Queue(name, { connection: postgresConnection(url, 2), streams }, postgresBackend)
    queue.on("error", (error) => outage.down(error))
    return queue
  }
  const queues = new Map<QueueName, ReturnType<typeof open>>()
  const ready = async (name: QueueName): Promise<ReturnType<typeof open>> => {
    const queue = queues.get(name) ?? open(name)
    queues.set(name, queue)
    try {
      await queue.waitUntilReady()
      return queue
    } catch (error) {
      // BullMQ remembers for ever that PostgreSQL was away at its first use: it is forgotten here, and the next add begins anew
      if (queues.get(name) === queue) {
        queues.delete(name)
        await queue.close().catch(() => undefined)
      }
      throw error
    }
  }
  // connecting and making the schema must not be the first message's wait
  for (const name of Object.values(queueNames)) ready(name).catch((error: unknown) => outage.down(error))
  return {
    isReady: () => true,
    async add(name, jobs) {
      const queue = await ready(name)
      await queue.addBulk([...jobs])
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close().catch(() => undefined)))
    },
  }
}
