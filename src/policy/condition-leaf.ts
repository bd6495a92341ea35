import type { MessageFacts } from "./facts.ts"
import type { PreparedFacts } from "./prepared-facts.ts"

/**
 * A condition made ready: what it asks in words, whether facts meet it, and for a single question what it found instead.
 * Tests are closures over sets and patterns that were made once; none of them allocates. Pure.
 */
export interface CompiledCondition {
  readonly text: string
  readonly kind: "leaf" | "all" | "any" | "not"
  readonly parts: readonly CompiledCondition[]
  test(facts: PreparedFacts): boolean
  /** What the message has, for people. */
  found(facts: PreparedFacts): string
}

export const leaf = (text: string, test: (facts: PreparedFacts) => boolean, found: (facts: PreparedFacts) => string): CompiledCondition => ({ kind: "leaf", text, parts: [], test, found })

/** A question with one answer that must be among some. */
export function oneOf(what: string, wanted: readonly string[] | undefined, answer: (facts: MessageFacts) => string | undefined): CompiledCondition[] {
  if (!wanted) return []
  const set: ReadonlySet<string> = new Set(wanted)
  return [leaf(`${what} is ${among(wanted)}`, ({ facts }) => set.has(answer(facts) ?? notChecked), ({ facts }) => answer(facts) ?? notChecked)]
}

/** A question with several answers, one of which must be among some. */
export function someOf(what: string, wanted: readonly string[] | undefined, answers: (facts: PreparedFacts) => readonly string[]): CompiledCondition[] {
  if (!wanted) return []
  const set: ReadonlySet<string> = new Set(wanted)
  return [leaf(`${what} is ${among(wanted)}`, (facts) => answers(facts).some((answer) => set.has(answer)), (facts) => listed(answers(facts)))]
}

export function yesNo(what: string, wanted: boolean | undefined, answer: (facts: MessageFacts) => boolean | undefined): CompiledCondition[] {
  return wanted === undefined ? [] : [leaf(`${wanted ? "" : "not "}${what}`, ({ facts }) => answer(facts) === wanted, ({ facts }) => yesOrNo(answer(facts)))]
}

/** A long list would bury the rules beside it. */
const among = (wanted: readonly string[]): string => (wanted.length > maxListed ? `${wanted.slice(0, maxListed).join(" or ")} or another ${wanted.length - maxListed}` : wanted.join(" or "))

const maxListed = 5
export const listed = (answers: readonly string[]): string => {
  const shown = [...new Set(answers)]
  return shown.length === 0 ? "none" : `${shown.slice(0, maxListed).join(", ")}${shown.length > maxListed ? `, … (${shown.length})` : ""}`
}

/** What nobody looked at meets no question about it, neither yes nor no. */
const notChecked = "not checked"
const yesOrNo = (answer: boolean | undefined): string => (answer === undefined ? notChecked : answer ? "yes" : "no")
