/**
 * What the policy decided about each message, with the facts it decided on, so that a changed policy can be tried on them. The decision
 * on an accepted message is written by the transaction that accepts it (`Acceptance.decision`). Must not know: what facts are.
 */
export interface DecisionStore {
  /** The decision on a message that was refused. */
  record(decision: NewDecision): Promise<void>
  /** How many there are in the period, both ends inclusive (ms since the epoch). */
  count(period: Period): Promise<number>
  /** In the order of their time, in batches of bounded size; what is recorded meanwhile may or may not be among them. */
  read(period: Period): AsyncIterable<readonly StoredDecision[]>
  /** Deletes decisions older than `ageMs`; returns how many. */
  forget(ageMs: number): Promise<number>
}

export interface Period {
  readonly since: number
  readonly until: number
}

export interface NewDecision {
  readonly policyVersion: number
  readonly ruleId: string
  /** `accept`, `reject` and the like. */
  readonly verdict: string
  readonly messageId: string
  readonly reversePath: string
  readonly at: number
  /** Sealed, see `sealFacts`. */
  readonly facts: Uint8Array
}

export interface StoredDecision extends NewDecision {
  readonly id: number
  /** Null: refused. */
  readonly envelopeId: number | null
}
