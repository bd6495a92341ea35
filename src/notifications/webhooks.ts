import type { Clock } from "../base/clock.ts"
import { randomId } from "../base/id.ts"
import type { NotificationStore } from "../store/notification-store.ts"
import type { Sealer } from "../store/sealing.ts"
import type { DueWebhook, WebhookStore } from "../store/webhook-store.ts"
import { shownRecipient } from "./status.ts"
import type { WebhookPost } from "./webhook-post.ts"
import { signatureHeader, signWebhook } from "./webhook-signature.ts"

/**
 * Tells systems what became of their notifications. Invariants: changes are told in their order, and again until the system has answered 2xx or a day has
 * passed; how far it was told is noted after its answer, so it may hear of one twice and never misses one; a system that does not answer keeps no other waiting. Must not know: HTTP's details, SQL.
 */
export interface Webhooks {
  /** Tells all that is due; joins what is under way, and looks again when it was called meanwhile. */
  run(): Promise<void>
  close(): Promise<void>
}

export interface WebhooksParts {
  readonly webhooks: WebhookStore
  readonly store: Pick<NotificationStore, "changes" | "byId">
  readonly post: WebhookPost
  readonly sealing: Pick<Sealer, "open">
  readonly clock: Clock
  readonly random: () => number
  readonly log: WebhookLog
}

export interface WebhookLog {
  webhookFailed(event: { readonly notificationId: number; readonly url: string; readonly problem: string; readonly givenUp: boolean }): void
  webhookBroken(event: { readonly notificationId: number; readonly error: unknown }): void
}

/** Where its secret rests. */
export const webhookSecretPlace = "webhook-secret"
const maxSecretBytes = 200

/** Calls under way at once, and those to one system among them. */
const atOnce = 16
const atOnceOfOne = 4
const changesAtOnce = 500
/** Longer than one call may take. */
const leaseMs = 60_000
/** Waits between tries; the last one repeats, each a little longer or shorter. */
const waitsMs = [2_000, 15_000, 120_000, 600_000, 1_800_000, 3_600_000]
const giveUpAfterMs = 24 * 3_600_000

export function createWebhooks(parts: WebhooksParts): Webhooks {
  const { webhooks, clock, log } = parts
  let underWay: Promise<void> | undefined
  let again = false
  let closed = false
  let woken = Promise.withResolvers<void>()

  const look = (): void => {
    again = true
    woken.resolve()
  }

  const tell = async (due: DueWebhook): Promise<void> => {
    try {
      await tellOne(parts, due)
    } catch (error) {
      // the lease runs out
      log.webhookBroken({ notificationId: due.notificationId, error })
    }
  }

  const work = async (): Promise<void> => {
    const calls = new Map<Promise<void>, number>()
    const begin = (due: DueWebhook): void => {
      const call = tell(due).finally(() => {
        calls.delete(call)
        look()
      })
      calls.set(call, due.tokenId)
    }
    try {
      while (!closed && (again || calls.size > 0)) {
        woken = Promise.withResolvers()
        if (again && calls.size < atOnce) {
          again = false
          const claimed = await webhooks.claim({ limit: atOnce - calls.size, each: atOnceOfOne, underWay: countsOf(calls.values()), leaseMs, now: clock.now() })
          for (const due of claimed) begin(due)
          if (claimed.length > 0) continue
        }
        if (calls.size > 0) await woken.promise
      }
    } finally {
      await Promise.all(calls.keys())
    }
  }

  return {
    run() {
      look()
      underWay ??= work().finally(() => (underWay = undefined))
      return underWay
    },
    async close() {
      closed = true
      look()
      parts.post.close()
      await underWay?.catch(() => undefined)
    },
  }
}

function countsOf(ids: Iterable<number>): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

async function tellOne({ webhooks, store, post, sealing, clock, random, log }: WebhooksParts, due: DueWebhook): Promise<void> {
  const { notificationId, url } = due
  const [notification, changes] = await Promise.all([store.byId(notificationId), store.changes(notificationId, due.told, changesAtOnce)])
  const last = changes.at(-1)
  if (!notification || !last) return webhooks.told(notificationId, due.changes)
  const now = clock.now()
  const body = JSON.stringify({
    type: "notification.status", notification: notificationId, idempotencyKey: notification.idempotencyKey, at: new Date(now).toISOString(), lastChange: last.change, recipients: changes.map(shownRecipient),
  })
  const secret = sealing.open(due.secret, webhookSecretPlace, maxSecretBytes).toString()
  // each try is a call of its own to who guards against repeats; what it tells has the number of its last change
  const told = await post.post({ url, body, headers: { [signatureHeader]: signWebhook(secret, body, now), "congthu-webhook-id": randomId() } })
  // numbers may have gaps: a page that is not full was the last
  if (told.ok) return webhooks.told(notificationId, changes.length < changesAtOnce ? Math.max(last.change, due.changes) : last.change)
  const givenUp = due.failingSince !== null && now - due.failingSince >= giveUpAfterMs
  log.webhookFailed({ notificationId, url, problem: told.failure, givenUp })
  const wait = waitsMs[Math.min(due.tries, waitsMs.length - 1)] ?? giveUpAfterMs
  await webhooks.failed(notificationId, { problem: `${url} ${told.failure}`, now, nextAt: givenUp ? null : Math.round(now + wait * (0.8 + 0.4 * random())) })
}
