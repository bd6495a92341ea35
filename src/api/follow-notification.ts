import { setTimeout as pause } from "node:timers/promises"
import { shownRecipient } from "../notifications/status.ts"
import type { NotificationStore } from "../store/notification-store.ts"
import type { ServerSentEvent } from "./route.ts"

/** The changes of a notification as they happen, from a change on; ends when nothing can change any more. A hint that is lost costs the time to the next look. */
export interface Followed {
  readonly store: Pick<NotificationStore, "changes" | "counts" | "byId">
  readonly id: number
  readonly after: number
  readonly onChange: (listener: () => void) => () => void
  readonly shown: () => Promise<unknown>
}

const changesAtOnce = 500
const lookEveryMs = 5_000

export async function* followNotification({ store, id, after, onChange, shown }: Followed, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  let hint = new AbortController()
  const stop = onChange(() => hint.abort())
  try {
    for (let at = after; !signal.aborted; ) {
      hint = new AbortController()
      // asked before the changes: what is settled then has all its changes below
      const over = await isOver(store, id)
      for (let more = true; more && !signal.aborted; ) {
        const changes = await store.changes(id, at, changesAtOnce)
        for (const change of changes) yield { event: "status", id: String(change.change), data: shownRecipient(change) }
        at = changes.at(-1)?.change ?? at
        more = changes.length === changesAtOnce
      }
      if (over) return yield { event: "end", data: await shown() }
      const heard = await pause(lookEveryMs, "silence", { signal: AbortSignal.any([signal, hint.signal]) }).catch(() => "hint")
      if (heard === "silence") yield { event: "", data: null }
    }
  } finally {
    stop()
  }
}

async function isOver(store: Followed["store"], id: number): Promise<boolean> {
  const [record, { waiting, sent }] = await Promise.all([store.byId(id), store.counts(id)])
  return !record || (record.state !== "waiting" && waiting + sent === 0)
}
