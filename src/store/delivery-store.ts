import type { EnhancedStatus } from "../mail/enhanced-status.ts"
import type { NotifyCondition } from "../mail/envelope.ts"
import type { ContentRef } from "./content-store.ts"
import type { MessageSource } from "./acceptance-store.ts"

/**
 * The queue of record. BullMQ only wakes workers; which deliveries exist and what became of them is here.
 * Every method may be called twice for the same delivery: the second call changes nothing.
 */
export interface DeliveryStore {
  /**
   * Delivers every waiting local delivery among `ids` to its account's INBOX in one statement: uid and modseq allocated,
   * message row and outcome written together. Returns how many were delivered now; changes are published after the commit.
   * `queuedAt` (ms) is when the job was queued, kept for the message's story.
   */
  deliverLocal(ids: readonly number[], queuedAt: number): Promise<number>
  /**
   * Claims the remote deliveries among `ids` that are due, until `leaseMs` from now: another worker's claim of the same returns nothing. Those to
   * a domain that is paused are laid aside until the pause ends (see `PauseStore`).
   */
  claimRemote(ids: readonly number[], leaseMs: number): Promise<readonly RemoteDelivery[]>
  /** Hosts to which nothing is sent now; few. */
  pausedHosts(): Promise<readonly PausedHost[]>
  /** Gives claimed deliveries back without an attempt, until the pause of the only hosts that take them ends. */
  layAside(ids: readonly number[], pauseId: number): Promise<void>
  /** Keeps claimed deliveries for another `leaseMs` from now. Those that are settled or were never claimed are left alone. */
  extendLease(ids: readonly number[], leaseMs: number): Promise<void>
  /**
   * Saves one attempt and its outcome for a claimed delivery, and schedules the next or settles it. A recipient that does not exist is counted (see
   * `SuppressionStore`), one that was reached is no longer.
   */
  recordAttempt(attempt: Attempt): Promise<void>
  /** Gives claimed deliveries back without an attempt. A sender who has waited long is told. */
  postpone(postponed: Postponed): Promise<void>
  /** Deliveries that are due (never queued, lease run out, or retry time come), oldest first, local and remote apart. */
  due(limit: number): Promise<{ readonly local: readonly number[]; readonly remote: readonly number[] }>
  /** Settled deliveries whose sender is owed a DSN and has none yet, with what the DSN says; grouped by envelope by the caller. */
  owedDsns(limit: number): Promise<readonly OwedDsn[]>
  /** Marks DSNs as made, inside the acceptance of the DSN itself when possible; called after `intake.accept` answered. */
  dsnMade(deliveryIds: readonly number[], kind: DsnKind): Promise<void>
  /** How many deliveries wait, and the oldest one's age in ms: for the console, health and tests. */
  waiting(): Promise<{ readonly count: number; readonly oldestMs: number }>
}

export interface Postponed {
  readonly ids: readonly number[]
  /** Until then (ms). */
  readonly at: number
  /** Says to people why. */
  readonly diagnostic: string
  /** Of those that no attempt has given one. */
  readonly status: EnhancedStatus
  readonly bounceClass: BounceClass | null
}

export interface PausedHost {
  /** Of the pause. */
  readonly id: number
  /** See `isDestination`. */
  readonly pattern: string
}

export interface RemoteDelivery {
  readonly id: number
  readonly envelopeId: number
  readonly source: MessageSource
  readonly reversePath: string
  readonly recipient: string
  readonly originalRecipient: string
  readonly notify: readonly NotifyCondition[]
  readonly ret: "full" | "headers" | null
  readonly envid: string | null
  readonly requireTls: boolean
  readonly smtpUtf8: boolean
  readonly content: ContentRef
  readonly size: number
  readonly tracePrefix: string
  readonly attempts: number
  readonly acceptedAt: number
  readonly expiresAt: number
}

export type Outcome =
  | { readonly kind: "delivered"; readonly status: EnhancedStatus; readonly diagnostic: string }
  | { readonly kind: "relayed"; readonly status: EnhancedStatus; readonly diagnostic: string }
  | { readonly kind: "deferred"; readonly status: EnhancedStatus; readonly diagnostic: string; readonly nextAttemptAt: number }
  | { readonly kind: "failed"; readonly status: EnhancedStatus; readonly diagnostic: string }

export interface Attempt {
  readonly deliveryId: number
  readonly startedAt: number
  readonly endedAt: number
  /** Host name and address of the peer, empty when none was reached. */
  readonly remoteMta: string
  /** "TLSv1.3 TLS_AES_256_GCM_SHA384", null in clear. */
  readonly tls: string | null
  /** Absent or null when no host was chosen. */
  readonly tlsDetails?: TlsDetails | null
  /** What a refusal means; absent where there was none. */
  readonly bounceClass?: BounceClass
  readonly outcome: Outcome
}

/** Why a delivery has failed or waits, in words that are the same for all servers. The first six are the recipient's side, the next two ours. */
export const bounceClasses = [
  "mailboxUnknown", "mailboxFull", "domainUnknown", "contentRefused", "relayDenied", "blocked",
  "authenticationFailed", "throttled", "greylisted", "unreachable", "temporary", "other",
] as const
export type BounceClass = (typeof bounceClasses)[number]

/** How a peer was protected, or why not: kept with the attempt as JSON. */
export interface TlsDetails {
  /** What was demanded, and for people, who demands it. */
  readonly policy: "opportunistic" | "encrypted" | "verified" | "unusable"
  readonly reason: string
  /** Null where there was no TLS. */
  readonly version: string | null
  readonly cipher: string | null
  readonly verified: "no" | "pkix" | "dane-ee" | "dane-ta"
  /** Of the peer's certificate, SHA-256 in hex; "" where it showed none. */
  readonly subject: string
  readonly fingerprint: string
  /** What was wrong, by the words of RFC 8460 §4.3 and for people; null when nothing was. */
  readonly fault: { readonly type: string; readonly detail: string } | null
  /** What would have kept the message from going, had the domain's MTA-STS policy said `enforce` and not `testing`; absent where nothing would. */
  readonly testFault?: { readonly type: string; readonly detail: string }
}

export type DsnKind = "failure" | "delay" | "success"

export interface OwedDsn {
  readonly kind: DsnKind
  readonly deliveryId: number
  readonly envelopeId: number
  readonly reversePath: string
  readonly recipient: string
  readonly originalRecipient: string
  readonly envid: string | null
  readonly ret: "full" | "headers" | null
  readonly acceptedAt: number
  readonly settledAt: number
  readonly expiresAt: number
  readonly relayed: boolean
  readonly status: EnhancedStatus
  readonly diagnostic: string
  readonly remoteMta: string
  readonly content: ContentRef
  readonly source: MessageSource
  readonly requireTls: boolean
}
