import type { NotificationRecord, RecipientCounts, RecipientRecord, RecipientState } from "../store/notification-store.ts"
import { priorityOf } from "./priority.ts"

/** Notifications as their systems are shown them: by the API, by events, by webhooks. Times in RFC 3339. Pure. */
export const outwardStates = ["accepted", "delivered", "relayed", "read", "failed", "cancelled", "expired"] as const
export type OutwardState = (typeof outwardStates)[number]

/** Handed to delivery or not yet: both are ours to deliver. */
const outward = {
  waiting: "accepted", sent: "accepted", delivered: "delivered", relayed: "relayed", failed: "failed", cancelled: "cancelled", expired: "expired",
} as const satisfies Record<RecipientState, OutwardState>

const shownTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

export const shownRecipient = ({ n, address, asked, state, status, reason, changedAt, change, seenAt }: RecipientRecord) => ({
  number: n, address, ...(asked !== address && { asked }), state: seenAt === null ? outward[state] : ("read" satisfies OutwardState), at: shownTime(changedAt), ...(seenAt !== null && { readAt: shownTime(seenAt) }),
  ...(status !== "" && { status }), ...(reason !== "" && { reason }), change,
})

/** `scheduled`: its time has not come; `sending`: some recipients wait for their turn. */
export type OutwardNotificationState = "scheduled" | "sending" | "sent" | "cancelled" | "expired"

export function shownNotification(record: NotificationRecord, counts: RecipientCounts, now: number) {
  const { id, account, source, idempotencyKey, acceptedAt, sendAt, expiresAt, state, template, templateVersion, recipientCount, changes, webhook, webhookProblem } = record
  const { name, vi } = priorityOf(record.priority)
  return {
    id, from: account, source, state: (state === "waiting" ? (sendAt > now ? "scheduled" : "sending") : state) satisfies OutwardNotificationState, priority: { name, vi }, idempotencyKey, template: template === null ? null : { name: template, version: templateVersion },
    acceptedAt: shownTime(acceptedAt), sendAt: shownTime(sendAt), expiresAt: shownTime(expiresAt), recipientCount,
    recipients: { accepted: counts.waiting + counts.sent, delivered: counts.delivered, relayed: counts.relayed, failed: counts.failed, cancelled: counts.cancelled, expired: counts.expired },
    lastChange: changes, ...(webhook && { webhook: { problem: webhookProblem === "" ? null : webhookProblem } }),
  }
}
