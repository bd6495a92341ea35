import type { CompiledPolicy } from "./compile-policy.ts"
import { evaluatePolicy } from "./evaluate.ts"
import type { MessageFacts } from "./facts.ts"
import { storedFacts } from "./stored-facts.ts"

/**
 * A changed policy tried on facts of the past: what it would have decided otherwise, counted by the pair of decisions, with a few
 * messages of each. Holds counts and samples, never the facts, so a million decisions take no more room than a hundred.
 */
export interface Replay {
  /** `facts` as they were stored; those that this program cannot read are counted. */
  add(past: PastDecision, facts: unknown): void
  report(): ReplayReport
}

export interface PastDecision {
  readonly verdict: string
  readonly ruleId: string
  readonly at: number
  readonly messageId: string
  readonly reversePath: string
  readonly envelopeId: number | null
}

export interface ReplayReport {
  readonly decisions: number
  readonly unchanged: number
  readonly unreadable: number
  /** Those whose verdict changes first, then those that only another rule decides; the most frequent first. */
  readonly changes: readonly ReplayChange[]
  /** By the new policy, verdict and rule, the most frequent first. */
  readonly counts: readonly { readonly verdict: string; readonly ruleId: string; readonly count: number }[]
}

export interface ReplayChange {
  readonly from: Outcome
  readonly to: Outcome
  readonly count: number
  readonly samples: readonly PastDecision[]
}

export interface Outcome {
  readonly verdict: string
  readonly ruleId: string
}

const maxSamples = 5
/** Pairs of rules; what is beyond is counted together. */
const maxPairs = 1000

export function createReplay(policy: CompiledPolicy, options: { readonly asOf?: number } = {}): Replay {
  const changes = new Map<string, { readonly from: Outcome; readonly to: Outcome; count: number; readonly samples: PastDecision[] }>()
  const counts = new Map<string, { readonly verdict: string; readonly ruleId: string; count: number }>()
  const total = { decisions: 0, unchanged: 0, unreadable: 0 }

  const change = (past: PastDecision, to: Outcome): void => {
    const fits = changes.size < maxPairs
    const from: Outcome = { verdict: past.verdict, ruleId: fits ? past.ruleId : "…" }
    const key = JSON.stringify([from.verdict, from.ruleId, to.verdict, to.ruleId])
    const known = changes.get(key) ?? { from, to, count: 0, samples: [] }
    changes.set(key, known)
    known.count++
    if (known.samples.length < maxSamples) known.samples.push(past)
  }

  return {
    add(past, stored) {
      total.decisions++
      const facts = storedFacts(stored)
      if (!facts) {
        total.unreadable++
        return
      }
      const { kind, ruleId } = evaluatePolicy(policy, at(facts, options.asOf)).verdict
      const key = `${kind} ${ruleId}`
      const count = counts.get(key)
      if (count) count.count++
      else counts.set(key, { verdict: kind, ruleId, count: 1 })
      if (kind === past.verdict && ruleId === past.ruleId) total.unchanged++
      else change(past, { verdict: kind, ruleId })
    },
    report: () => ({
      ...total,
      changes: [...changes.values()].toSorted((a, b) => Number(isSame(a)) - Number(isSame(b)) || b.count - a.count),
      counts: [...counts.values()].toSorted((a, b) => b.count - a.count),
    }),
  }
}

const at = (facts: MessageFacts, asOf: number | undefined): MessageFacts => (asOf === undefined ? facts : { ...facts, at: asOf })

/** Another rule, the same verdict. */
const isSame = ({ from, to }: Pick<ReplayChange, "from" | "to">): boolean => from.verdict === to.verdict
