/**
 * Warnings to senders: that a message of theirs was taken although a rule of the policy had something to say about it. What is owed is written with
 * the message (`Acceptance.senderWarnings`), that it was told with the notice (`Acceptance.senderWarned`). Must not know: which rules.
 */
export interface SenderWarningStore {
  /** Those of the last days of which the sender has still to be told, oldest message first. */
  untold(limit: number): Promise<readonly OwedWarning[]>
  /** Nobody can be told of it. */
  giveUpTelling(key: WarningKey): Promise<void>
  /** Deletes those whose day is over for a month; returns how many. */
  forget(): Promise<number>
}

/** Each account hears of each rule once a day. */
export interface WarningKey {
  readonly accountId: number
  readonly ruleId: string
  /** `YYYY-MM-DD` in the province's civil time. */
  readonly day: string
}

export interface NewWarning extends WarningKey {
  readonly reasonVi: string
  readonly reasonEn: string
  /** From when the policy refuses such messages (ms since the epoch); null when it does not say. */
  readonly refusedFrom: number | null
}

export interface OwedWarning extends NewWarning {
  /** Of the account. */
  readonly address: string
  /** The message that it is about: the first of that day. */
  readonly envelopeId: number
  readonly messageId: string
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number
  /** The first of them. */
  readonly recipients: readonly string[]
  readonly recipientCount: number
  /** Where its subject can be read. */
  readonly content: Uint8Array
}
