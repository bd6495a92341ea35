import { setImmediate as breathe } from "node:timers/promises"
import type { CompiledPolicy } from "../policy/compile-policy.ts"
import { createReplay, type PastDecision, type ReplayReport } from "../policy/replay.ts"
import type { DecisionStore, Period, StoredDecision } from "../store/decision-store.ts"
import { openFacts } from "../store/sealed-facts.ts"
import type { Sealer } from "../store/sealing.ts"

/** A policy tried on the decisions of a period, as they are stored. The same for command line and console. */
export interface ReplayRequest {
  readonly decisions: Pick<DecisionStore, "count" | "read">
  readonly sealer: Sealer
  readonly policy: CompiledPolicy
  readonly period: Period
  /** ms; as if all had arrived then. */
  readonly asOf?: number
  readonly onProgress?: (done: number, total: number) => void
  /** Ends it between two batches; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Decided without a pause: some 2 ms. */
const atOnce = 25

export async function replayDecisions({ decisions, sealer, policy, period, asOf, onProgress, signal }: ReplayRequest): Promise<ReplayReport> {
  const replay = createReplay(policy, asOf === undefined ? {} : { asOf })
  const total = await decisions.count(period)
  let done = 0
  for await (const batch of decisions.read(period)) {
    for (let at = 0; at < batch.length; at += atOnce) {
      for (const decision of batch.slice(at, at + atOnce)) replay.add(past(decision), opened(sealer, decision.facts))
      await breathe()
      signal?.throwIfAborted()
    }
    done += batch.length
    // some may have come since they were counted
    onProgress?.(done, Math.max(done, total))
  }
  return replay.report()
}

/** Samples are kept; the facts that came with them are not. */
const past = ({ verdict, ruleId, at, messageId, reversePath, envelopeId }: StoredDecision): PastDecision => ({ verdict, ruleId, at, messageId, reversePath, envelopeId })

/** A damaged row is counted as unreadable, it does not end the replay. */
function opened(sealer: Sealer, facts: Uint8Array): unknown {
  try {
    return openFacts(sealer, facts)
  } catch {
    return undefined
  }
}
