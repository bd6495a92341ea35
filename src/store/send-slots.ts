/**
 * Moments at which one message may go to a destination, at most one in so much time: shared by all processes that ask the same adapter. What is not taken is
 * lost, so that no minute has more of them than were meant.
 */
export interface SendSlots {
  /** Resolves with 0 when it was taken, else with the time until the next one is free (ms). */
  take(key: string, spacingMs: number): Promise<number>
}
