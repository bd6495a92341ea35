import { z } from "zod"
import { eventTypes, pingType } from "../../store/webhook-event.ts"
import { instant, number } from "../fields.ts"

/** What the API answers of webhooks of events. */
export const webhookAnswer = z.strictObject({
  id: number, description: z.string(), url: z.string(), events: z.array(z.enum(eventTypes)), unit: z.string().nullable(), contact: z.string(), createdAt: instant.nullable(),
  state: z.enum(["active", "failing", "stopped", "tokenEnded"]), stoppedAt: instant.nullable(), stoppedWhy: z.enum(["byHand", "failing", "backlog"]).nullable(), failingSince: instant.nullable(),
  oldSecretUntil: instant.nullable(), waiting: number,
})
export const webhooksAnswer = z.strictObject({ webhooks: z.array(webhookAnswer) })

const secret = z.string().describe("What calls are signed with; shown this once.")
export const newWebhookAnswer = webhookAnswer.extend({ secret })
export const secretAnswer = z.strictObject({ id: number, secret })

export const webhookRemovedAnswer = z.strictObject({ removed: number })
export const owedAnswer = z.strictObject({ id: number, owed: z.literal(true) })

const delivery = z.strictObject({
  id: number, event: number, type: z.enum([...eventTypes, pingType]), at: instant.nullable(), state: z.enum(["waiting", "told", "failed"]), tries: number, triedAt: instant.nullable(), status: number.nullable(), problem: z.string(),
  data: z.record(z.string(), z.unknown()),
})
export const webhookDeliveriesAnswer = z.strictObject({ deliveries: z.array(delivery), next: number.nullable() })
