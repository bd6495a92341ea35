import { compileCondition } from "./compile-condition.ts"
import type { CompiledCondition } from "./condition-leaf.ts"
import type { PolicyDocument, Rule } from "./policy-document.ts"

/** A policy ready to decide: immutable, so that whoever holds it decides by exactly this one however long it takes. */
export interface CompiledPolicy {
  readonly document: PolicyDocument
  readonly rules: readonly CompiledRule[]
  /** Header fields in which some class of documents is looked for, lower case. */
  readonly examined: ReadonlySet<string>
}

export interface CompiledRule {
  readonly rule: Rule
  /** Null: for every message. */
  readonly condition: CompiledCondition | null
  /** Ms since the epoch, both inclusive. */
  readonly from: number
  readonly until: number
}

export const compilePolicy = (document: PolicyDocument): CompiledPolicy => ({
  document,
  rules: document.rules.map((rule) => ({
    rule,
    condition: rule.when ? compileCondition(rule.when, document) : null,
    from: rule.from ?? -Infinity,
    until: rule.until ?? Infinity,
  })),
  examined: new Set(Object.values(document.documents).flatMap((matchers) => matchers.flatMap((matcher) => matcher.in))),
})
