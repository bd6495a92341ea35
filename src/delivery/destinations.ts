/**
 * Whose turn it is, by destination: the hosts that take the mail of a domain, however many domains they serve. Purpose: a server that is slow, busy or
 * away costs nobody else anything, and is not hammered. Invariants: at most `total` transactions at once, few at each destination; whoever
 * waits is answered when the destination is left alone. Each process learns for itself. Must not know: messages, sessions, the queue.
 */
import type { Clock } from "../base/clock.ts"
import { afterReading, type DestinationState, freshDestination, mayEnter, type Reading, type RestRule } from "./destination-state.ts"

export type Turn =
  | { readonly kind: "go"; leave(reading: Reading, why: string): void }
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
}

/** Destinations that are remembered though nothing goes there; the ones used longest ago are forgotten first. */
const maxRemembered = 10_000

interface Destination {
  readonly key: string
  state: DestinationState
  why: string
  underWay: number
  readonly waiting: Set<(turn: Turn) => void>
}

export function createDestinations({ total, rule, clock, random }: DestinationsParts): Destinations {
  const known = new Map<string, Destination>()
  /** Those where somebody waits, in the order of their turns. */
  const crowded = new Set<Destination>()
  let underWay = 0

  const destinationOf = (key: string): Destination => {
    const destination = known.get(key) ?? { key, state: freshDestination, why: "", underWay: 0, waiting: new Set() }
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
    let left = false
    return {
      kind: "go",
      leave(reading, why) {
        if (left) return
        left = true
        underWay--
        destination.underWay--
        const { state } = destination
        destination.state = afterReading(state, reading, { rule, now: clock.now(), random: random() })
        if (destination.state.failures > state.failures) destination.why = why
        pump()
      },
    }
  }

  const rest = ({ state, why }: Destination): Turn => ({ kind: "rest", until: state.restUntil, why })

  /** Lets in whom there is a place for, one destination after the other, and sends home who would wait at a closed door. */
  const pump = (): void => {
    // whoever is answered leaves the set
    const atFirst = Array.from(crowded)
    for (const destination of atFirst) {
      if (mayEnter(destination.state, destination.underWay, clock.now()) !== "rest") continue
      for (const answer of destination.waiting) answer(rest(destination))
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
      const entry = mayEnter(destination.state, destination.underWay, clock.now())
      if (entry === "rest") return rest(destination)
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
