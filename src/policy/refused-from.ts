import type { CompiledPolicy } from "./compile-policy.ts"
import { evaluatePolicy } from "./evaluate.ts"
import type { MessageFacts } from "./facts.ts"

/**
 * From when a message like this one will be refused by a rule that is not in force yet (ms since the epoch); null when no rule says so. The message
 * is judged at its own hour of that day, and by the policy as it is now. Pure.
 */
export function refusedFrom(policy: CompiledPolicy, facts: MessageFacts): number | null {
  const starts = policy.rules.filter(({ from, rule }) => from > facts.at && rule.verdict.reject).map(({ from }) => from)
  const hour = (((facts.at - dayStart) % dayMs) + dayMs) % dayMs
  for (const start of [...new Set(starts)].toSorted((a, b) => a - b)) {
    const { kind } = evaluatePolicy(policy, { ...facts, at: start + hour }).verdict
    if (kind === "reject" || kind === "defer") return start
  }
  return null
}

const dayMs = 24 * 3_600_000
/** A midnight in Vietnam (UTC+7). */
const dayStart = -7 * 3_600_000
