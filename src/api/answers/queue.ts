import { z } from "zod"
import { bounceClasses } from "../../store/delivery-store.ts"
import { actionOutcomes } from "../../store/queue-action.ts"
import { queueStates } from "../../store/queue-store.ts"
import { instant, number } from "../fields.ts"

/** What the API answers of deliveries, destinations and pauses. The tests hold every answer against these. */
const bounceClass = z.enum(bounceClasses).nullable()

const queuedDelivery = z.strictObject({
  id: number, envelopeId: number, messageId: z.string(), reversePath: z.string(), recipient: z.string(), originalRecipient: z.string(), local: z.boolean(),
  state: z.enum([...queueStates, "delivered", "relayed", "failed"]), size: number, attempts: number, acceptedAt: instant.nullable(), nextAttemptAt: instant.nullable(), expiresAt: instant.nullable(),
  status: z.string(), diagnostic: z.string(), remoteMta: z.string(), bounceClass,
})

const fault = z.strictObject({ type: z.string(), detail: z.string() })

export const attempt = z.strictObject({
  number, startedAt: instant.nullable(), endedAt: instant.nullable(), outcome: z.string(), status: z.string(), diagnostic: z.string(), remoteMta: z.string(), tls: z.string().nullable(),
  // written by this program or an older one
  tlsDetails: z.looseObject({ policy: z.string(), reason: z.string(), version: z.string().nullable(), cipher: z.string().nullable(), verified: z.string(), subject: z.string(), fingerprint: z.string(), fault: fault.nullable(), testFault: fault.optional() }).nullable(),
  bounceClass,
})

export const step = z.strictObject({ at: instant.nullable(), kind: z.string(), by: z.string(), why: z.string() })

export const deliveryPause = z.strictObject({ id: number, pattern: z.string(), until: instant.nullable(), by: z.string(), why: z.string() }).nullable()

export const deliveryAnswer = queuedDelivery.extend({
  settledAt: instant.nullable(), hold: z.strictObject({ by: z.string(), why: z.string(), at: instant.nullable() }).nullable(), pause: deliveryPause,
  attempts: z.array(attempt), attemptCount: number, steps: z.array(step),
})

export const deliveriesAnswer = z.strictObject({ deliveries: z.array(queuedDelivery), next: number.nullable() })
export const steeredAnswer = z.strictObject({ outcome: z.enum(actionOutcomes), delivery: deliveryAnswer })

export const destinationsAnswer = z.strictObject({
  destinations: z.array(z.strictObject({ destination: z.string(), deliveries: number, byState: z.partialRecord(z.enum(queueStates), number), oldestAcceptedAt: instant.nullable(), diagnostic: z.string(), paused: z.boolean() })),
})

export const pauseAnswer = z.strictObject({ id: number, kind: z.enum(["domain", "host"]), pattern: z.string(), until: instant.nullable(), pausedAt: instant.nullable(), pausedBy: z.string(), why: z.string() })
export const pausesAnswer = z.strictObject({ pauses: z.array(pauseAnswer) })
export const resumedAnswer = z.strictObject({ resumed: number })

export const countsAnswer = z.strictObject({ counts: z.partialRecord(z.enum(queueStates), number) })
export const outcomesAnswer = z.strictObject({ outcomes: z.partialRecord(z.enum(actionOutcomes), number) })
