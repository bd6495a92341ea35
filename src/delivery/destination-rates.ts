/**
 * How many messages a minute go to a destination, where an administrator says so. Purpose: spread them evenly, and tell those that must wait a time of
 * their own, so that they do not all come back for the same place. Must not know: messages, concurrency, the queue.
 */
import type { Clock } from "../base/clock.ts"
import { isDestination } from "../mail/destination-pattern.ts"
import type { SendSlots } from "../store/send-slots.ts"

export interface DestinationRate {
  /** As `destinationPattern` gives them: of the recipient's domain, or of a mail host. */
  readonly destinations: readonly string[]
  /** 0: as many as it takes. */
  readonly perMinute: number
}

export interface RatedDestination {
  /** The hosts as one. */
  readonly key: string
  /** The recipient's domain and the hosts, in lower case. */
  readonly names: readonly string[]
}

export interface DestinationRates {
  /** Undefined: one may go now. */
  take(destination: RatedDestination): Promise<Paced | undefined>
}

export interface Paced {
  /** When it is worth asking again (ms since the epoch). */
  readonly until: number
  readonly perMinute: number
}

export interface DestinationRatesParts {
  /** The first that means a destination counts. */
  readonly rates: readonly DestinationRate[]
  /** For all others; 0: as many as they take. */
  readonly otherwise: number
  readonly slots: SendSlots
  readonly clock: Clock
  readonly random: () => number
}

const minuteMs = 60_000
/** Nobody is sent further away: what waits may be bounced or held meanwhile, and its place would stay empty. */
export const longestWaitMs = 10 * minuteMs
const maxRemembered = 10_000

export function createDestinationRates({ rates, otherwise, slots, clock, random }: DestinationRatesParts): DestinationRates {
  /** When the last one that waits may go. */
  const promised = new Map<string, number>()

  const promise = (key: string, free: number, spacingMs: number): number => {
    const latest = clock.now() + longestWaitMs
    const at = Math.max(promised.get(key) ?? 0, free)
    if (at > latest) return Math.round(free + random() * longestWaitMs)
    promised.delete(key)
    promised.set(key, at + spacingMs)
    for (const [oldest] of promised) {
      if (promised.size <= maxRemembered) break
      promised.delete(oldest)
    }
    return at
  }

  return {
    async take({ key, names }) {
      const index = rates.findIndex(({ destinations }) => destinations.some((pattern) => names.some((name) => isDestination(pattern, name))))
      const perMinute = rates[index]?.perMinute ?? otherwise
      if (perMinute === 0) return undefined
      const spacingMs = minuteMs / perMinute
      const slot = `${index} ${key}`
      const waitMs = await slots.take(slot, spacingMs)
      return waitMs === 0 ? undefined : { until: promise(slot, clock.now() + waitMs, spacingMs), perMinute }
    },
  }
}
