/**
 * The policy engine: facts in, verdict out; no await, no log, no clock. Rules are asked in their order. A rule that marks adds
 * its mark, and the next rule is asked; the first other rule that matches decides, and none is asked after it. When no rule
 * decides, the message is accepted with the marks it has.
 */
import { type EnhancedStatus, enhancedStatus } from "../mail/enhanced-status.ts"
import type { CompiledPolicy, CompiledRule } from "./compile-policy.ts"
import type { MessageFacts } from "./facts.ts"
import type { RuleVerdict } from "./policy-document.ts"
import { prepareFacts, type PreparedFacts } from "./prepared-facts.ts"
import { signatureReason } from "./signature-reason.ts"
import type { Mark, PolicyVerdict, Reasons, Releaser } from "./verdict.ts"

export interface PolicyDecision {
  readonly verdict: PolicyVerdict
  /** Ids of the rules that matched, in order; the last one decided unless it only marked. */
  readonly matched: readonly string[]
}

/** The rule id of a message that no rule decided on. */
export const undecidedRuleId = "policy.default"

export function evaluatePolicy({ rules, document }: CompiledPolicy, facts: MessageFacts): PolicyDecision {
  const prepared = prepareFacts(facts, document.documents)
  const matched: string[] = []
  const marks: Mark[] = []
  for (const compiled of rules) {
    if (!isInForce(compiled, facts) || !isMet(compiled, prepared)) continue
    const { id, verdict } = compiled.rule
    matched.push(id)
    if (!verdict.mark) return { verdict: decided(compiled, prepared, marks), matched }
    marks.push({ ruleId: id, keyword: verdict.mark.keyword ?? null, tellSender: verdict.mark.tellSender ?? false, ...reasons(verdict.mark, compiled, facts) })
  }
  return { verdict: { kind: "accept", ruleId: undecidedRuleId, marks }, matched }
}

export const isInForce = ({ from, until }: CompiledRule, { at }: MessageFacts): boolean => from <= at && at <= until

export const isMet = ({ condition }: CompiledRule, prepared: PreparedFacts): boolean => condition === null || condition.test(prepared)

/** Exactly one of them is there (policy-document.ts), and it is not `mark`. */
function decided(compiled: CompiledRule, { facts }: PreparedFacts, marks: readonly Mark[]): PolicyVerdict {
  const { id: ruleId, verdict } = compiled.rule
  const { sign, hold, quarantine, reject } = verdict
  if (reject) {
    const status = statusOf(reject.status, facts)
    return { kind: status.startsWith("4") ? "defer" : "reject", ruleId, status, ...reasons(reject, compiled, facts), marks }
  }
  if (quarantine) return { kind: "quarantine", ruleId, notify: quarantine.notify, release: releaserOf(quarantine, facts), ...reasons(quarantine, compiled, facts), marks }
  if (hold) return { kind: "hold", ruleId, approvers: hold.approvers, ...reasons(hold, compiled, facts), marks }
  if (sign) return { kind: "sign", ruleId, key: sign.key, marks }
  return { kind: "accept", ruleId, marks }
}

/**
 * Whatever a rule says, recipients do not release what is known to harm them: a virus, or a signature whose certificate was taken back. Where it says
 * nothing, those release who are told.
 */
function releaserOf({ notify, release }: NonNullable<RuleVerdict["quarantine"]>, { scan, signature }: MessageFacts): Releaser {
  if ((scan?.virus ?? null) !== null || signature.problems.includes("revoked")) return "administrators"
  return release ?? (notify.includes("recipients") ? "recipients" : "administrators")
}

const statusOf = (status: NonNullable<RuleVerdict["reject"]>["status"], { signature }: MessageFacts): EnhancedStatus =>
  status === "signature" ? (signatureReason(signature)?.status ?? enhancedStatus.refusedByPolicy) : (status as EnhancedStatus)

interface Sentences {
  readonly vi: string
  readonly en: string
}

function reasons({ vi, en }: Sentences, { rule }: CompiledRule, facts: MessageFacts): Reasons {
  if (!vi.includes("{") && !en.includes("{")) return { reasonVi: vi, reasonEn: en }
  const signature = signatureReason(facts.signature)
  const fill = (sentence: string, about: string): string =>
    sentence.replace(/\{(signature|sender|rule)\}/g, (_, word: string) => (word === "signature" ? about : word === "rule" ? rule.id : shown(facts.sender?.address ?? facts.reversePath)))
  return { reasonVi: fill(vi, signature?.vi ?? ""), reasonEn: fill(en, signature?.en ?? "") }
}

/** Addresses come from outside: what could break a reply line is not repeated. */
// oxlint-disable-next-line no-control-regex -- exactly the characters that must not reach a reply
const shown = (address: string): string => address.replace(/[\x00-\x1f\x7f-\x9f]/g, "").slice(0, 80)
