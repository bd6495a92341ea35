/** Names and shapes of the job queues, shared by who fills them (outbox) and who works them off (queue-workers). Jobs carry ids, never content. */
export type QueueBackend = { readonly kind: "redis"; readonly url: string } | { readonly kind: "postgres"; readonly url: string }

export const queueNames = { deliver: "deliver", relay: "relay", bulk: "bulk" } as const

export type QueueName = (typeof queueNames)[keyof typeof queueNames]

export interface DeliveryJob {
  readonly ids: readonly number[]
}

/** In braces, so that all keys of the queues are in one slot of a Redis Cluster. */
export const redisPrefix = "{congthu}"

/** A finished job is of no interest: what became of a delivery is in the store. What a failed one was for is found by the sweeper; the last of them stay for a day, for whoever looks for the fault. */
export const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: { count: 100, age: 86_400 } } as const

/** Waits between reconnections to Redis (ms). */
export const redisRetryMs = (times: number): number => Math.min(50 * times, 1_000)

/**
 * How BullMQ reaches PostgreSQL. Its tables are in a schema of their own, made at the first use. Jobs are hints that the sweeper
 * can make again, so they do not wait for the disk.
 */
export const postgresConnection = (url: string, poolSize: number) => ({
  connectionString: url,
  max: poolSize,
  schema: "bullmq",
  migrate: true,
  options: "-c synchronous_commit=off",
  application_name: "congthu queue",
  connectionTimeoutMillis: 5_000,
  keepAlive: true,
})
