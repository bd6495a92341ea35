import type { CompiledCondition } from "./condition-leaf.ts"
import type { CompiledPolicy, CompiledRule } from "./compile-policy.ts"
import { isInForce, isMet } from "./evaluate.ts"
import type { MessageFacts } from "./facts.ts"
import { prepareFacts, type PreparedFacts } from "./prepared-facts.ts"

/** For `policy explain`: each rule with why it did or did not match, down to the single question and what the message has. Pure. */
export interface RuleTrace {
  readonly ruleId: string
  /** `notReached`: it would match, but a rule above has decided. */
  readonly outcome: "decides" | "marks" | "noMatch" | "notInForce" | "notReached"
  readonly condition: ConditionTrace | null
}

export interface ConditionTrace {
  readonly text: string
  readonly holds: boolean
  /** What the message has; empty for `all of`, `any of` and `not`. */
  readonly found: string
  readonly parts: readonly ConditionTrace[]
}

export function explainPolicy({ rules, document }: CompiledPolicy, facts: MessageFacts): readonly RuleTrace[] {
  const prepared = prepareFacts(facts, document.documents)
  let decided = false
  return rules.map((compiled) => {
    const outcome = outcomeOf(compiled, prepared, decided)
    decided ||= outcome === "decides"
    return { ruleId: compiled.rule.id, outcome, condition: compiled.condition && traceOf(compiled.condition, prepared) }
  })
}

function outcomeOf(compiled: CompiledRule, prepared: PreparedFacts, decided: boolean): RuleTrace["outcome"] {
  if (!isInForce(compiled, prepared.facts)) return "notInForce"
  if (!isMet(compiled, prepared)) return "noMatch"
  if (decided) return "notReached"
  return compiled.rule.verdict.mark ? "marks" : "decides"
}

const traceOf = (condition: CompiledCondition, prepared: PreparedFacts): ConditionTrace => ({
  text: condition.text,
  holds: condition.test(prepared),
  found: condition.kind === "leaf" ? condition.found(prepared) : "",
  parts: condition.parts.map((part) => traceOf(part, prepared)),
})
