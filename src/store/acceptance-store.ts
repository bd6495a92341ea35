import type { Result } from "../base/result.ts"
import type { Envelope, NotifyCondition } from "../mail/envelope.ts"
import type { Failure } from "../mail/failure.ts"
import type { ChangesTold } from "./change-notice-store.ts"
import type { PreparedContent } from "./content-store.ts"
import type { NewDecision } from "./decision-store.ts"
import type { Evidence } from "./evidence-store.ts"
import type { ReportDestination } from "./own-report-store.ts"
import type { NotifiedRecipients } from "./notification-store.ts"
import type { NewWarning, WarningKey } from "./sender-warning-store.ts"

/**
 * The one transaction that makes a message ours: content, envelope, one delivery row per recipient, the audit entry.
 * Committed when `commit` resolves, and only then may anyone say 250. Concurrent acceptances share a commit.
 */
export interface AcceptanceStore {
  /**
   * Fails with `inUse` when the directory's version has moved past `directoryVersion` (decide again on a fresh snapshot),
   * `unavailable` when the database cannot commit (or may have, and the connection broke). After `inUse` and `alreadyExists` nothing is
   * stored and the content is the caller's again: to be offered anew, or discarded. After `unavailable` housekeeping judges its blob.
   */
  commit(acceptance: Acceptance): Promise<Result<Committed, Failure>>
}

export type MessageSource = "mx" | "submission" | "dsn" | "console" | "notification" | "report" | "import"

export interface Acceptance {
  readonly source: MessageSource
  readonly envelope: Envelope
  readonly deliveries: readonly NewDelivery[]
  readonly content: PreparedContent
  /** Header lines put before the content when it is read: Return-Path, Received, Authentication-Results. CRLF-terminated ASCII or UTF-8. */
  readonly tracePrefix: string
  readonly directoryVersion: number
  readonly acceptedAt: number
  readonly session: SessionFacts
  /** Keywords it arrives with in every mailbox here: atoms (RFC 9051 §2.3.2). */
  readonly marks?: readonly string[]
  /** Set when a person must release it first: its deliveries wait for `HeldStore.release`. */
  readonly held?: HeldReason
  /**
   * Set when the message is a DSN: the same transaction marks it as made for these deliveries (see `DeliveryStore.dsnMade`).
   * Fails with `alreadyExists`, and stores nothing, when one of them no longer owes it: another process was faster.
   */
  readonly dsnFor?: DsnFor
  /** Set when it tells of a held message: the same transaction marks these as told, or fails with `alreadyExists` as above. */
  readonly heldNotice?: HeldNoticeFor
  /**
   * Set when the message warns that certificates end: the same transaction records who has been told of what. Fails with
   * `alreadyExists`, and stores nothing, when one of them was told already.
   */
  readonly warningFor?: WarningFor
  /** What its sender is to be told of it; written in the same transaction, unless that was said this day already. */
  readonly senderWarnings?: readonly NewWarning[]
  /** Set when it tells a sender of a warning: marked as told likewise, or `alreadyExists`. */
  readonly senderWarned?: WarningKey
  /** Set when it tells a holder of changes to what opens the account: entered as told likewise, or `alreadyExists`. */
  readonly changesTold?: ChangesTold
  /** Set when it is a report of ours: marked as sent likewise, or `alreadyExists`. */
  readonly reportSent?: ReportDestination
  /** It came to an address that reports are asked for at: to be read once it is delivered (see `ReportMailStore`). */
  readonly reportMail?: boolean
  /** Set when it is (a part of) a notification: its recipients are marked as sent likewise, or `alreadyExists`: another process was faster, or somebody cancelled it. */
  readonly notified?: NotifiedRecipients
  /** What the policy decided, written in the same transaction; absent for what is not judged. */
  readonly decision?: NewDecision
  /** What the verdict on its signature rests on; for a signed message. */
  readonly evidence?: Evidence
}

/** What a warning tells of, and whom. */
export interface WarningFor {
  readonly recipient: string
  readonly warnings: readonly { readonly fingerprint: string; readonly days: number }[]
}

/** The rule of what waits for a group's moderators: it is theirs to decide. */
export const moderatedRule = "group.moderated"

/** Why a message waits for a person, and who is told. */
export interface HeldReason {
  readonly kind: "approval" | "quarantine"
  readonly ruleId: string
  readonly reasonVi: string
  readonly reasonEn: string
  /** Addresses. */
  readonly notify: readonly string[]
  /** Each recipient may release the own copy. Absent: only administrators do. */
  readonly recipientsMayRelease?: boolean
  /** Addresses of accounts that may decide beside administrators. */
  readonly approvers?: readonly string[]
}

/** A notice of a held message, and whom it tells: addresses. */
export interface HeldNoticeFor {
  readonly envelopeId: number
  readonly told: readonly string[]
}

/** What a DSN tells of. */
export interface DsnFor {
  readonly deliveryIds: readonly number[]
  readonly kind: "failure" | "delay" | "success"
}

/** One delivery per distinct final recipient, aliases and groups already expanded. */
export interface NewDelivery {
  /** Canonical account address, or the foreign forward-path. */
  readonly recipient: string
  /** Null for a remote recipient. */
  readonly accountId: number | null
  /** What DSNs call it: ORCPT, or the forward-path the client gave. */
  readonly originalRecipient: string
  readonly notify: readonly NotifyCondition[]
  readonly expiresAt: number
}

/** Facts of the session that the audit entry and the trace keep. */
export interface SessionFacts {
  readonly sessionId: string
  readonly clientAddress: string
  readonly helo: string
  /** "TLSv1.3 TLS_AES_256_GCM_SHA384", null when in clear. */
  readonly tls: string | null
  readonly accountId: number | null
  readonly principalId: string | null
  /** SHA-256 of the certificate that the sender signed in with, lower case hex. */
  readonly clientCertificate?: string
}

export interface Committed {
  readonly envelopeId: number
  readonly deliveryIds: readonly number[]
  /** Those that were made in the same transaction, among others: nobody needs to be woken for them. */
  readonly delivered: ReadonlySet<number>
}
