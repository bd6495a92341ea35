import { createAllowedUrls } from "../../src/pki/revocation/allowed-url.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createEventStore } from "../../src/store/sql/webhook-events.ts"
import { createWebhookDesk } from "../../src/store/sql/webhook-desk.ts"
import type { EventType } from "../../src/store/webhook-event.ts"
import type { WebhookView } from "../../src/store/webhook-desk.ts"
import { createEventTeller, type EventTeller } from "../../src/webhooks/event-teller.ts"
import { createSubscriptions, type Subscriptions } from "../../src/webhooks/subscriptions.ts"
import { createWebhookPost } from "../../src/webhooks/webhook-post.ts"
import type { TestDatabase } from "./database.ts"
import { type ReceivedCall, startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts"
import { everywhere } from "./whole-province.ts"

/** Webhooks on a real database, calling a real server. */
export interface WebhookWorld {
  readonly receiver: WebhookReceiver
  readonly subscriptions: Subscriptions
  readonly store: ReturnType<typeof createEventStore>
  readonly teller: EventTeller
  /** Ahead of the database's (ms). */
  readonly clock: { ahead: number }
  /** What went wrong that should not have. */
  readonly errors: unknown[]
  /** For what is divided by units as well as what is not, unless told. */
  add(events: readonly EventType[], more?: { readonly unitCode?: string | null; readonly view?: WebhookView; readonly path?: string }): Promise<{ readonly id: number; readonly secret: string }>
  /** Spreads and tells; what arrived meanwhile. */
  round(): Promise<readonly ReceivedCall[]>
  close(): Promise<void>
}

export const administrator: WebhookView = { kind: "administrator", scope: everywhere }

export async function openWebhookWorld(database: TestDatabase, contact: string): Promise<WebhookWorld> {
  const receiver = await startWebhookReceiver()
  const clock = { ahead: 1 }
  const now = { now: () => Date.now() + clock.ahead }
  const sealing = createSealer(Buffer.alloc(32, 7))
  const allowed = createAllowedUrls([receiver.url])
  const store = createEventStore({ database })
  const subscriptions = createSubscriptions({ desk: createWebhookDesk(database), allowed, sealing, clock: now })
  const errors: unknown[] = []
  const teller = createEventTeller({
    store, sealing, clock: now, random: () => 0.5, stopAfterMs: 3 * 86_400_000,
    // only names that an administrator wrote down are called here: no resolver is asked
    post: createWebhookPost({ allowed, resolver: { resolve: () => Promise.reject(new Error("asked")) } as never, timeoutMs: 5_000, authorities: [receiver.ca] }),
    log: { eventFailed: () => undefined, eventBroken: ({ error }) => void errors.push(error) },
  })
  return {
    receiver, subscriptions, store, teller, clock, errors,
    async add(events, { unitCode = null, view = administrator, path = "" } = {}) {
      const added = await subscriptions.add(view, { description: "hệ thống một cửa", url: `${receiver.url}${path}`, events, unitCode, contact }, "QT1")
      if (!added.ok) throw new Error(added.failure)
      return added.value
    },
    async round() {
      const before = receiver.calls.length
      await teller.spread()
      await teller.tell()
      if (errors.length > 0) throw new Error("the teller failed", { cause: errors[0] })
      return receiver.calls.slice(before)
    },
    async close() {
      await teller.close()
      receiver.close()
    },
  }
}
