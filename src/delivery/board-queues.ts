import { setTimeout as wait } from "node:timers/promises"
import { createPostgresBackend, Queue } from "bullmq"
import { Redis } from "ioredis"
import { failed, ok, type Result } from "../base/result.ts"
import { watchClients } from "./queue-clients.ts"
import { postgresConnection, type QueueBackend, queueNames, redisPrefix, redisRetryMs } from "./queues.ts"

/** The queues' engine for whoever looks into it. Opened by the first who does; one that cannot be reached is opened anew by the next. */
/** What is asked of BullMQ's queue here, whatever its engine. */
export interface EngineQueue {
  waitUntilReady(): Promise<unknown>
  getJobCounts(state: "failed"): Promise<unknown>
  close(): Promise<void>
  on(event: "error", listener: () => void): unknown
}

export interface BoardQueues {
  readonly engine: QueueBackend["kind"]
  /** Failure: what the engine, or nobody, said. */
  open(): Promise<Result<readonly EngineQueue[], string>>
  close(): Promise<void>
}

const patienceMs = 4_000

export function createBoardQueues(backend: QueueBackend): BoardQueues {
  let opened: Opened | undefined
  const close = async (): Promise<void> => {
    const closing = opened
    opened = undefined
    // at once: an engine that hangs would keep it waiting, and nothing is under way that matters
    closing?.client?.disconnect()
    await Promise.race([Promise.all((closing?.queues ?? []).map((queue) => queue.close().catch(() => undefined))), wait(patienceMs, undefined, { ref: false })])
  }
  return {
    engine: backend.kind,
    async open() {
      const current = (opened ??= openQueues(backend))
      const late = wait(patienceMs, new Error(`no answer within ${patienceMs / 1000} s`), { ref: false })
      // asked each time: a connection that was there may have gone
      const asked = Promise.all(current.queues.map(async (queue) => (await queue.waitUntilReady(), queue.getJobCounts("failed")))).then(() => undefined, (error: unknown) => (error instanceof Error ? error : new Error(String(error))))
      const problem = await Promise.race([asked, late])
      if (!problem) return ok(current.queues)
      // BullMQ remembers for ever that its engine was away at the first use
      if (opened === current) void close()
      return failed(problem.message || "no answer")
    },
    close,
  }
}

interface Opened {
  readonly queues: readonly EngineQueue[]
  readonly client?: Redis
}

const postgresBackend: typeof createPostgresBackend = (...parts) => watchClients(createPostgresBackend(...parts))

function openQueues(backend: QueueBackend): Opened {
  if (backend.kind === "postgres") return { queues: names.map((name) => watched(new Queue(name, { connection: postgresConnection(backend.url, 2) }, postgresBackend))) }
  const client = new Redis(backend.url, { maxRetriesPerRequest: 1, commandTimeout: patienceMs, retryStrategy: redisRetryMs })
  client.on("error", () => undefined)
  return { client, queues: names.map((name) => watched(new Queue(name, { connection: client, prefix: redisPrefix, skipVersionCheck: true }))) }
}

const names = Object.values(queueNames)

/** Whoever asked hears of an error from the question. */
const watched = (queue: EngineQueue): EngineQueue => {
  queue.on("error", () => undefined)
  return queue
}
