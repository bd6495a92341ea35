import type { ActionOutcome, QueueAction } from "../store/queue-action.ts"
import type { QueueStore, Steerer } from "../store/queue-store.ts"
import { type Outcomes, type SteerAll, steerAll, steerSome } from "../store/steer-queue.ts"
import { createQueueStore } from "../store/sql/queue.ts"
import { administrator } from "./administrator.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { createProgress } from "./progress.ts"
import { type FilterOptions, limitOf, numberOf, queueFilter } from "./queue-filter.ts"
import { deliveryTable } from "./queue-list.ts"

/** `congthu queue hold`, `release`, `retry`, `bounce` and `delete`: of deliveries by number, or of all that a filter means. */
export interface SteerOptions extends FilterOptions {
  readonly why?: string
  readonly by?: string
  /** The most that are changed. */
  readonly limit: string
  readonly dryRun?: boolean
  readonly yes?: boolean
}

const maxReasonCharacters = 500
const maxChanged = 1_000_000
const shownInPlan = 10

export async function steerQueue({ database }: CommandContext, action: QueueAction, numbers: readonly string[], options: SteerOptions): Promise<number> {
  const queue = createQueueStore({ database })
  const by = steerer(options)
  const filter = await queueFilter(database, options)
  const filtered = Object.keys(filter).length > 0
  if (numbers.length > 0 === filtered) throw new CommandError("name deliveries by their numbers, or say which with --state, --destination and the like; not both")
  if (!filtered) return report(action, await steerSome(queue, { action, ids: numbers.map((number) => numberOf(number, "delivery")), by }))
  const limit = limitOf(options.limit, maxChanged)
  const meant = Object.values(await queue.count(filter)).reduce((sum, count) => sum + count, 0)
  const first = await queue.list(filter, { limit: Math.min(shownInPlan, limit) })
  if (first.length === 0) {
    say("No delivery is meant by that.")
    return exitCodes.ok
  }
  print(deliveryTable(first))
  say(`${action}: ${Math.min(meant, limit)} of the ${meant} deliveries that this means${meant > limit ? "; --limit sets how many" : ""}.`)
  if (options.dryRun || !options.yes) {
    say(options.dryRun ? "Dry run: nothing was changed." : "Nothing was changed: --yes does it.")
    return options.dryRun ? exitCodes.ok : exitCodes.usage
  }
  return report(action, await actOnAll(queue, { action, filter, by, limit, total: Math.min(meant, limit) }))
}

export function steerer({ why = "", by }: { readonly why?: string; readonly by?: string }): Steerer {
  if (why.length > maxReasonCharacters) throw new CommandError(`a reason has at most ${maxReasonCharacters} characters`)
  return { by: by ?? administrator(), why }
}

async function actOnAll(queue: QueueStore, { total, ...all }: Omit<SteerAll, "onProgress"> & { readonly total: number }): Promise<Outcomes> {
  const progress = createProgress(all.action)
  try {
    return await steerAll(queue, { ...all, onProgress: (done) => progress.update(done, Math.max(done, total)) })
  } finally {
    progress.stop()
  }
}

const doneWords = {
  hold: "held", release: "released; they go out within seconds", retry: "tried again within seconds", bounce: "bounced; their senders are told, with the reason", delete: "deleted; nobody is told",
} as const satisfies Record<QueueAction, string>

const otherWords = {
  unchanged: "were so already", underWay: "are being tried at this moment: ask again when that has ended", held: "are held: release them first", policyHeld: "are held by policy, which `congthu held` decides on",
  paused: "go to a destination that is paused: `congthu queue pauses`", settled: "are settled: nothing can change them", notFound: "are not known",
} as const satisfies Record<Exclude<ActionOutcome, "done">, string>

/** Nothing done is a failure; a part, an exit code of its own. */
function report(action: QueueAction, counts: Outcomes): number {
  let missed = 0
  for (const [outcome, count] of counts) {
    say(`${count} ${outcome === "done" ? doneWords[action] : otherWords[outcome]}`)
    if (outcome !== "done" && outcome !== "unchanged") missed += count
  }
  if (missed === 0) return exitCodes.ok
  return (counts.get("done") ?? 0) + (counts.get("unchanged") ?? 0) > 0 ? exitCodes.partly : exitCodes.failed
}
