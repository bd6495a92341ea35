import pg from "pg"
import type { Logger } from "pino"
import { byTopic, type Change, parseChanges, type Topic, topics } from "../change.ts"
import type { ChangeFeed } from "../change-feed.ts"
import type { Database } from "./database.ts"

/** The change feed over LISTEN/NOTIFY, for a machine without Redis. A dropped connection is made again, and listeners are told that they missed something. */
const channelOf = (topic: Topic): string => `congthu_change_${topic}`
/** PostgreSQL refuses payloads of 8,000 bytes. */
const maxPayloadBytes = 7_900
const reconnectMs = 500

export interface PostgresFeedOptions {
  readonly database: Database
  readonly url: string
  readonly log: Logger
  readonly hears?: readonly Topic[]
}

export function createPostgresChangeFeed({ database, url, log, hears = topics }: PostgresFeedOptions): ChangeFeed & { readonly ready: Promise<void> } {
  const listeners = new Map<(changes: readonly Change[]) => void, (() => void) | undefined>()
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let cutOff = false
  let queued: Change[] = []
  let sending: Promise<void> | undefined

  const listen = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: url, application_name: "congthu feed", keepAlive: true })
    const lost = (): void => {
      if (client !== next || closed) return
      client = undefined
      cutOff = true
      timer = setTimeout(() => void listen(), reconnectMs)
    }
    client = next
    next.on("error", lost)
    next.on("end", lost)
    next.on("notification", ({ payload }) => {
      const changes = parseChanges(payload ?? "")
      if (changes) for (const listener of listeners.keys()) listener(changes)
      else log.warn("a notification of the change feed could not be read")
    })
    try {
      await next.connect()
      await next.query(hears.map((topic) => `LISTEN ${channelOf(topic)}`).join("; "))
      if (cutOff) for (const missed of listeners.values()) missed?.()
      cutOff = false
    } catch (error) {
      log.warn({ err: error }, "the change feed is not connected")
      await next.end().catch(() => undefined)
      lost()
    }
  }

  const send = async (): Promise<void> => {
    while (queued.length > 0) {
      const messages = byTopic(queued).flatMap(([topic, some]) => payloadsOf(some).map((payload) => ({ channel: channelOf(topic), payload })))
      queued = []
      try {
        await database.query(notify, [messages.map(({ channel }) => channel), messages.map(({ payload }) => payload)])
      } catch (error) {
        log.warn({ err: error }, "changes could not be published")
      }
    }
    sending = undefined
  }

  return {
    ready: listen(),
    publish(changes) {
      // with nothing to send `send` would be over before it is noted as under way, and would be so for ever
      if (changes.length === 0) return
      queued.push(...changes)
      sending ??= send()
    },
    subscribe(listener, missed) {
      listeners.set(listener, missed)
      return () => listeners.delete(listener)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await sending
      await client?.end().catch(() => undefined)
    },
  }
}

const notify = { name: "notify", text: "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS m (channel, payload)" }

/** Changes packed into as few payloads as fit; one too large for any becomes the hint that its mailbox has moved. */
export function payloadsOf(changes: readonly Change[]): string[] {
  const payloads: string[] = []
  let parts: string[] = []
  let bytes = 2
  for (const change of changes) {
    let text = JSON.stringify(change)
    if (change.kind === "appended" && text.length + 2 > maxPayloadBytes) text = JSON.stringify({ kind: "advanced", accountId: change.accountId, mailboxId: change.mailboxId, modSeq: change.modSeq })
    if (bytes + text.length + 1 > maxPayloadBytes) {
      payloads.push(`[${parts.join(",")}]`)
      parts = []
      bytes = 2
    }
    parts.push(text)
    bytes += text.length + 1
  }
  if (parts.length > 0) payloads.push(`[${parts.join(",")}]`)
  return payloads
}
