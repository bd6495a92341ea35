/**
 * How a destination bears our mail, and what follows from it: how many at once, and how long it is left alone. Pure; the caller brings the clock and
 * the dice. Must not know: hosts, messages.
 */

/** What one attempt tells of its destination. */
export type Reading =
  /** It answers and takes what we send, or says for good that it will not. */
  | "well"
  /** It asks for less. */
  | "throttled"
  /** None of its hosts could be reached, or they hung up. */
  | "unreachable"
  /** Nothing that others could learn from. */
  | "neutral"

export interface DestinationState {
  /** Transactions at once. */
  readonly limit: number
  /** Attempts that went well since the limit moved. */
  readonly good: number
  /** In a row. */
  readonly failures: number
  /** Milliseconds since the epoch; 0: it is not left alone. */
  readonly restUntil: number
}

export const startLimit = 2
export const maxLimit = 10
/** How long it is left alone: after the first failure, then twice as long each time, up to a longest. */
export interface RestRule {
  readonly firstMs: number
  readonly longestMs: number
}

/** Nobody is left alone for longer than a delivery would wait by itself. */
export const restRule = (waitsMs: readonly number[]): RestRule => ({ firstMs: Math.min(30_000, ...waitsMs), longestMs: Math.min(30 * 60_000, Math.max(...waitsMs)) })

/** Up to this share is added, so that several processes do not come back together. */
export const restJitter = 0.3

export const freshDestination: DestinationState = { limit: startLimit, good: 0, failures: 0, restUntil: 0 }

export interface Moment {
  readonly rule: RestRule
  readonly now: number
  /** From 0 up to 1. */
  readonly random: number
}

export function afterReading(state: DestinationState, reading: Reading, { rule, now, random }: Moment): DestinationState {
  if (reading === "neutral") return state
  if (reading === "well") {
    // what was under way when another one failed does not end the rest
    if (now < state.restUntil) return state
    const good = state.good + 1
    // as many good ones as there were places: the next step doubles what is known to work only slowly
    return good >= state.limit && state.limit < maxLimit ? { limit: state.limit + 1, good: 0, failures: 0, restUntil: 0 } : { ...state, good, failures: 0, restUntil: 0 }
  }
  // those that were under way together fail together: that is one failure
  if (now < state.restUntil) return state
  const failures = state.failures + 1
  const restMs = Math.min(rule.firstMs * 2 ** Math.min(failures - 1, 20), rule.longestMs)
  return { limit: Math.max(1, Math.floor(state.limit / 2)), good: 0, failures, restUntil: now + Math.round(restMs * (1 + restJitter * random)) }
}

export type Entry = "go" | "wait" | "rest"

/** After a failure one is sent ahead alone, until it has gone well. */
export function mayEnter({ limit, failures, restUntil }: DestinationState, underWay: number, now: number): Entry {
  if (now < restUntil) return "rest"
  return underWay < (failures > 0 ? 1 : limit) ? "go" : "wait"
}
