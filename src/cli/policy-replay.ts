import { systemClock } from "../base/clock.ts"
import { parseDurationMs } from "../base/units.ts"
import { provinceTime } from "../delivery/story.ts"
import { replayDecisions } from "../intake/replay-decisions.ts"
import { startOfDay } from "../policy/civil-time.ts"
import type { Outcome, PastDecision, ReplayReport } from "../policy/replay.ts"
import { createSealer } from "../store/sealing.ts"
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
  const progress = createProgress("Replay")
  const report = await replayDecisions({
    decisions: createDecisionStore({ database, clock: systemClock }), sealer: createSealer(await contentKey(config)), policy, period: { since: now - age, until: now }, ...asOf(options.asOf),
    onProgress: (done, total) => progress.update(done, total),
  }).finally(() => progress.stop())
  print(replayText(report))
  return exitCodes.ok
}

function asOf(date: string | undefined): { readonly asOf?: number } {
  if (date === undefined) return {}
  const at = startOfDay(date)
  if (at === undefined) throw new CommandError(`"${date}" is no date such as 2028-01-01`)
  return { asOf: at }
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
