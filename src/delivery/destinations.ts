/**
 * Whose turn it is, by destination: the hosts that take the mail of a domain, however many domains they serve. Purpose: a server that is slow, busy or
 * away costs nobody else anything, and is not hammered. Invariants: at most `total` transactions at once beside those that have become slow,
 * few at each destination; whoever waits is answered when the destination is left alone. Each process learns for itself. Must not know:
 * messages, sessions, the queue.
 */
import type { Clock } from "../base/clock.ts"
import { afterReading, type DestinationState, freshDestination, mayEnter, type Reading, type RestRule } from "./destination-state.ts"

export type Turn =
  | { readonly kind: "go"; /** Given when it has to end for others. */ readonly signal: AbortSignal; leave(reading: Reading, why: string): void }
  /** Left alone until then (ms); `why` is what was said when it last failed. */
  | { readonly kind: "rest"; readonly until: number; readonly why: string }
  /** The signal was given. */
  | { readonly kind: "stopped" }

export interface Destinations {
  enter(key: string, signal: AbortSignal): Promise<Turn>
}

export interface DestinationsParts {
  /** Transactions at once, to all destinations together. */
  readonly total: number
  readonly rule: RestRule
  readonly clock: Clock
  readonly random: () => number
  /** Who takes longer than this is slow. */
  readonly slowMs?: number
}

/**
 * A server may take its time with every reply, and whoever writes here can have us write to as many servers of his as he likes: asking for a
 * report of success is enough. So a slow transaction needs no place among the `total` any more; it has only a socket. Of too many slow ones
 * the oldest ends.
 */
const usualSlowMs = 30_000
/** For each place. */
export const slowPerPlace = 10

/** Destinations that are remembered though nothing goes there; the ones used longest ago are forgotten first. */
const maxRemembered = 10_000

interface Destination {
  readonly key: string
  state: DestinationState
  why: string
  underWay: number
  /** Of those under way. */
  slow: number
  readonly waiting: Set<(turn: Turn) => void>
}

export function createDestinations({ total, rule, clock, random, slowMs = usualSlowMs }: DestinationsParts): Destinations {
  const known = new Map<string, Destination>()
  /** Those where somebody waits, in the order of their turns. */
  const crowded = new Set<Destination>()
  /** Those that are not slow. */
  let underWay = 0
  /** The oldest first. */
  const slow = new Set<AbortController>()

  const destinationOf = (key: string): Destination => {
    const destination = known.get(key) ?? { key, state: freshDestination, why: "", underWay: 0, slow: 0, waiting: new Set() }
    known.delete(key)
    known.set(key, destination)
    for (const [oldKey, { underWay: busy, waiting }] of known) {
      if (known.size <= maxRemembered) break
      if (busy === 0 && waiting.size === 0 && oldKey !== key) known.delete(oldKey)
      else break
    }
    return destination
  }

  const begin = (destination: Destination): Turn => {
    underWay++
    destination.underWay++
    const end = new AbortController()
    let place: "taken" | "givenBack" | "left" = "taken"
    const becomeSlow = (): void => {
      place = "givenBack"
      underWay--
      destination.slow++
      slow.add(end)
      const [oldest] = slow
      if (oldest && slow.size > total * slowPerPlace) {
        slow.delete(oldest)
        oldest.abort()
      }
      pump()
    }
    const timer = setTimeout(becomeSlow, slowMs).unref()
    return {
      kind: "go",
      signal: end.signal,
      leave(reading, why) {
        if (place === "left") return
        if (place === "taken") underWay--
        else destination.slow--
        place = "left"
        clearTimeout(timer)
        slow.delete(end)
        destination.underWay--
        const { state } = destination
        destination.state = afterReading(state, reading, { rule, now: clock.now(), random: random() })
        if (destination.state.failures > state.failures) destination.why = why
        pump()
      },
    }
  }

  const rest = ({ state, why }: Destination): Turn => ({ kind: "rest", until: state.restUntil, why })

  /** Whoever would wait behind slow ones alone goes home: their turn may be minutes away, and they are many. */
  const homeward = (destination: Destination): Turn | undefined => {
    const entry = mayEnter(destination.state, destination.underWay, clock.now())
    if (entry === "rest") return rest(destination)
    return entry === "wait" && destination.slow === destination.underWay ? { kind: "rest", until: clock.now() + rule.firstMs, why: "its server takes its time with what it was sent" } : undefined
  }

  /** Lets in whom there is a place for, one destination after the other, and sends home who would wait at a closed door. */
  const pump = (): void => {
    // whoever is answered leaves the set
    const atFirst = Array.from(crowded)
    for (const destination of atFirst) {
      const home = homeward(destination)
      if (home) for (const answer of destination.waiting) answer(home)
    }
    for (let served = true; served && underWay < total; ) {
      served = false
      const round = Array.from(crowded)
      for (const destination of round) {
        if (underWay >= total) break
        const [answer] = destination.waiting
        if (!answer || mayEnter(destination.state, destination.underWay, clock.now()) !== "go") continue
        answer(begin(destination))
        served = true
      }
    }
  }

  return {
    async enter(key, signal) {
      if (signal.aborted) return { kind: "stopped" }
      const destination = destinationOf(key)
      const home = homeward(destination)
      if (home) return home
      const entry = mayEnter(destination.state, destination.underWay, clock.now())
      if (entry === "go" && underWay < total && destination.waiting.size === 0) return begin(destination)
      return new Promise((resolve) => {
        const stop = (): void => answer({ kind: "stopped" })
        const answer = (turn: Turn): void => {
          signal.removeEventListener("abort", stop)
          destination.waiting.delete(answer)
          // to the end of the line of destinations
          crowded.delete(destination)
          if (destination.waiting.size > 0) crowded.add(destination)
          resolve(turn)
        }
        signal.addEventListener("abort", stop, { once: true })
        destination.waiting.add(answer)
        crowded.add(destination)
      })
    },
  }
}
