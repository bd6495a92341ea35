import type { OpenMailbox } from "../store/mail-store.ts"

/**
 * This client's view of its selected mailbox: the messages and numbers it has been told about, which the shared index may be
 * ahead of. Implemented by selected-mailbox.ts; everything message commands may use of it.
 */
export interface SelectedMailbox {
  readonly mailbox: OpenMailbox
  /** EXAMINE, or a shared mailbox without the right to write. */
  readonly readOnly: boolean
  /** Uids in view, ascending; the first `count` entries are valid. May be the very array of `mailbox.index`. */
  readonly uids: Uint32Array
  readonly count: number
  /** The sequence number of a uid, 0 when it is not in view. */
  seqOf(uid: number): number
  /** The uid of a sequence number from 1 to `count`; 0 otherwise. */
  uidAt(seq: number): number
  /** Messages from this uid on are \Recent in this session (RFC 3501 §2.3.2). */
  readonly recentFrom: number
  /** The client knows this change (it made it, and was answered): it is not told again. */
  silence(modSeq: number): void
}
