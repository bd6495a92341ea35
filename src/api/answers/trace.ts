import { z } from "zod"
import { instant, number } from "../fields.ts"
import { attempt, deliveryPause, step } from "./queue.ts"

/** What the API answers of a message's story. */
const deliveryState = z.enum(["waiting", "held", "deferred", "delivered", "relayed", "failed"])
const dsn = z.strictObject({ kind: z.string(), envelopeId: number, madeAt: instant.nullable() })

const delivery = z.strictObject({
  deliveryId: number, recipient: z.string(), local: z.boolean(), state: deliveryState, originalRecipient: z.string(), status: z.string(), diagnostic: z.string(), remoteMta: z.string(),
  queuedAt: instant.nullable(), settledAt: instant.nullable(), seenAt: instant.nullable(), nextAttemptAt: instant.nullable(), expiresAt: instant.nullable(), pause: deliveryPause,
  attempts: z.array(attempt), attemptCount: number, steps: z.array(step), dsns: z.array(dsn), places: z.array(z.strictObject({ mailbox: z.string(), uid: number })),
})

const trace = z.strictObject({
  envelopeId: number, messageId: z.string(), reversePath: z.string(), source: z.string(), size: number, sha256: z.string(), acceptedAt: instant.nullable(), committedAt: instant.nullable(), requireTls: z.boolean(),
  connection: z.strictObject({ sessionId: z.string(), clientAddress: z.string(), helo: z.string(), tls: z.string().nullable(), account: z.string().nullable(), principal: z.strictObject({ id: z.string(), name: z.string() }).nullable() }).nullable(),
  decision: z.strictObject({ policyVersion: number, ruleId: z.string(), verdict: z.string(), signature: z.unknown() }).nullable(),
  held: z.strictObject({
    kind: z.enum(["approval", "quarantine"]), ruleId: z.string(), reasonVi: z.string(), reasonEn: z.string(), heldAt: instant.nullable(), decision: z.enum(["released", "refused"]).nullable(),
    decidedAt: instant.nullable(), decidedBy: z.string(), note: z.string(),
  }).nullable(),
  dsnOf: z.array(dsn), deliveries: z.array(delivery), deliveryCount: number,
})

const summary = z.strictObject({ envelopeId: number, messageId: z.string(), reversePath: z.string(), acceptedAt: instant.nullable(), size: number, recipient: z.string(), recipientCount: number, state: deliveryState })

/** Stories, or the messages of an address. */
export const traceAnswer = z.union([z.strictObject({ traces: z.array(trace) }), z.strictObject({ messages: z.array(summary) })])
