import { z } from "zod"
import { outwardStates } from "../../notifications/status.ts"
import { fieldTypes } from "../../notifications/templates/fields.ts"
import { templateName } from "../../notifications/templates/template.ts"
import { instant, number } from "../fields.ts"

/** What the API answers of notifications and their templates. */
const priority = z.strictObject({ name: z.string(), vi: z.string() })

export const acceptedAnswer = z.strictObject({ id: number, repeated: z.boolean(), recipientCount: number, duplicates: number, priority, status: z.string() })

export const notificationAnswer = z.strictObject({
  id: number, from: z.string(), source: z.enum(["api", "smtp"]), state: z.enum(["scheduled", "sending", "sent", "cancelled", "expired"]), priority, idempotencyKey: z.string().nullable(),
  template: z.strictObject({ name: z.string(), version: number.nullable() }).nullable(), acceptedAt: instant.nullable(), sendAt: instant.nullable(), expiresAt: instant.nullable(), recipientCount: number,
  recipients: z.strictObject({ accepted: number, delivered: number, relayed: number, failed: number, cancelled: number, expired: number }), lastChange: number,
  webhook: z.strictObject({ problem: z.string().nullable() }).optional(),
})
export const notificationsAnswer = z.strictObject({ notifications: z.array(notificationAnswer), next: number.nullable() })

const recipient = z.strictObject({
  number, address: z.string(), asked: z.string().optional(), state: z.enum(outwardStates), at: instant.nullable(), readAt: instant.optional(), status: z.string().optional(), reason: z.string().optional(), change: number,
})
export const recipientsAnswer = z.strictObject({ recipients: z.array(recipient), next: number.nullable() })

/** Of the events `status` and `end`. */
export const notificationEvent = z.union([recipient, notificationAnswer])

export const cancelledAnswer = z.strictObject({ id: number, cancelled: number })

const words = z.strictObject({ vi: z.string(), en: z.string() })
export const templateAnswer = z.strictObject({
  name: templateName, version: number, createdAt: instant.nullable(), createdBy: z.string(), shipped: z.boolean(), title: words.optional(), hosts: z.array(z.string()).optional(),
  fields: z.record(z.string(), z.strictObject({ type: z.enum(fieldTypes), optional: z.boolean(), max: number.optional(), vi: z.string(), en: z.string(), example: z.union([z.string(), z.number()]) })).optional(),
})
export const templatesAnswer = z.strictObject({ templates: z.array(templateAnswer) })
export const previewAnswer = z.strictObject({ name: templateName, version: number, subject: z.string(), text: z.string(), html: z.string().nullable() })
