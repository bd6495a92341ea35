import type { Clock } from "../base/clock.ts"
import { randomId } from "../base/id.ts"
import type { NotificationStore } from "../store/notification-store.ts"
import type { Sealer } from "../store/sealing.ts"
import type { DueWebhook, WebhookStore } from "../store/webhook-store.ts"
import { createCallLoop } from "../webhooks/call-loop.ts"
import { problemText } from "../webhooks/post-problem.ts"
import { atOnce, giveUpAfterMs, leaseMs, waitAfter } from "../webhooks/retry.ts"
import type { WebhookPost } from "../webhooks/webhook-post.ts"
import { signatureHeader, signWebhook } from "../webhooks/webhook-signature.ts"
import { shownRecipient } from "./status.ts"

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

/** Calls under way at once to one system. */
const atOnceOfOne = 4
const changesAtOnce = 500

export function createWebhooks(parts: WebhooksParts): Webhooks {
  const { webhooks, clock, log } = parts
  const calls = createCallLoop<DueWebhook>({
    atOnce,
    keyOf: ({ tokenId }) => tokenId,
    claim: (limit, underWay) => webhooks.claim({ limit, each: atOnceOfOne, underWay, leaseMs, now: clock.now() }),
    async call(due) {
      try {
        await tellOne(parts, due)
      } catch (error) {
        // the lease runs out
        log.webhookBroken({ notificationId: due.notificationId, error })
      }
    },
  })
  return {
    run: () => calls.run(),
    async close() {
      parts.post.close()
      await calls.close()
    },
  }
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
  const told = await post.post({ url, body, headers: { [signatureHeader]: signWebhook([secret], body, now), "congthu-webhook-id": randomId() } })
  // numbers may have gaps: a page that is not full was the last
  if (told.ok) return webhooks.told(notificationId, changes.length < changesAtOnce ? Math.max(last.change, due.changes) : last.change)
  const givenUp = due.failingSince !== null && now - due.failingSince >= giveUpAfterMs
  const problem = problemText(told.failure.problem, "en")
  log.webhookFailed({ notificationId, url, problem, givenUp })
  await webhooks.failed(notificationId, { problem: `${url} ${problem}`, now, nextAt: givenUp ? null : now + waitAfter(due.tries, random) })
}
