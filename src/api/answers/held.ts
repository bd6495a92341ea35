import { z } from "zod"
import { instant, number } from "../fields.ts"

/** What the API answers of messages that wait for a person. */
const held = z.strictObject({
  envelopeId: number, kind: z.enum(["approval", "quarantine"]), ruleId: z.string(), reasonVi: z.string(), reasonEn: z.string(), messageId: z.string(), reversePath: z.string(), recipients: z.array(z.string()).describe("The first of them."),
  recipientCount: number, size: number, heldAt: instant, recipientsMayRelease: z.boolean(), decision: z.enum(["released", "refused"]).nullable(), decidedAt: instant.nullable(), decidedBy: z.string(), note: z.string(),
})

export const heldListAnswer = z.strictObject({ messages: z.array(held), waiting: number.describe("How many wait in all."), next: number.nullable().describe("The `after` of the next page; null: this is the last.") })
export const heldAnswer = held

export const heldContentAnswer = z.strictObject({
  envelopeId: number, subject: z.string(), from: z.string(), text: z.string(), cut: z.boolean().describe("There is more than is shown."), attachments: z.array(z.strictObject({ name: z.string(), type: z.string() })),
})

export const decidedAnswer = z.strictObject({ envelopeId: number, decision: z.enum(["released", "refused"]) })

export const copiesAnswer = z.strictObject({ copies: z.array(z.strictObject({ deliveryId: number, recipient: z.string(), state: z.enum(["held", "gone", "refused"]) })) })
