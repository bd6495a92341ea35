import { setTimeout as pause } from "node:timers/promises"
import type { Clock } from "../base/clock.ts"
import type { DestinationRates, Paced, RatedDestination } from "./destination-rates.ts"
import type { Destinations, Turn } from "./destinations.ts"

export interface TurnParts {
  /** Whose turn it is; absent: everybody's. */
  readonly destinations?: Destinations
  /** Absent: as many a minute as a destination takes. */
  readonly rates?: DestinationRates
  readonly clock?: Clock
}

/** A turn at a destination, or that its messages of this minute have gone. Undefined: nobody asks for turns. */
export type TakenTurn = Turn | ({ readonly kind: "paced" } & Paced) | undefined

/** Whoever need not wait longer waits here; a message that waits in the queue comes back seconds late. */
const patienceMs = 5_000

/** A place at the destination and then a moment in its minute: nobody holds a place while waiting for a moment, nor a moment that may pass before there is a place. */
export async function takeTurn(destination: RatedDestination, { destinations, rates, clock }: TurnParts, signal: AbortSignal): Promise<TakenTurn> {
  for (;;) {
    const turn = await destinations?.enter(destination.key, signal)
    if (turn && turn.kind !== "go") return turn
    const paced = await rates?.take(destination)
    if (!paced) return turn
    turn?.leave("neutral", "")
    const waitMs = paced.until - (clock?.now() ?? paced.until)
    if (waitMs > patienceMs) return { kind: "paced", ...paced }
    await pause(Math.max(waitMs, 1), undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return { kind: "stopped" }
  }
}
