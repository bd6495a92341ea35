import type { Result } from "../base/result.ts"
import type { ContentStructure, SearchText } from "../mail/content-structure.ts"
import type { Failure } from "../mail/failure.ts"
import type { ContentRef, PreparedContent } from "./content-store.ts"
import type { MailboxIndex } from "./mailbox-index.ts"

/**
 * Mailboxes and messages, as IMAP and every other reader sees them. Each mutation is one committed transaction that raises
 * the mailbox's HIGHESTMODSEQ once and is published after its commit. Mailbox names are UTF-8 NFC with "/" between levels;
 * "INBOX" is always there and always upper case. Must not know: IMAP syntax, sessions.
 */
export interface MailStore {
  listMailboxes(accountId: number): Promise<readonly MailboxInfo[]>
  findMailbox(accountId: number, name: string): Promise<Result<MailboxInfo, Failure>>
  /** Missing parents are created too (RFC 9051 §6.3.4). */
  createMailbox(accountId: number, name: string, specialUse?: SpecialUse): Promise<Result<MailboxInfo, Failure>>
  /** Refuses INBOX (`noPermission`); inferiors stay (RFC 3501 §6.3.4). */
  deleteMailbox(accountId: number, name: string): Promise<Result<void, Failure>>
  /** Inferiors move along; renaming INBOX moves its messages (RFC 9051 §6.3.6). */
  renameMailbox(accountId: number, from: string, to: string): Promise<Result<void, Failure>>

  /** Names the reader account subscribed to, as its own client sees them; they need not exist (RFC 9051 §6.3.7). */
  listSubscriptions(accountId: number): Promise<readonly string[]>
  setSubscribed(accountId: number, name: string, subscribed: boolean): Promise<void>

  /** Quota root of the account: bytes used by all its mailboxes, and the limit. */
  quota(accountId: number): Promise<{ readonly usedBytes: number; readonly limitBytes: number; readonly messages: number }>

  /** The shared in-memory index of a mailbox, current as of now; `release` it when the session leaves the mailbox. */
  openMailbox(mailboxId: number): Promise<Result<OpenMailbox, Failure>>

  /** Fails with `overQuota`. `flags` are names ("\\Seen", "$Forwarded"); many messages are one transaction (MULTIAPPEND, RFC 3502). */
  append(mailboxId: number, messages: readonly NewMessage[]): Promise<Result<Appended, Failure>>
}

export type SpecialUse = "\\Drafts" | "\\Sent" | "\\Junk" | "\\Trash" | "\\Archive"

/** One row of LIST and STATUS (RFC 9051 §6.3.9, §6.3.11). */
export interface MailboxInfo {
  readonly id: number
  readonly accountId: number
  readonly name: string
  readonly specialUse: SpecialUse | null
  readonly uidValidity: number
  readonly uidNext: number
  readonly highestModSeq: number
  readonly messages: number
  readonly unseen: number
  readonly deleted: number
  readonly bytes: number
  /** Messages with uid at or above this have never been shown to a read-write session: \Recent (RFC 3501 §2.3.2). */
  readonly firstRecentUid: number
}

export interface NewMessage {
  readonly content: PreparedContent
  readonly flags: readonly string[]
  /** Milliseconds since the epoch. */
  readonly internalDate: number
}

export interface Appended {
  readonly uidValidity: number
  readonly uids: readonly number[]
}

/** What copy and move answer with: RFC 4315 COPYUID. */
export interface Copied {
  readonly uidValidity: number
  readonly sourceUids: readonly number[]
  readonly targetUids: readonly number[]
}

export interface FlagChange {
  readonly mode: "add" | "remove" | "replace"
  readonly flags: readonly string[]
  /** RFC 7162 §3.1.3: change only messages whose modseq is not greater; the others come back in `modified`. */
  readonly unchangedSince?: number
}

export interface FlagsChanged {
  /** The modseq of this change, null when nothing changed. */
  readonly modSeq: number | null
  /** Uids left alone because of UNCHANGEDSINCE. */
  readonly modified: readonly number[]
}

/** A mailbox that this process has open; every session on it shares the index. */
export interface OpenMailbox {
  readonly mailboxId: number
  readonly accountId: number
  readonly name: string
  readonly uidValidity: number
  readonly index: MailboxIndex
  /** Resolves when the index is at least at the database's HIGHESTMODSEQ as it was when called (for NOOP, CHECK, STATUS). */
  refresh(): Promise<void>
  /** Called after each advance of the index. Returns the unsubscriber. */
  onAdvance(listener: () => void): () => void
  /** Uids that are gone are skipped. Fails with `limit` when a new keyword does not fit. */
  setFlags(uids: readonly number[], change: FlagChange): Promise<Result<FlagsChanged, Failure>>
  /** Expunges those of `uids` (all when null) that are \Deleted (RFC 9051 §6.4.3, RFC 4315 §2.1). Returns the uids gone. */
  expunge(uids: readonly number[] | null): Promise<Result<readonly number[], Failure>>
  copy(uids: readonly number[], targetMailboxId: number): Promise<Result<Copied, Failure>>
  /** One transaction: copied there and expunged here, or neither (RFC 6851). */
  move(uids: readonly number[], targetMailboxId: number): Promise<Result<Copied, Failure>>
  /** Takes the \Recent messages for this session: returns the first recent uid and, when `claim`, leaves none for the next (RFC 3501 §2.3.2). */
  takeRecent(claim: boolean): Promise<number>
  /** Immutable facts of messages by uid, in uid order; uids that are gone are left out. Batches itself; cached. */
  details(uids: readonly number[]): Promise<readonly MessageDetails[]>
  searchTexts(uids: readonly number[]): Promise<ReadonlyMap<number, SearchText>>
  /** The message as clients see it, trace prefix first, from `start` to `end` (exclusive) of it. */
  read(uid: number, range?: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>
  release(): void
}

export interface MessageDetails {
  readonly uid: number
  readonly content: ContentRef
  /** Prepended to the content's header: offsets in `structure` are after it. */
  readonly tracePrefix: Uint8Array
  /** RFC822.SIZE: prefix and content. */
  readonly size: number
  readonly internalDate: number
  readonly structure: ContentStructure
}
