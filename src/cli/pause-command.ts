import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import type { Pause } from "../store/pause-store.ts"
import { createPauseStore } from "../store/sql/pauses.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { fitTable } from "./fit-table.ts"
import { destinationOf, durationOf } from "./queue-filter.ts"
import { steerer } from "./queue-steer.ts"

/** `congthu queue pause`, `pauses` and `resume`: destinations to which nothing is sent for a while. */
export interface PauseOptions {
  readonly why: string
  readonly by?: string
  readonly for?: string
  readonly host?: boolean
}

export async function pauseDestination({ database }: CommandContext, destination: string, options: PauseOptions): Promise<number> {
  const until = options.for === undefined ? null : systemClock.now() + durationOf(options.for)
  const pause = await createPauseStore({ database }).pause({ kind: options.host ? "host" : "domain", pattern: destinationOf(destination), until }, steerer(options))
  say(`Paused ${pause.pattern}${until === null ? "" : ` until ${provinceTime(until).slice(0, 19)}`} (pause ${pause.id}). What is under way is finished; what waits too long is returned to its sender.`)
  return exitCodes.ok
}

export async function resumeDestination({ database }: CommandContext, destination: string, options: { readonly why?: string; readonly by?: string }): Promise<number> {
  const pauses = createPauseStore({ database })
  const meant = (await pauses.list()).filter(/^\d{1,15}$/.test(destination) ? ({ id }) => id === Number(destination) : samePattern(destinationOf(destination)))
  if (meant.length === 0) throw new CommandError(`${destination} is not paused; \`congthu queue pauses\` shows what is`)
  let woken = 0
  for (const { id } of meant) {
    const resumed = await pauses.resume(id, steerer(options))
    if (resumed.ok) woken += resumed.value
  }
  say(`Resumed ${destination}: ${woken} ${woken === 1 ? "delivery goes" : "deliveries go"} on within seconds.`)
  return exitCodes.ok
}

const samePattern = (wanted: string) => ({ pattern }: Pause): boolean => pattern === wanted

export async function listPauses({ database }: CommandContext, { json }: { readonly json?: boolean }): Promise<number> {
  const pauses = await createPauseStore({ database }).list()
  if (json) for (const pause of pauses) print(JSON.stringify(pause))
  else if (pauses.length === 0) say("Nothing is paused.")
  else print(fitTable(["NUMBER", "KIND", "DESTINATION", "SINCE", "UNTIL", "BY", "WHY"], pauses.map(row)))
  return exitCodes.ok
}

const row = ({ id, kind, pattern, pausedAt, until, pausedBy, why }: Pause): readonly string[] =>
  [String(id), kind, pattern, provinceTime(pausedAt).slice(0, 19), until === null ? "resumed" : provinceTime(until).slice(0, 19), pausedBy, why].map(printable)
