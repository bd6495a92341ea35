/**
 * Networks that must wait before their next guess, as administrators see and lift it. Those who count guesses, in whatever process and whether in memory or
 * in Redis, note a lockout when it begins, and ask whether it was lifted when they are about to refuse by it. Must not know: how guesses are counted.
 */
export interface Lockouts {
  /** Never throws: who guesses must not wait for the store. */
  note(lockout: NewLockout): void
  /** Whether an administrator has lifted it; false too where that cannot be found out now. Remembered for some seconds. */
  isLifted(key: string): Promise<boolean>
}

export interface NewLockout {
  readonly key: string
  readonly kind: "signIn" | "api"
  readonly network: string
  /** What was guessed at; empty where nothing was named. */
  readonly name: string
  readonly failures: number
  /** How long it lasts, from now. */
  readonly forMs: number
}

export interface LockoutDesk {
  /** Those in force, the latest first. */
  list(limit: number): Promise<readonly Lockout[]>
  /** False when it is over. */
  lift(id: number, by: string): Promise<boolean>
}

export interface Lockout extends Omit<NewLockout, "forMs" | "key"> {
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly until: number
}
