import type { Clock } from "../base/clock.ts"
import type { LiveFigures } from "../store/overview-store.ts"
import type { HealthReport } from "./health.ts"

/** What moves on the dashboard, read once for all who look at it, and not at all when nobody does. */
export interface LiveState {
  readonly at: number
  readonly figures: LiveFigures
  readonly roles: readonly HealthReport[]
}

export interface LiveFeed {
  /** At most a few seconds old. */
  now(): Promise<LiveState>
  /** Calls back now and whenever it was read again; undefined when too many look on already. */
  watch(told: (state: LiveState) => void): (() => void) | undefined
}

export interface LiveFeedParts {
  readonly read: (now: number) => Promise<LiveFigures>
  readonly health: () => Promise<readonly HealthReport[]>
  readonly clock: Clock
  readonly onError: (error: unknown) => void
  readonly everyMs?: number
  readonly maxWatchers?: number
}

export function createLiveFeed({ read, health, clock, onError, everyMs = 4_000, maxWatchers = 100 }: LiveFeedParts): LiveFeed {
  const watchers = new Set<(state: LiveState) => void>()
  let latest: { readonly state: Promise<LiveState>; readonly at: number } | undefined
  let timer: NodeJS.Timeout | undefined

  const readNow = async (at: number): Promise<LiveState> => {
    const [figures, roles] = await Promise.all([read(at), health()])
    return { at, figures, roles }
  }
  const now = (): Promise<LiveState> => {
    const at = clock.now()
    if (latest && at - latest.at < everyMs) return latest.state
    const state = readNow(at)
    const entry = { state, at }
    latest = entry
    // a failure is nobody's answer but that of those who wait for it now
    state.catch(() => {
      if (latest === entry) latest = undefined
    })
    return state
  }
  const tell = async (whom: Iterable<(state: LiveState) => void>): Promise<void> => {
    try {
      const state = await now()
      for (const told of whom) if (watchers.has(told)) told(state)
    } catch (error) {
      onError(error)
    }
  }
  return {
    now,
    watch(told) {
      if (watchers.size >= maxWatchers) return undefined
      watchers.add(told)
      void tell([told])
      timer ??= setInterval(() => void tell([...watchers]), everyMs)
      return () => {
        watchers.delete(told)
        if (watchers.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}
