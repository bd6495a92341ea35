/** Webhooks of tokens, and which notifications' changes they have not been told of yet. The store is the queue; times are ms since the epoch. */
export interface WebhookStore {
  /**
   * Changes that are due to be told, leased for `leaseMs`: of each system the longest due, at most `each`, those included that are under way (system → how many); each
   * one's first before any one's second. A system without a webhook, or whose token was revoked, is told nothing.
   */
  claim(request: { readonly limit: number; readonly each: number; readonly underWay: ReadonlyMap<number, number>; readonly leaseMs: number; readonly now: number }): Promise<readonly DueWebhook[]>
  told(notificationId: number, change: number): Promise<void>
  /** Tried in vain; `nextAt` null: given up, what was to be told is told never. */
  failed(notificationId: number, request: { readonly problem: string; readonly nextAt: number | null; readonly now: number }): Promise<void>
}

export interface DueWebhook {
  readonly notificationId: number
  readonly tokenId: number
  readonly url: string
  /** Sealed. */
  readonly secret: Uint8Array
  /** The last change that was told, and the last there was when this was claimed. */
  readonly told: number
  readonly changes: number
  readonly tries: number
  readonly failingSince: number | null
}
