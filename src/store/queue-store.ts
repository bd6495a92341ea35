import type { BounceClass, TlsDetails } from "./delivery-store.ts"
import type { ActionOutcome, QueueAction } from "./queue-action.ts"

/**
 * The queue as an administrator sees and steers it, read from the delivery rows themselves. Every change is one transaction with its audit entry,
 * and asking for it twice changes nothing the second time. Times are ms since the epoch. Must not know: who may steer.
 */
export interface QueueStore {
  /** Open deliveries in the order of their ids, which is about that of their acceptance; the next page is `after` the last id. */
  list(filter: QueueFilter, page: QueuePage): Promise<readonly QueuedDelivery[]>
  /** How many open deliveries the filter means, by what they do now. */
  count(filter: QueueFilter): Promise<Readonly<Partial<Record<QueueState, number>>>>
  /** Where open deliveries to other servers go, the fullest first. */
  destinations(limit: number): Promise<readonly DestinationSummary[]>
  /** One delivery with its history, settled ones too. */
  find(deliveryId: number): Promise<DeliveryRecord | undefined>
  /** In the order of `ids`; at most `maxActed` of them. */
  act(action: QueueAction, ids: readonly number[], by: Steerer): Promise<readonly ActionOutcome[]>
}

export const maxActed = 500

/** Whoever decides, and why: both are kept. */
export interface Steerer {
  /** A principal's id, the name of a token, or of whoever works on the command line. */
  readonly by: string
  readonly why: string
}

/**
 * What an open delivery does now. `underWay`: a worker is at it. `paused`: its destination is paused. `held`: a person stopped it;
 * `policyHeld`: a rule did, see `HeldStore`.
 */
export const queueStates = ["waiting", "deferred", "underWay", "paused", "held", "policyHeld"] as const
export type QueueState = (typeof queueStates)[number]

/** All that is given must hold. */
export interface QueueFilter {
  readonly state?: QueueState
  /** Of a remote recipient, as `destinationPattern` gives it. */
  readonly destination?: string
  /** The reverse-path; empty for notifications. */
  readonly sender?: string
  /** Canonical. */
  readonly recipient?: string
  readonly acceptedBefore?: number
  /** A part of the peer's last words, in any case. */
  readonly diagnostic?: string
  /** What the last attempt's refusal means. */
  readonly bounceClass?: BounceClass
  /** Who was signed in when it came. */
  readonly accountId?: number
}

export interface QueuePage {
  /** From 1 to `maxPage`. */
  readonly limit: number
  readonly after?: number
}

export const maxPage = 1_000

export interface QueuedDelivery {
  readonly id: number
  readonly envelopeId: number
  readonly messageId: string
  readonly reversePath: string
  readonly recipient: string
  /** What the sender wrote, before aliases and groups. */
  readonly originalRecipient: string
  readonly local: boolean
  readonly state: QueueState | SettledState
  readonly size: number
  readonly attempts: number
  readonly acceptedAt: number
  /** Null when it is settled or held. */
  readonly nextAttemptAt: number | null
  readonly expiresAt: number
  /** Of the last attempt. */
  readonly status: string
  readonly diagnostic: string
  readonly remoteMta: string
  /** What they mean; null where nothing was refused. */
  readonly bounceClass: BounceClass | null
}

export type SettledState = "delivered" | "relayed" | "failed"

export interface DeliveryRecord extends QueuedDelivery {
  readonly settledAt: number | null
  readonly hold: Steerer & { readonly at: number } | null
  readonly pause: { readonly id: number; readonly pattern: string; readonly until: number | null; readonly by: string; readonly why: string } | null
  /** The last `maxAttempts` of them, oldest first. */
  readonly tries: readonly AttemptRecord[]
  /** What people did to it, oldest first; the last `maxSteps`. */
  readonly steps: readonly StepRecord[]
}

export const maxAttempts = 100
export const maxSteps = 100

export interface AttemptRecord {
  readonly number: number
  readonly startedAt: number
  readonly endedAt: number
  readonly outcome: string
  readonly status: string
  /** The peer's words. */
  readonly diagnostic: string
  /** Name and address of the host; empty when none was reached. */
  readonly remoteMta: string
  readonly tls: string | null
  /** Null when no host was chosen. */
  readonly tlsDetails: TlsDetails | null
  /** Null where nothing was refused. */
  readonly bounceClass: BounceClass | null
}

export interface StepRecord extends Steerer {
  readonly at: number
  /** `delivery.held` and the like. */
  readonly kind: string
}

export interface DestinationSummary {
  readonly destination: string
  readonly deliveries: number
  readonly byState: Readonly<Partial<Record<QueueState, number>>>
  readonly oldestAcceptedAt: number
  /** Of one of those that have been tried. */
  readonly diagnostic: string
  readonly paused: boolean
}
