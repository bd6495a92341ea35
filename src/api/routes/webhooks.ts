import { z } from "zod"
import type { ApiTokenHolder } from "../../accounts/api-token.ts"
import { canonicalAddress } from "../../mail/address.ts"
import { eventTypes } from "../../store/webhook-event.ts"
import type { Webhook, WebhookView } from "../../store/webhook-desk.ts"
import { keptProblemText } from "../../webhooks/post-problem.ts"
import type { SubscriptionProblem, Subscriptions } from "../../webhooks/subscriptions.ts"
import { newWebhookAnswer, owedAnswer, secretAnswer, webhookAnswer, webhookDeliveriesAnswer, webhookRemovedAnswer, webhooksAnswer } from "../answers/webhooks.ts"
import { id, limit, shownTime } from "../fields.ts"
import { type Answer, answered, created, refused, type Route, route } from "../route.ts"

/** Webhooks of events over HTTP: a token sees and changes those that it made. */
export interface WebhookRoutesParts {
  readonly webhooks: Subscriptions
}

const description = z.string().trim().min(1).max(200)
const url = z.string().max(2_048)
const events = z.array(z.enum(eventTypes)).min(1).max(eventTypes.length).transform((types) => [...new Set(types)])
const one = z.strictObject({ id })

const of = ({ id: tokenId }: ApiTokenHolder): WebhookView => ({ kind: "token", tokenId })
const by = ({ name }: ApiTokenHolder): string => `token ${name}`
const notFound = refused({ kind: "notFound" })

const shown = ({ unitCode, createdAt, createdBy: _by, token: _token, stoppedAt, failingSince, oldSecretUntil, ...rest }: Webhook) =>
  ({ ...rest, unit: unitCode, createdAt: shownTime(createdAt), stoppedAt: shownTime(stoppedAt), failingSince: shownTime(failingSince), oldSecretUntil: shownTime(oldSecretUntil) })

export function webhookRoutes({ webhooks }: WebhookRoutesParts): readonly Route[] {
  const found = async (caller: ApiTokenHolder, number: number, show: (webhook: Webhook) => Answer = (webhook) => answered(shown(webhook))): Promise<Answer> => {
    const webhook = await webhooks.find(of(caller), number)
    return webhook ? show(webhook) : notFound
  }
  /** Done, or too much of it waits already. */
  const owed = async (done: boolean, caller: ApiTokenHolder, number: number): Promise<Answer> =>
    done ? { kind: "accepted", location: `/api/v1/webhooks/${number}/deliveries`, body: { id: number, owed: true } } : found(caller, number, () => refused({ kind: "conflict", detail: busy }))

  return [
    route({
      method: "get", path: "/webhooks", scope: "webhooks:read", summary: "Webhooks of events that this token made.", input: z.strictObject({}), output: webhooksAnswer,
      run: async (_input, caller) => answered({ webhooks: (await webhooks.list(of(caller))).map(shown) }),
    }),
    route({
      method: "post", path: "/webhooks", scope: "webhooks:write", summary: "Tells this https address of events from now on. Answers with the secret that calls are signed with, once.",
      input: z.strictObject({
        description, url, events, unit: z.string().max(64).nullable().optional().describe("Code: only of this unit and those below it. Absent: what the token is limited to."),
        contact: z.string().max(320).transform((text) => canonicalAddress(text.trim())).describe("Account here that is written to when the webhook is stopped."),
      }),
      output: newWebhookAnswer, success: 201,
      async run({ unit, ...wanted }, caller) {
        const added = await webhooks.add(of(caller), { ...wanted, unitCode: unit === undefined ? caller.unitCode : unit }, by(caller))
        if (!added.ok) return refusal(added.failure)
        return found(caller, added.value.id, (webhook) => created({ ...shown(webhook), secret: added.value.secret }, { location: `/api/v1/webhooks/${webhook.id}` }))
      },
    }),
    route({
      method: "get", path: "/webhooks/:id", scope: "webhooks:read", summary: "One webhook, whether it answers, and how much waits for it.", input: one, output: webhookAnswer,
      run: ({ id: number }, caller) => found(caller, number),
    }),
    route({
      method: "patch", path: "/webhooks/:id", scope: "webhooks:write", summary: "Changes what is given; `stopped` stops it, or lets it go on with what waits.",
      input: z.strictObject({ id, description: description.optional(), url: url.optional(), events: events.optional(), stopped: z.boolean().optional() }), output: webhookAnswer,
      async run({ id: number, stopped, description, url, events }, caller) {
        if (description !== undefined || url !== undefined || events) {
          const changed = await webhooks.change(of(caller), number, { ...(description !== undefined && { description }), ...(url !== undefined && { url }), ...(events && { events }) }, by(caller))
          if (!changed.ok) return refusal(changed.failure)
        }
        if (stopped !== undefined) await webhooks.setStopped(of(caller), number, stopped, by(caller))
        return found(caller, number)
      },
    }),
    route({
      method: "delete", path: "/webhooks/:id", scope: "webhooks:write", summary: "Removes it, with what waits for it.", input: one, output: webhookRemovedAnswer,
      run: async ({ id: number }, caller) => ((await webhooks.remove(of(caller), number, by(caller))) ? answered({ removed: number }) : notFound),
    }),
    route({
      method: "post", path: "/webhooks/:id/secret", scope: "webhooks:write", summary: "Another secret, shown once. Calls are signed with both for a week.", input: one, output: secretAnswer,
      async run({ id: number }, caller) {
        const secret = await webhooks.replaceSecret(of(caller), number, by(caller))
        return secret === undefined ? notFound : answered({ id: number, secret })
      },
    }),
    route({
      method: "post", path: "/webhooks/:id/ping", scope: "webhooks:write", summary: "Calls it with a `webhook.ping`, before all that waits; what it answered is among its deliveries.", input: one, output: owedAnswer, success: 202,
      run: async ({ id: number }, caller) => owed(await webhooks.ping(of(caller), number, by(caller)), caller, number),
    }),
    route({
      method: "get", path: "/webhooks/:id/deliveries", scope: "webhooks:read", summary: "What it was told and what it answered, newest first.", input: z.strictObject({ id, before: id.optional(), limit: limit(200, 50) }), output: webhookDeliveriesAnswer,
      run: ({ id: number, before, limit: most }, caller) =>
        webhooks.find(of(caller), number).then(async (webhook) => {
          if (!webhook) return notFound
          const deliveries = await webhooks.deliveries(of(caller), number, { limit: most, ...(before !== undefined && { before }) })
          return answered({ deliveries: deliveries.map(({ at, triedAt, problem, ...rest }) => ({ ...rest, problem: keptProblemText(problem, "en"), at: shownTime(at), triedAt: shownTime(triedAt) })), next: deliveries.length === most ? (deliveries.at(-1)?.id ?? null) : null })
        }),
    }),
    route({
      method: "post", path: "/webhooks/:id/deliveries/:delivery/repeat", scope: "webhooks:write", summary: "Tells it this event again, once, before all that waits.", input: z.strictObject({ id, delivery: id }), output: owedAnswer, success: 202,
      run: async ({ id: number, delivery }, caller) => owed(await webhooks.redeliver(of(caller), number, delivery, by(caller)), caller, number),
    }),
  ]
}

const busy = { vi: "Lượt báo này không có, đang chờ, hoặc quá nhiều lượt gọi tay đang chờ", en: "There is no such delivery, it waits already, or too much that was asked for by hand waits" }

const problems = {
  url: { pointer: "url", detail: { vi: "Địa chỉ này không được phép gọi: chỉ https, và chỉ nơi máy chủ cho phép", en: "This address may not be called: https only, and only where the server allows it" } },
  events: { pointer: "events", detail: { vi: "Có sự kiện không chia theo đơn vị, chỉ dành cho webhook của cả tỉnh", en: "Some of these are not divided by units, and only for webhooks of the whole province" } },
  contact: { pointer: "contact", detail: { vi: "Không có hộp thư này ở đây", en: "There is no such account here" } },
  unit: { pointer: "unit", detail: { vi: "Không có đơn vị này, hoặc khóa này không thuộc đơn vị đó", en: "There is no such unit, or it is not this token's" } },
} as const

function refusal(problem: SubscriptionProblem): Answer {
  if (problem === "webhook") return notFound
  if (problem === "full") return refused({ kind: "conflict", detail: { vi: "Đã đủ số webhook được phép", en: "There are as many webhooks as there may be" } })
  return refused({ kind: "invalid", errors: [problems[problem]] })
}
