/**
 * Foreign recipients that are known not to exist. Deliveries that fail for it count them (`DeliveryStore.recordAttempt`), one that is relayed clears
 * them; an administrator may add and remove. Must not know: who is refused for it.
 */
export interface SuppressionStore {
  /** Undefined when it may be written to. `recipient` as deliveries have it: the domain in A-labels and lower case. */
  inForce(recipient: string): Promise<Suppression | undefined>
  find(recipient: string): Promise<Suppression | undefined>
  /** The latest first; those that are only counted too when `counted`. */
  list(question: { readonly limit: number; readonly counted: boolean }): Promise<readonly Suppression[]>
  /** `until` (ms): null for ever. */
  add(entry: { readonly recipient: string; readonly until: number | null; readonly by: string; readonly note: string }): Promise<void>
  /** False when it is not there. */
  remove(recipient: string, by: string): Promise<boolean>
  /** Deletes what has run out; returns how many. */
  forget(): Promise<number>
}

export interface Suppression {
  readonly recipient: string
  readonly bounces: number
  /** Milliseconds since the epoch. */
  readonly firstAt: number
  readonly lastAt: number
  /** Null: only counted so far; `Infinity`: for ever. */
  readonly until: number | null
  readonly diagnostic: string
  /** Empty: the count. */
  readonly by: string
}

/** When enough is enough. */
export interface SuppressionRule {
  /** Messages that failed because the recipient does not exist; 0: nobody is suppressed by count. */
  readonly afterBounces: number
  /** Of which each came within this of the one before. */
  readonly withinMs: number
  readonly forMs: number
}

export const noSuppression: SuppressionRule = { afterBounces: 0, withinMs: 0, forMs: 0 }
