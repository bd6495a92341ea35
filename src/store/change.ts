/** What can happen to mailboxes and to the directory, as sessions hear of it. */
export type Change =
  /** Messages with uids `firstUid`.. were added at `modSeq`; rows are ready to be indexed, in uid order. */
  | { readonly kind: "appended"; readonly accountId: number; readonly mailboxId: number; readonly modSeq: number; readonly messages: readonly AppendedMessage[] }
  /** Anything else happened to the mailbox's log up to `modSeq`: read the log. */
  | { readonly kind: "advanced"; readonly accountId: number; readonly mailboxId: number; readonly modSeq: number }
  /** The account's set of mailboxes changed (created, renamed, deleted). */
  | { readonly kind: "mailboxes"; readonly accountId: number }
  /** The directory is at this version now. */
  | { readonly kind: "directory"; readonly version: number }

export interface AppendedMessage {
  readonly uid: number
  readonly flags: number
  /** Octets as FETCH RFC822.SIZE gives them: trace prefix and content. */
  readonly size: number
  /** Milliseconds since the epoch, whole seconds. */
  readonly internalDate: number
}
