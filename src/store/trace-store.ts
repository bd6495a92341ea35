import type { AttemptRecord, DeliveryRecord, StepRecord } from "./queue-store.ts"
import type { Story, DeliveryStory } from "./story-store.ts"

/**
 * A message's whole story: who brought it, what policy made of it, what became of it at each recipient, what people did. Read from the rows that it
 * left behind, never from logs. Times are ms since the epoch.
 */
export interface TraceStore {
  byEnvelope(envelopeId: number): Promise<Trace | undefined>
  /** Acceptances of a message with this Message-ID (without angle brackets), newest first. */
  byMessageId(messageId: string, limit: number): Promise<readonly TraceSummary[]>
  /** Acceptances of the very bytes with this SHA-256, newest first. */
  bySha256(sha256: Uint8Array, limit: number): Promise<readonly TraceSummary[]>
  /** Messages from or to any of these addresses (forms of one), newest first. */
  byAddress(addresses: readonly string[], period: { readonly since: number; readonly limit: number }): Promise<readonly TraceSummary[]>
}

export interface TraceSummary {
  readonly envelopeId: number
  readonly messageId: string
  readonly reversePath: string
  readonly acceptedAt: number
  readonly size: number
  /** The address's own delivery when it was asked for, else the first. */
  readonly recipient: string
  readonly recipientCount: number
  readonly state: DeliveryStory["state"]
}

export interface Trace extends Story {
  readonly requireTls: boolean
  /** Null: the system wrote it itself, or its acceptance is no longer in the audit. */
  readonly connection: Connection | null
  readonly decision: Decision | null
  readonly held: PolicyHold | null
  /** What it is a DSN of. */
  readonly dsnOf: readonly DsnLink[]
  readonly deliveries: readonly DeliveryTrace[]
}

export interface Connection {
  readonly sessionId: string
  readonly clientAddress: string
  readonly helo: string
  readonly tls: string | null
  /** Who was signed in. */
  readonly account: string | null
  readonly principal: { readonly id: string; readonly name: string } | null
}

export interface Decision {
  readonly policyVersion: number
  readonly ruleId: string
  readonly verdict: string
  /** As `MessageFacts`, written by this program or an older one; null when they cannot be read. */
  readonly facts: unknown
}

export interface PolicyHold {
  readonly kind: "approval" | "quarantine"
  readonly ruleId: string
  readonly reasonVi: string
  readonly reasonEn: string
  readonly heldAt: number
  readonly decision: "released" | "refused" | null
  readonly decidedAt: number | null
  readonly decidedBy: string
  readonly note: string
}

/** A DSN and what it tells of: the envelope is that of the other end. */
export interface DsnLink {
  readonly kind: string
  readonly envelopeId: number
  readonly madeAt: number
}

export interface DeliveryTrace extends DeliveryStory {
  /** What the sender wrote, when an alias or a group stands between. */
  readonly originalRecipient: string
  readonly expiresAt: number
  /** Its destination is paused now. */
  readonly pause: DeliveryRecord["pause"]
  /** The last of them, oldest first. */
  readonly tries: readonly AttemptRecord[]
  readonly steps: readonly StepRecord[]
  readonly dsns: readonly DsnLink[]
  /** Where it lies now, in all folders of the account; empty when it is there no more. */
  readonly places: readonly MailboxPlace[]
}

export interface MailboxPlace {
  readonly mailbox: string
  readonly uid: number
}

/** Of one delivery, and of one message: what is beyond is left out. */
export const maxTracedAttempts = 50
export const maxTracedRows = 5_000
