import { z } from "zod"
import type { ApiTokenHolder } from "../../accounts/api-token.ts"
import type { Clock } from "../../base/clock.ts"
import { priorityNames } from "../../notifications/priority.ts"
import { notificationRequest } from "../../notifications/request.ts"
import type { Notifications, SendOutcome } from "../../notifications/send.ts"
import { isIdempotencyKey } from "../../notifications/smtp-control.ts"
import { shownNotification, shownRecipient } from "../../notifications/status.ts"
import type { NotificationRecord, NotificationStore } from "../../store/notification-store.ts"
import { id, limit } from "../fields.ts"
import { acceptedAnswer, cancelledAnswer, notificationAnswer, notificationEvent, notificationsAnswer, recipientsAnswer } from "../answers/notifications.ts"
import { followNotification } from "../follow-notification.ts"
import { type Answer, answered, refused, type Route, route } from "../route.ts"

/** Notifications over HTTP. A token sees those of its account, and nothing tells it that there are others. */
export interface NotificationRoutesParts {
  readonly notifications: Pick<Notifications, "send">
  readonly store: NotificationStore
  /** Calls `listener` when something may have become of a notification; returns how to stop. */
  readonly onChange: (listener: () => void) => () => void
  /** Tells all processes that something became of one; must not throw. */
  readonly changed: () => void
  /** Accounts that are told whether a message in a mailbox here was read. */
  readonly mayKnowRead: (accountId: number) => boolean
  readonly callsPerMinute: number
  readonly maxBodyBytes: number
  readonly clock: Clock
  /** How long one stream of events goes on; absent: an hour. */
  readonly streamMs?: number
}

const scope = "notifications:send"
/** Of one token, in this process: each asks the store now and then. */
const maxStreams = 20
const usualStreamMs = 3_600_000

export function notificationRoutes(parts: NotificationRoutesParts): readonly Route[] {
  const { notifications, store, clock } = parts
  const streams = new Map<number, number>()

  /** The caller's own; undefined for everybody else's. */
  const own = async (caller: ApiTokenHolder, id: number): Promise<NotificationRecord | undefined> => {
    const record = caller.accountId === null ? undefined : await store.byId(id)
    return record?.accountId === caller.accountId ? record : undefined
  }
  const shown = async (record: NotificationRecord) => shownNotification(record, await store.counts(record.id), clock.now())

  return [
    route({
      method: "post", path: "/notifications", scope, maxBodyBytes: parts.maxBodyBytes, callsPerMinute: parts.callsPerMinute,
      summary: `Sends one message to many, or one of its own to each, at once or later. Answers when it is durable. Priorities: ${priorityNames.join(", ")}.`,
      headers: [{ name: "Idempotency-Key", summary: "From 1 to 200 visible characters of ASCII; a repeated call with the same makes nothing new." }],
      input: notificationRequest, output: acceptedAnswer, success: 202,
      async run(request, { id: tokenId, accountId, principalId, webhook }, { header, bodySha256 }) {
        if (accountId === null) return refused({ kind: "forbidden" })
        const key = header("idempotency-key")
        if (key !== undefined && !isIdempotencyKey(key)) return refused({ kind: "invalid", errors: [{ pointer: "Idempotency-Key", detail: "is not from 1 to 200 visible characters of ASCII" }] })
        const outcome = await notifications.send(request, { tokenId, accountId, principalId, webhook }, { idempotencyKey: key ?? null, requestSha256: bodySha256 })
        return answerOf(outcome, request.priority)
      },
    }),
    route({
      method: "get", path: "/notifications", scope, summary: "The account's notifications, newest first.",
      input: z.strictObject({ before: id.optional(), limit: limit(100, 20) }), output: notificationsAnswer,
      async run({ before, limit }, { accountId }) {
        if (accountId === null) return refused({ kind: "forbidden" })
        const records = await store.list({ accountId, limit, ...(before !== undefined && { before }) })
        return answered({ notifications: await Promise.all(records.map(shown)), next: records.length === limit ? (records.at(-1)?.id ?? null) : null })
      },
    }),
    route({
      method: "get", path: "/notifications/:id", scope, summary: "What it is, and how many of its recipients are how far.",
      input: z.strictObject({ id }), output: notificationAnswer,
      async run({ id }, caller) {
        const record = await own(caller, id)
        return record ? answered(await shown(record)) : refused({ kind: "notFound" })
      },
    }),
    route({
      method: "get", path: "/notifications/:id/recipients", scope, summary: "What became of each recipient, in the order they were asked for; `cursor` is `next` of the page before.",
      input: z.strictObject({ id, cursor: id.optional(), limit: limit(1_000, 200) }), output: recipientsAnswer,
      async run({ id, cursor = 0, limit }, caller) {
        const record = await own(caller, id)
        if (!record) return refused({ kind: "notFound" })
        const rows = await store.recipients(id, { after: cursor, limit, seen: parts.mayKnowRead(record.accountId) })
        return answered({ recipients: rows.map(shownRecipient), next: rows.length === limit ? (rows.at(-1)?.n ?? null) : null })
      },
    }),
    route({
      method: "get", path: "/notifications/:id/events", scope, summary: "The same as server-sent events: `status` for each change, `end` when nothing can change any more.",
      headers: [{ name: "Last-Event-ID", summary: "The last event that is known already." }],
      input: z.strictObject({ id }), output: notificationEvent, success: "events",
      async run({ id }, caller, { header }) {
        const record = await own(caller, id)
        if (!record) return refused({ kind: "notFound" })
        const taken = streams.get(caller.id) ?? 0
        if (taken >= maxStreams) return refused({ kind: "tooMany", waitSeconds: 5 })
        const after = Number(/^\d{1,15}$/.exec(header("last-event-id") ?? "")?.[0] ?? 0)
        const follow = (signal: AbortSignal) => followNotification({ store, id, after, onChange: parts.onChange, shown: async () => shownNotification((await store.byId(id)) ?? record, await store.counts(id), clock.now()) }, signal)
        return {
          kind: "events",
          async *events(signal) {
            streams.set(caller.id, (streams.get(caller.id) ?? 0) + 1)
            try {
              // an hour old, a token may have been revoked: who follows comes again with the last number that he has
              yield* follow(AbortSignal.any([signal, AbortSignal.timeout(parts.streamMs ?? usualStreamMs)]))
            } finally {
              streams.set(caller.id, (streams.get(caller.id) ?? 1) - 1)
            }
          },
        }
      },
    }),
    route({
      method: "delete", path: "/notifications/:id", scope, summary: "Recipients that were not handed to delivery yet will not be; what was sent is sent.",
      input: z.strictObject({ id }), output: cancelledAnswer,
      async run({ id }, caller) {
        const record = await own(caller, id)
        if (!record) return refused({ kind: "notFound" })
        const cancelled = await store.cancel(id, { now: clock.now(), by: caller.name })
        if (cancelled) parts.changed()
        return cancelled ? answered({ id, ...cancelled }) : refused({ kind: "conflict", detail: { vi: "Thông báo đã gửi xong hoặc đã hủy", en: "It was sent or cancelled already" } })
      },
    }),
  ]
}

function answerOf(outcome: SendOutcome, { name, vi }: { readonly name: string; readonly vi: string }): Answer {
  switch (outcome.kind) {
    case "accepted": {
      const { id, repeated, recipients, duplicates } = outcome
      const location = `/api/v1/notifications/${id}`
      return { kind: "accepted", location, body: { id, repeated, recipientCount: recipients, duplicates, priority: { name, vi }, status: location } }
    }
    case "invalid":
      return refused({ kind: "invalid", errors: outcome.problems })
    case "mismatch":
      return refused({ kind: "keyUsed" })
    case "limited":
      return refused({ kind: "tooMany", waitSeconds: Math.ceil(outcome.waitMs / 1000), detail: { vi: "Hệ thống này đã gửi tới quá nhiều người nhận trong một giờ", en: "This system has written to too many recipients in an hour" } })
    case "notAllowed":
      return refused({ kind: "forbidden", detail: { vi: "Hộp thư gửi đang tạm ngưng hoặc khóa này không còn được gửi từ đó", en: "The sending account is suspended, or this token may not send as it any more" } })
    case "unavailable":
      return refused({ kind: "unavailable", waitSeconds: 30 })
  }
}
