import type { PreparedContent } from "./content-store.ts"

/**
 * Notifications of automated systems: what was asked for, for whom, and what became of it. The store is their queue: workers ask it what is due.
 * Times are ms since the epoch, and "now" is the caller's. Must not know: HTTP, templates, how a message is made.
 */
export interface NotificationStore {
  /** One transaction: the notification, its content, its recipients. Concurrent calls with one idempotency key make one of them. A content that was not taken is discarded. */
  accept(notification: NewNotification): Promise<AcceptedNotification>
  /** What an idempotency key of the account was used for. */
  known(accountId: number, idempotencyKey: string, requestSha256: Uint8Array): Promise<{ readonly id: number; readonly sameRequest: boolean; readonly recipients: number } | undefined>
  byId(id: number): Promise<NotificationRecord | undefined>
  /** Of one account, or of all; newest first. */
  list(question: ListQuestion): Promise<readonly NotificationRecord[]>
  /** In the order that they were asked for, those after `after`. `seen`: whether a message in a mailbox here was read is looked up too. */
  recipients(id: number, page: RecipientPage): Promise<readonly RecipientRecord[]>
  /** What has changed after the change numbered `after`, in order. */
  changes(id: number, after: number, limit: number): Promise<readonly RecipientRecord[]>
  counts(id: number): Promise<RecipientCounts>
  /** Recipients that were not handed to delivery yet will not be. Undefined: there is no such notification that waits. */
  cancel(id: number, request: { readonly now: number; readonly by: string }): Promise<{ readonly cancelled: number } | undefined>
  forget(acceptedBefore: number): Promise<number>
  /** Waiting notifications, and recipients that are not settled. */
  waiting(): Promise<{ readonly notifications: number; readonly recipients: number }>
}

export interface NewNotification {
  readonly accountId: number
  readonly principalId: string | null
  readonly tokenId: number
  readonly source: "api" | "smtp"
  readonly idempotencyKey: string | null
  /** SHA-256 of what was asked. */
  readonly requestSha256: Uint8Array
  /** 0 is the most urgent, 3 the least. */
  readonly priority: number
  readonly acceptedAt: number
  readonly sendAt: number
  readonly expiresAt: number
  /** One message for all of them; or what each one's own is made from, sealed. */
  readonly message: { readonly kind: "same"; readonly content: PreparedContent } | { readonly kind: "each"; readonly sealed: Uint8Array }
  readonly template: { readonly name: string; readonly version: number } | null
  readonly recipients: readonly NewRecipient[]
  /** Whether the token's webhook hears of it. */
  readonly webhook: boolean
}

export interface NewRecipient {
  readonly address: string
  readonly asked: string
  /** Sealed. */
  readonly data: Uint8Array | null
}

export type AcceptedNotification =
  | { readonly kind: "accepted"; readonly id: number }
  /** The idempotency key was used before: `sameRequest` tells whether for the same. */
  | { readonly kind: "repeated"; readonly id: number; readonly sameRequest: boolean }

export type NotificationState = "waiting" | "sent" | "cancelled" | "expired"

export interface NotificationRecord {
  readonly id: number
  readonly accountId: number
  readonly account: string
  readonly tokenId: number
  readonly source: "api" | "smtp"
  readonly idempotencyKey: string | null
  readonly priority: number
  readonly acceptedAt: number
  readonly sendAt: number
  readonly expiresAt: number
  readonly state: NotificationState
  readonly template: string | null
  readonly templateVersion: number | null
  readonly recipientCount: number
  readonly changes: number
  readonly webhook: boolean
  readonly webhookProblem: string
}

export type RecipientState = "waiting" | "sent" | "delivered" | "relayed" | "failed" | "cancelled" | "expired"

export interface RecipientRecord {
  readonly n: number
  readonly address: string
  readonly asked: string
  readonly state: RecipientState
  /** RFC 3463; empty while nothing is known. */
  readonly status: string
  readonly reason: string
  readonly changedAt: number | null
  readonly change: number
  readonly envelopeId: number | null
  /** When a client first marked it as read; null also where that was not asked for. */
  readonly seenAt: number | null
}

export type RecipientCounts = Readonly<Record<RecipientState, number>>

export interface ListQuestion {
  readonly accountId?: number
  /** Only ids below. */
  readonly before?: number
  readonly limit: number
}

export interface RecipientPage {
  /** Only numbers above; 0: from the first. */
  readonly after: number
  readonly limit: number
  readonly seen: boolean
}

/** What campaign workers ask of the same tables. */
export interface CampaignStore {
  /**
   * The next ones that are due, the most urgent first, and of equally urgent ones one of each account before the second of any: leased, so that no two
   * workers are at the same one. A lease that has run out is taken over. Of small ones up to `limit`; no more when those before have `recipients` together, of
   * whom `each` at most count for one.
   */
  claim(request: { readonly limit: number; readonly recipients: number; readonly each: number; readonly leaseMs: number; readonly now: number }): Promise<readonly DueNotification[]>
  /** Of each notification the first ones that wait, by its id. */
  waitingRecipients(asked: readonly { readonly id: number; readonly limit: number }[]): Promise<ReadonlyMap<number, readonly WaitingRecipient[]>>
  /** Those of them that still wait have failed. */
  failed(id: number, recipients: readonly FailedRecipient[], now: number): Promise<void>
  /** Gives leases back. Done is one of which nobody waits any more; otherwise it is looked at again at `nextAt`, after how many tries is counted. */
  release(notifications: readonly ReleasedNotification[]): Promise<void>
  /** Its time is over: who waits has failed. */
  expire(id: number, now: number): Promise<void>
  /** Deliveries of notifications to other servers that were not tried yet, counted up to `limit`. */
  remoteUnderWay(limit: number): Promise<number>
  /** Takes over what became of deliveries: of at most `limit` recipients after the cursor, in one process at a time. */
  settle(after: SettleCursor, limit: number): Promise<{ readonly next: SettleCursor | undefined; readonly notifications: readonly number[] }>
}

export interface SettleCursor {
  readonly notificationId: number
  readonly n: number
}

export interface DueNotification {
  readonly id: number
  readonly accountId: number
  readonly principalId: string | null
  readonly priority: number
  readonly acceptedAt: number
  readonly sendAt: number
  readonly expiresAt: number
  readonly tries: number
  readonly content: Uint8Array | null
  readonly sealed: Uint8Array | null
  readonly template: string | null
  readonly templateVersion: number | null
  readonly recipientCount: number
}

export interface ReleasedNotification {
  readonly id: number
  readonly nextAt: number
  readonly tried: boolean
}

export interface WaitingRecipient {
  readonly n: number
  readonly address: string
  readonly data: Uint8Array | null
}

export interface FailedRecipient {
  readonly n: number
  readonly status: string
  readonly reason: string
}

/** Which recipients of a notification go with a message; the acceptance marks them. */
export interface NotifiedRecipients {
  readonly notificationId: number
  readonly recipients: readonly number[]
}
