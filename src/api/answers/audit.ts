import { z } from "zod"
import { instant, number } from "../fields.ts"
import { runAnswer } from "./run.ts"

/** What the API answers of the audit. What an entry's actor and detail hold depends on its kind. */
const entry = z.strictObject({
  id: number, at: z.string(), kind: z.string(), principalId: z.string().nullable(), accountId: number.nullable(), clientAddress: z.string().nullable(), envelopeId: number.nullable(),
  actor: z.unknown(), detail: z.unknown(), position: number.nullable(), account: z.string().nullable(), principal: z.string().nullable(),
})

export const entriesAnswer = z.strictObject({ entries: z.array(entry), next: number.nullable() })

export const headAnswer = z.strictObject({
  congthuAuditHead: z.literal(1), position: number, entry: number, hash: z.string(), at: z.string(), system: z.string(), publicKey: z.string(), signature: z.string(), stamp: z.string().optional(),
})

export const chainAnswer = z.strictObject({ position: number.describe("Of the last entry that is sealed."), lagMs: number.describe("Age of the oldest that is not; 0: all are."), headAt: instant.nullable(), headPosition: number })

const problem = z.strictObject({ position: number, auditId: number.nullable(), kind: z.enum(["changed", "removed", "inserted", "reordered", "sealRemoved", "truncated", "rewritten", "headForged"]) })
export const verificationAnswer = runAnswer(z.strictObject({ checked: number, headsChecked: number, position: number, problems: z.array(problem), badStamps: z.array(number).describe("Positions whose time stamp is not of their head.") }))
