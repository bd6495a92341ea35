import { z } from "zod"
import { filled } from "../../../accounts/provision/problems.ts"
import { compilePolicy } from "../../../policy/compile-policy.ts"
import type { ConditionTrace } from "../../../policy/explain.ts"
import { notExplainedText, notExplainedValues } from "../../../policy/message-question.ts"
import { readPolicy } from "../../../policy/read-policy.ts"
import type { PastDecision, ReplayReport } from "../../../policy/replay.ts"
import type { PolicyVerdict } from "../../../policy/verdict.ts"
import { explanationAnswer, replayAnswer } from "../../answers/policies.ts"
import { base64, limit, shownTime, truth } from "../../fields.ts"
import { answered, refused, type Route, route } from "../../route.ts"
import { createRunRoutes } from "../../runs.ts"
import { policyText } from "../../text/problem.ts"
import { maxPolicyBodyBytes, type PolicyRoutesParts, yaml } from "./policies.ts"

/** The policy tried: on one message that is sent along, and a changed text on the decisions of the past, in the background. */
const dayMs = 86_400_000
const maxMessageBytes = 1024 * 1024
const signatures = ["missing", "valid", "expired", "revoked"] as const

export function triedPolicyRoutes({ policies, explain, replay, replays, clock }: PolicyRoutesParts): readonly Route[] {
  const runs = createRunRoutes({ path: "/policies/replays", scope: "policy:read", summary: "How far it is, and then what the text would have decided otherwise; kept for an hour.", runs: replays, output: replayAnswer, shown: shownReport })
  return [
    route({
      method: "post", path: "/policies/explain", scope: "policy:read", summary: "What the policy in force says of a message, rule by rule. Nothing is sent or stored.", output: explanationAnswer, maxBodyBytes: Math.ceil(maxMessageBytes * 1.4) + 64 * 1024,
      input: z.strictObject({
        message: base64(maxMessageBytes), from: z.string().max(320).describe("The reverse-path; empty as on the wire."), to: z.array(z.string().max(320)).min(1).max(100), outside: truth.default(false).describe("It comes from another server."),
        signature: z.enum(signatures).optional().describe("What to assume; absent: its own."),
      }),
      async run({ message, from, to, outside, signature }) {
        const inForce = await policies.inForce()
        const read = inForce && readPolicy(inForce.yaml)
        if (!read?.ok) return refused({ kind: "conflict", detail: policyText.none })
        const explained = await explain(compilePolicy(read.value), { bytes: message, from, to, outside, ...(signature !== undefined && { signature }) })
        if (!explained.ok) {
          const { [explained.failure.kind]: text } = notExplainedText
          const values = notExplainedValues(explained.failure)
          return refused({ kind: explained.failure.kind === "unverified" ? "conflict" : "invalid", detail: { vi: filled(text.vi, values), en: filled(text.en, values) } })
        }
        const { rules, decision } = explained.value
        return answered({ verdict: shownVerdict(decision.verdict), rules: rules.map(({ ruleId, outcome, condition }) => ({ ruleId, outcome, condition: condition ? flat(condition, 0) : [] })) })
      },
    }),
    route({
      method: "post", path: "/policies/replays", scope: "policy:read", summary: "Tries a text on the decisions of the last days, in the background; one at a time.", input: z.strictObject({ yaml, days: limit(90, 7) }), output: replayAnswer, success: 202, maxBodyBytes: maxPolicyBodyBytes,
      async run({ yaml: text, days }, caller) {
        const read = readPolicy(text)
        if (!read.ok) return refused({ kind: "invalid", errors: read.failure.slice(0, 20).map(({ line, column, key, reason }) => ({ pointer: "yaml", detail: `${line}:${column} ${key} ${reason}`.trim() })) })
        const policy = compilePolicy(read.value)
        const until = clock.now()
        return runs.begin(caller, (control) => replay(policy, { since: until - days * dayMs, until }, control))
      },
    }),
    ...runs.routes,
  ]
}

const shownVerdict = (verdict: PolicyVerdict) => ({
  kind: verdict.kind, ruleId: verdict.ruleId, status: "status" in verdict ? verdict.status : null, reasonVi: "reasonVi" in verdict ? verdict.reasonVi : null, reasonEn: "reasonEn" in verdict ? verdict.reasonEn : null,
})

interface Question {
  readonly depth: number
  readonly text: string
  readonly holds: boolean
  readonly found: string
}

const flat = ({ text, holds, found, parts }: ConditionTrace, depth: number): readonly Question[] => [{ depth, text, holds, found }, ...parts.flatMap((part) => flat(part, depth + 1))]

const shownReport = ({ decisions, unchanged, unreadable, changes, counts }: ReplayReport) => ({
  decisions, unchanged, unreadable, counts: counts.map(({ verdict, ruleId, count }) => ({ verdict, ruleId, count })),
  changes: changes.map(({ from, to, count, samples }) => ({ from, to, count, samples: samples.map(shownPast) })),
})

const shownPast = ({ verdict, ruleId, at, messageId, reversePath, envelopeId }: PastDecision) => ({ verdict, ruleId, at: shownTime(at), messageId, reversePath, envelopeId })
