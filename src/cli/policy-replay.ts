import { systemClock } from "../base/clock.ts"
import { parseDurationMs } from "../base/units.ts"
import { provinceTime } from "../delivery/story.ts"
import { startOfDay } from "../policy/civil-time.ts"
import { createReplay, type Outcome, type PastDecision, type ReplayReport } from "../policy/replay.ts"
import type { DecisionStore, Period, StoredDecision } from "../store/decision-store.ts"
import { openFacts } from "../store/sealed-facts.ts"
import { createSealer, type Sealer } from "../store/sealing.ts"
import { createDecisionStore } from "../store/sql/decisions.ts"
import { CommandError, type CommandContext, exitCodes, print } from "./context.ts"
import { contentKey } from "./content-key.ts"
import { loadPolicyFile } from "./policy-file.ts"
import { createProgress } from "./progress.ts"

/** `congthu policy replay FILE`: what a changed policy would have decided otherwise, from the facts that were stored. */
export interface ReplayOptions {
  readonly since: string
  readonly asOf?: string
}

export async function replayPolicy({ config, database }: CommandContext, file: string, options: ReplayOptions): Promise<number> {
  const { policy } = await loadPolicyFile(file)
  const now = systemClock.now()
  const age = parseDurationMs(options.since)
  if (age === undefined) throw new CommandError(`"${options.since}" is no duration such as 12h or 30d`)
  const replay = createReplay(policy, asOf(options.asOf))
  const sealer = createSealer(await contentKey(config))
  await feed({ decisions: createDecisionStore({ database, clock: systemClock }), period: { since: now - age, until: now }, sealer }, (decision, facts) => replay.add(decision, facts))
  print(replayText(replay.report()))
  return exitCodes.ok
}

function asOf(date: string | undefined): { readonly asOf?: number } {
  if (date === undefined) return {}
  const at = startOfDay(date)
  if (at === undefined) throw new CommandError(`"${date}" is no date such as 2028-01-01`)
  return { asOf: at }
}

interface FeedParts {
  readonly decisions: DecisionStore
  readonly period: Period
  readonly sealer: Sealer
}

async function feed({ decisions, period, sealer }: FeedParts, take: (decision: PastDecision, facts: unknown) => void): Promise<void> {
  const total = await decisions.count(period)
  const progress = createProgress("Replay")
  let done = 0
  try {
    for await (const batch of decisions.read(period)) {
      for (const decision of batch) take(past(decision), opened(sealer, decision.facts))
      done += batch.length
      // some may have come since they were counted
      progress.update(done, Math.max(done, total))
    }
  } finally {
    progress.stop()
  }
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

export function replayText({ decisions, unchanged, unreadable, changes, counts }: ReplayReport): string {
  if (decisions === 0) return "No decisions are stored for this time."
  const otherwise = changes.filter(({ from, to }) => from.verdict !== to.verdict).reduce((sum, { count }) => sum + count, 0)
  return [
    `${decisions} decisions: ${unchanged} as before, ${otherwise} with another verdict, ${decisions - unchanged - otherwise - unreadable} with the same verdict by another rule${unreadable > 0 ? `, ${unreadable} could not be read` : ""}.`,
    ...changes.flatMap(({ from, to, count, samples }) => ["", `${count}  ${shown(from)} → ${shown(to)}`, ...samples.map(sampleLine)]),
    "",
    "By the new policy:",
    ...counts.map(({ count, ...outcome }) => `${String(count).padStart(9)}  ${shown(outcome)}`),
  ].join("\n")
}

const shown = ({ verdict, ruleId }: Outcome): string => `${verdict} (${ruleId})`

const sampleLine = ({ at, envelopeId, reversePath, messageId }: PastDecision): string =>
  `      ${provinceTime(at).slice(0, 19)}  ${envelopeId === null ? "refused" : `envelope ${envelopeId}`}  <${printable(reversePath)}>  ${printable(messageId)}`

/** Both came from outside and go to a terminal. */
// oxlint-disable-next-line no-control-regex -- exactly the characters that a terminal would obey
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "").slice(0, 120)
