import type { Result } from "../base/result.ts"
import type { DestinationKind } from "../mail/destination-pattern.ts"
import type { Failure } from "../mail/failure.ts"
import type { Steerer } from "./queue-store.ts"

/**
 * Destinations to which nothing is sent for a while. A worker that comes to a delivery there lays it aside until the pause ends, without an
 * attempt. Its time runs on: a sender is told of the delay, and of the failure at the expiry, unless the pause is ended before. An attempt that
 * has begun is finished.
 */
export interface PauseStore {
  /** Those in force, oldest first. */
  list(): Promise<readonly Pause[]>
  /** Pauses it, or changes the pause that is in force. */
  pause(pause: NewPause, by: Steerer): Promise<Pause>
  /** What was laid aside for it goes on at once: how many deliveries. Fails with `notFound` when no such pause is in force. */
  resume(id: number, by: Steerer): Promise<Result<number, Failure>>
}

export interface NewPause {
  readonly kind: DestinationKind
  /** As `destinationPattern` gives it. */
  readonly pattern: string
  /** Milliseconds since the epoch; null: until somebody resumes it. */
  readonly until: number | null
}

export interface Pause extends NewPause {
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly pausedAt: number
  readonly pausedBy: string
  readonly why: string
}
