import type { Login } from "../accounts/login.ts"
import type { Envelope } from "../mail/envelope.ts"
import type { EnhancedStatus } from "../mail/enhanced-status.ts"
import type { Committed, DsnFor, HeldNoticeFor, MessageSource, SessionFacts, WarningFor } from "../store/acceptance-store.ts"
import type { ChangesTold } from "../store/change-notice-store.ts"
import type { PreparedContent } from "../store/content-store.ts"
import type { ReportDestination } from "../store/own-report-store.ts"
import type { NotifiedRecipients } from "../store/notification-store.ts"
import type { WarningKey } from "../store/sender-warning-store.ts"

/** The one door in. SMTP, submission, DSNs, console and notifications all call `accept`; nothing else creates a delivery. */
export interface Intake {
  /** Resolves after the commit, or with a refusal and nothing stored (the content is discarded). Wakes the outbox by itself. */
  accept(request: AcceptRequest): Promise<AcceptReply>
}

export interface AcceptRequest {
  readonly source: MessageSource
  readonly envelope: Envelope
  readonly content: PreparedContent
  readonly session: SessionFacts
  /** Who submits; absent for mail from outside and for what the system writes itself. */
  readonly submitter?: Submitter
  /** Received: fields of the top-level header when the source counted them; otherwise they are counted in the structure. */
  readonly hops?: number
  /** The deliveries that a DSN tells of; marked in the transaction that accepts it. */
  readonly dsnFor?: DsnFor
  /** The held message that it tells of, and whom; marked as told likewise. */
  readonly heldNotice?: HeldNoticeFor
  /** The ends of certificates that a warning tells of; likewise. */
  readonly warningFor?: WarningFor
  /** The warning to a sender that it tells of; likewise. */
  readonly senderWarned?: WarningKey
  /** The changes to an account that it tells its holder of; likewise. It stays in that mailbox whatever the forwarding, which may be what was changed. */
  readonly changesTold?: ChangesTold
  /** The report of ours that it is, and where it goes; marked as sent likewise. */
  readonly reportSent?: ReportDestination
  /** When its deliveries have failed (ms since the epoch), where that is earlier than for other mail. */
  readonly expiresAt?: number
  /** Whose part of a notification it is; likewise. */
  readonly notified?: NotifiedRecipients
}

/** A signed-in person and what the message claims; whether that is allowed is decided anew on each directory snapshot. */
export interface Submitter {
  readonly login: Login
  /** Every address of From:, and of Sender: when there is one. */
  readonly headerFrom: readonly string[]
  readonly headerSender: readonly string[]
}

export type AcceptReply =
  | { readonly kind: "accepted"; readonly committed: Committed; readonly status: EnhancedStatus }
  | { readonly kind: "refused"; readonly code: number; readonly status: EnhancedStatus; readonly text: string }
