import { z } from "zod"
import { instant, number } from "../fields.ts"
import { runAnswer } from "./run.ts"

/** What the API answers of the policy. */
const summary = z.strictObject({ version: number, sha256: z.string(), source: z.enum(["file", "command"]), appliedAt: instant, by: z.string(), why: z.string(), inForce: z.boolean() })

export const policiesAnswer = z.strictObject({ versions: z.array(summary) })
export const policyAnswer = summary.extend({ yaml: z.string() })

const problem = z.strictObject({ line: number, column: number, key: z.string(), reason: z.string() })
export const policyCheckAnswer = z.strictObject({ valid: z.boolean(), rules: number.nullable(), problems: z.array(problem), warnings: z.array(z.string()).describe("Names that are not in the directory.") })

const question = z.strictObject({ depth: number.describe("0: the whole condition; what it is made of follows, one deeper."), text: z.string(), holds: z.boolean(), found: z.string() })
const outcomes = ["decides", "marks", "noMatch", "notInForce", "notReached"] as const
export const explanationAnswer = z.strictObject({
  verdict: z.strictObject({ kind: z.string(), ruleId: z.string(), status: z.string().nullable(), reasonVi: z.string().nullable(), reasonEn: z.string().nullable() }),
  rules: z.array(z.strictObject({ ruleId: z.string(), outcome: z.enum(outcomes), condition: z.array(question).describe("Empty: every message.") })),
})

const outcome = z.strictObject({ verdict: z.string(), ruleId: z.string() })
const past = outcome.extend({ at: instant, messageId: z.string(), reversePath: z.string(), envelopeId: number.nullable() })
const replayReport = z.strictObject({
  decisions: number, unchanged: number, unreadable: number, changes: z.array(z.strictObject({ from: outcome, to: outcome, count: number, samples: z.array(past) })), counts: z.array(outcome.extend({ count: number })),
})
export const replayAnswer = runAnswer(replayReport)
