import { systemClock } from "../base/clock.ts"
import { parseDurationMs } from "../base/units.ts"
import { destinationPattern } from "../mail/destination-pattern.ts"
import { bounceClasses } from "../store/delivery-store.ts"
import { type QueueFilter, queueStates } from "../store/queue-store.ts"
import type { Database } from "../store/sql/database.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { CommandError } from "./context.ts"
import { findAccount } from "./find-account.ts"

/** What the options of `congthu queue …` say of the deliveries that are meant. */
export interface FilterOptions {
  readonly state?: string
  readonly destination?: string
  readonly sender?: string
  readonly recipient?: string
  readonly olderThan?: string
  readonly text?: string
  readonly class?: string
  readonly account?: string
}

export async function queueFilter(database: Database, options: FilterOptions): Promise<QueueFilter> {
  const { state, destination, sender, recipient, olderThan, text, class: bounceClass, account } = options
  return {
    ...(state !== undefined && { state: oneOf(queueStates, state) }),
    ...(destination !== undefined && { destination: destinationOf(destination) }),
    ...(sender !== undefined && { sender: sender.replace(/^<(.*)>$/, "$1") }),
    ...(recipient !== undefined && { recipient }),
    ...(olderThan !== undefined && { acceptedBefore: systemClock.now() - durationOf(olderThan) }),
    ...(text !== undefined && { diagnostic: text }),
    ...(bounceClass !== undefined && { bounceClass: oneOf(bounceClasses, bounceClass) }),
    ...(account !== undefined && { accountId: findAccount(await loadDirectory(database), account).id }),
  }
}

function oneOf<const Word extends string>(words: readonly Word[], text: string): Word {
  const known = words.find((word) => word === text)
  if (known === undefined) throw new CommandError(`"${text}" is not one of: ${words.join(", ")}`)
  return known
}

export function destinationOf(text: string): string {
  const pattern = destinationPattern(text)
  if (pattern === undefined) throw new CommandError(`"${text}" is not a domain such as "xa.example", or "*.xa.example" for those below it`)
  return pattern
}

export function durationOf(text: string): number {
  const ms = parseDurationMs(text)
  if (ms === undefined) throw new CommandError(`"${text}" is not a duration such as "30m" or "2d"`)
  return ms
}

export function numberOf(text: string, what: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new CommandError(`"${text}" is not the number of a ${what}`)
  return Number(text)
}

/** What `--limit` says. */
export function limitOf(text: string, most: number): number {
  const limit = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > most) throw new CommandError(`--limit is from 1 to ${most}`)
  return limit
}
