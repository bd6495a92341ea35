import type { MessageSource } from "./acceptance-store.ts"

/** What became of a message, step by step, for whoever must prove it. Times are ms since the epoch. Must not know: how it is shown. */
export interface StoryStore {
  byEnvelope(envelopeId: number): Promise<Story | undefined>
  /** Every acceptance of a message with this Message-ID (without angle brackets), newest first, at most `limit`. */
  byMessageId(messageId: string, limit: number): Promise<readonly Story[]>
}

export interface Story {
  readonly envelopeId: number
  readonly messageId: string
  readonly reversePath: string
  readonly source: MessageSource
  readonly size: number
  /** SHA-256 of the accepted bytes. */
  readonly sha256: Uint8Array
  readonly acceptedAt: number
  readonly committedAt: number
  /** In the order of their ids; at most `maxStoryDeliveries`. */
  readonly deliveries: readonly DeliveryStory[]
  /** How many there are in all. */
  readonly deliveryCount: number
}

/** A circular's story names the first of its recipients; the others are counted. */
export const maxStoryDeliveries = 1_000

export interface DeliveryStory {
  readonly deliveryId: number
  readonly recipient: string
  readonly local: boolean
  readonly state: "waiting" | "held" | "deferred" | "delivered" | "relayed" | "failed"
  readonly attempts: number
  readonly queuedAt: number | null
  /** When it was delivered, relayed, or given up. */
  readonly settledAt: number | null
  /** When a client first marked it as read; null for remote recipients. */
  readonly seenAt: number | null
  readonly nextAttemptAt: number | null
  readonly status: string
  readonly diagnostic: string
  readonly remoteMta: string
}
