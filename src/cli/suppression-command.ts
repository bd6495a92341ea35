import { parseDurationMs } from "../base/units.ts"
import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { foreignKey } from "../intake/expand-recipients.ts"
import { isValidMailbox } from "../mail/address.ts"
import { createSuppressionStore } from "../store/sql/suppressions.ts"
import type { Suppression } from "../store/suppression-store.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { textTable } from "./text-table.ts"

/** `congthu suppression …`: foreign recipients that are refused at submission because they do not exist. */
export interface AddOptions {
  readonly for?: string
  readonly note?: string
  readonly by?: string
}

const mostShown = 500
const maxNoteCharacters = 500

export async function listSuppressions({ database }: CommandContext, { counted = false }: { readonly counted?: boolean }): Promise<number> {
  const entries = await createSuppressionStore({ database }).list({ limit: mostShown + 1, counted })
  if (entries.length === 0) say(counted ? "No recipient is suppressed or counted." : "No recipient is suppressed.")
  else print(textTable(["RECIPIENT", "BOUNCES", "LAST", "UNTIL", "BY"], entries.slice(0, mostShown).map(row)))
  if (entries.length > mostShown) say("… and more: these are the latest.")
  return exitCodes.ok
}

export async function showSuppression({ database }: CommandContext, address: string): Promise<number> {
  const recipient = recipientOf(address)
  const entry = await createSuppressionStore({ database }).find(recipient)
  if (!entry) throw new CommandError(`nothing is known against ${recipient}`)
  const { bounces, firstAt, lastAt, diagnostic, by } = entry
  const lines: readonly (readonly [string, string])[] = [
    ["recipient", entry.recipient], ["bounces", String(bounces)], ["first", provinceTime(firstAt)], ["last", provinceTime(lastAt)], ["until", untilText(entry)], ["set by", by === "" ? "the count" : by], ["reason", printable(diagnostic)],
  ]
  for (const [name, value] of lines) print(`${name.padEnd(10)} ${value}`)
  return exitCodes.ok
}

export async function addSuppression({ database }: CommandContext, address: string, { for: duration, note = "", by = "administrator" }: AddOptions): Promise<number> {
  const recipient = recipientOf(address)
  const ms = duration === undefined ? null : parseDurationMs(duration)
  if (ms === undefined) throw new CommandError(`"${duration}" is not a duration such as "30d"`)
  if (note.length > maxNoteCharacters) throw new CommandError(`a note has at most ${maxNoteCharacters} characters`)
  await createSuppressionStore({ database }).add({ recipient, until: ms === null ? null : systemClock.now() + ms, by, note })
  say(`${recipient} is refused at submission ${duration === undefined ? "until it is removed from the list" : `for ${duration}`}.`)
  return exitCodes.ok
}

export async function removeSuppression({ database }: CommandContext, address: string, { by = "administrator" }: Pick<AddOptions, "by">): Promise<number> {
  const recipient = recipientOf(address)
  if (!(await createSuppressionStore({ database }).remove(recipient, by))) throw new CommandError(`nothing is known against ${recipient}`)
  say(`${recipient} may be written to again; the count begins anew.`)
  return exitCodes.ok
}

function recipientOf(address: string): string {
  if (!isValidMailbox(address)) throw new CommandError(`"${address}" is no address`)
  return foreignKey(address)
}

const row = (entry: Suppression): readonly string[] => [entry.recipient, String(entry.bounces), provinceTime(entry.lastAt).slice(0, 19), untilText(entry), entry.by === "" ? "count" : entry.by]

const untilText = ({ until }: Suppression): string => (until === null ? "only counted" : until === Infinity ? "it is removed" : provinceTime(until).slice(0, 19))

/** It comes from outside, and goes to a terminal. */
// oxlint-disable-next-line no-control-regex -- exactly the characters that a terminal would obey
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "")
