import { z } from "zod"
import type { DirectorySource } from "../../../accounts/directory.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Result } from "../../../base/result.ts"
import type { RunControl, Runs } from "../../../base/runs.ts"
import type { CompiledPolicy } from "../../../policy/compile-policy.ts"
import { namesNotInDirectory } from "../../../policy/directory-names.ts"
import type { Explanation, MessageQuestion, NotExplained } from "../../../policy/message-question.ts"
import { policyLimits } from "../../../policy/policy-document.ts"
import { readPolicy } from "../../../policy/read-policy.ts"
import type { ReplayReport } from "../../../policy/replay.ts"
import type { Period } from "../../../store/decision-store.ts"
import type { PolicyStore, PolicySummary } from "../../../store/policy-store.ts"
import { policiesAnswer, policyAnswer, policyCheckAnswer } from "../../answers/policies.ts"
import { id, limit, shownTime, why } from "../../fields.ts"
import { type Answer, answered, created, refused, type Route, route } from "../../route.ts"
import { policyText } from "../../text/problem.ts"
import { tokenName } from "../../token-scope.ts"

/** The rules that messages must satisfy, over HTTP: read, checked, put in force, an old text again. They are the province's as a whole. */
export interface PolicyRoutesParts {
  readonly policies: Pick<PolicyStore, "inForce" | "version" | "history" | "apply">
  readonly directory: DirectorySource
  /** Tells other processes that another version is in force. */
  readonly announce: (version: number) => void
  readonly replay: (policy: CompiledPolicy, period: Period, control: RunControl) => Promise<ReplayReport>
  readonly replays: Runs<ReplayReport>
  readonly explain: (policy: CompiledPolicy, question: MessageQuestion) => Promise<Result<Explanation, NotExplained>>
  readonly clock: Clock
}

export const yaml = z.string().max(policyLimits.bytes).describe("The text of a policy, as files have it.")
/** With everything in it escaped. */
export const maxPolicyBodyBytes = policyLimits.bytes * 2 + 64 * 1024
const whyNeeded = why.min(1)

export function policyRoutes({ policies, directory, announce }: PolicyRoutesParts): readonly Route[] {
  async function putInForce(text: string, reason: string, by: string): Promise<Answer> {
    const applied = await policies.apply({ yaml: text, by, why: reason })
    if (!applied.ok) return refused({ kind: "conflict", detail: policyText.unchanged })
    announce(applied.value)
    const now = await policies.version(applied.value)
    return now ? created({ ...shown(now), yaml: now.yaml }, { location: `/api/v1/policies/${now.version}` }) : refused({ kind: "notFound" })
  }
  return [
    route({
      method: "get", path: "/policies", scope: "policy:read", summary: "All versions that were ever in force, the newest first.", input: z.strictObject({ limit: limit(1_000, 100) }), output: policiesAnswer,
      run: async ({ limit: most }) => answered({ versions: (await policies.history(most)).map(shown) }),
    }),
    route({
      method: "post", path: "/policies", scope: "policy:write", summary: "Puts a text in force: from the next message on, in all processes.", input: z.strictObject({ yaml, why: whyNeeded }), output: policyAnswer, success: 201, maxBodyBytes: maxPolicyBodyBytes,
      async run({ yaml: text, why: reason }, caller) {
        const read = readPolicy(text)
        if (!read.ok) return refused({ kind: "invalid", errors: read.failure.slice(0, 20).map(({ line, column, key, reason: what }) => ({ pointer: "yaml", detail: `${line}:${column} ${key} ${what}`.trim() })) })
        return putInForce(text, reason, tokenName(caller))
      },
    }),
    route({
      method: "get", path: "/policies/current", scope: "policy:read", summary: "What is in force.", input: z.strictObject({}), output: policyAnswer,
      async run() {
        const inForce = await policies.inForce()
        return inForce ? answered({ ...shown(inForce), yaml: inForce.yaml }) : refused({ kind: "notFound" })
      },
    }),
    route({
      method: "post", path: "/policies/check", scope: "policy:read", summary: "What is wrong with a text, by line and column; nothing is changed.", input: z.strictObject({ yaml }), output: policyCheckAnswer, maxBodyBytes: maxPolicyBodyBytes,
      async run({ yaml: text }) {
        const read = readPolicy(text)
        return answered(read.ok ? { valid: true, rules: read.value.rules.length, problems: [], warnings: namesNotInDirectory(read.value, directory.current()) } : { valid: false, rules: null, problems: read.failure, warnings: [] })
      },
    }),
    route({
      method: "get", path: "/policies/:version", scope: "policy:read", summary: "One version and its text.", input: z.strictObject({ version: id }), output: policyAnswer,
      async run({ version }) {
        const found = await policies.version(version)
        return found ? answered({ ...shown(found), yaml: found.yaml }) : refused({ kind: "notFound" })
      },
    }),
    route({
      method: "post", path: "/policies/:version/rollback", scope: "policy:write", summary: "An old text in force again, as a new version: the history only grows.", input: z.strictObject({ version: id, why: whyNeeded.max(400) }), output: policyAnswer, success: 201,
      async run({ version, why: reason }, caller) {
        const stored = await policies.version(version)
        if (!stored) return refused({ kind: "notFound" })
        if (!readPolicy(stored.yaml).ok) return refused({ kind: "conflict", detail: policyText.unreadable })
        return putInForce(stored.yaml, `${reason} (back to version ${version})`, tokenName(caller))
      },
    }),
  ]
}

const shown = ({ version, sha256, source, appliedAt, by, why: reason, inForce }: PolicySummary) => ({ version, sha256, source, appliedAt: shownTime(appliedAt), by, why: reason, inForce })
