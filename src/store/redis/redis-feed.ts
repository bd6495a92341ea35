import { Redis } from "ioredis"
import type { Logger } from "pino"
import { byTopic, type Change, parseChanges, type Topic, topics } from "../change.ts"
import type { ChangeFeed } from "../change-feed.ts"

/** The change feed over Redis pub/sub. While Redis is away changes are not kept: listeners are told that they missed some. */
const channelOf = (topic: Topic): string => `congthu:change:${topic}`

export function createRedisChangeFeed({ url, log, hears = topics }: { readonly url: string; readonly log: Logger; readonly hears?: readonly Topic[] }): ChangeFeed & { readonly ready: Promise<void> } {
  const listeners = new Map<(changes: readonly Change[]) => void, (() => void) | undefined>()
  const retry = (times: number): number => Math.min(50 * times, 1_000)
  const publisher = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, retryStrategy: retry, lazyConnect: true })
  const subscriber = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: retry, lazyConnect: true, autoResubscribe: false })
  for (const [connection, name] of [[publisher, "publisher"], [subscriber, "subscriber"]] as const) {
    connection.on("error", (error: unknown) => log.warn({ err: error, connection: name }, "the change feed lost Redis"))
  }
  const subscribed = Promise.withResolvers<void>()
  let cutOff = false
  const subscribe = async (): Promise<void> => {
    await subscriber.subscribe(...hears.map(channelOf))
    subscribed.resolve()
    if (cutOff) for (const missed of listeners.values()) missed?.()
    cutOff = false
  }
  // each new connection begins unsubscribed; one that breaks meanwhile is followed by another
  subscriber.on("ready", () => void subscribe().catch((error: unknown) => log.debug({ err: error }, "the change feed could not subscribe")))
  subscriber.on("close", () => (cutOff = true))
  subscriber.on("message", (_channel: string, text: string) => {
    const changes = parseChanges(text)
    if (changes) for (const listener of listeners.keys()) listener(changes)
    else log.warn("a message of the change feed could not be read")
  })
  // one write for all that is published at once; before the replies that its publishers send next, so that a reader sees what its sender knows to be accepted
  let queued: Change[] = []
  const flush = (): void => {
    const changes = queued
    queued = []
    for (const [topic, some] of byTopic(changes)) {
      publisher.publish(channelOf(topic), JSON.stringify(some)).catch((error: unknown) => log.debug({ err: error }, "changes could not be published"))
    }
  }
  return {
    ready: Promise.all([publisher.connect(), subscriber.connect()]).then(
      () => subscribed.promise,
      (error: unknown) => log.warn({ err: error }, "the change feed is not connected yet"),
    ),
    publish(changes) {
      if (changes.length === 0) return
      if (queued.length === 0) queueMicrotask(flush)
      queued.push(...changes)
    },
    subscribe(listener, missed) {
      listeners.set(listener, missed)
      return () => listeners.delete(listener)
    },
    async close() {
      publisher.disconnect()
      subscriber.disconnect()
    },
  }
}
