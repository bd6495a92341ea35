import type { MessageFacts } from "../policy/facts.ts"
import { evaluatePolicy } from "../policy/evaluate.ts"
import type { PolicyVerdict } from "../policy/verdict.ts"
import type { NewDecision } from "../store/decision-store.ts"
import { sealFacts } from "../store/sealed-facts.ts"
import type { Sealer } from "../store/sealing.ts"
import type { PolicyInForce } from "./policy-source.ts"

/** A message judged by one version of the policy, and the record of it, which the acceptance or `DecisionStore.record` stores. Pure but for the sealing's nonce. */
export interface Judgement {
  readonly verdict: PolicyVerdict
  readonly decision: NewDecision
}

export interface JudgeRequest {
  readonly inForce: PolicyInForce
  readonly facts: MessageFacts
  readonly messageId: string
  readonly sealer: Sealer
}

export function judgeMessage({ inForce: { version, policy }, facts, messageId, sealer }: JudgeRequest): Judgement {
  const { verdict } = evaluatePolicy(policy, facts)
  const { reversePath, at } = facts
  return { verdict, decision: { policyVersion: version, ruleId: verdict.ruleId, verdict: verdict.kind, messageId, reversePath, at, facts: sealFacts(sealer, facts) } }
}
