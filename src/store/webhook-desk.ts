import type { Scope } from "../accounts/administrator.ts"
import type { Result } from "../base/result.ts"

/** Webhooks of events as those see and change them whose they are: administrators those of their units, a token its own. Times are ms since the epoch. */
export interface WebhookDesk {
  list(view: WebhookView): Promise<readonly Webhook[]>
  find(view: WebhookView, id: number): Promise<Webhook | undefined>
  /** `unit`, `contact`: not there, or not theirs; `full`: there are as many as there may be. */
  add(view: WebhookView, webhook: NewWebhook, by: string): Promise<Result<number, "unit" | "contact" | "full">>
  /** What follows is false where there is no such webhook, or nothing to change. */
  change(view: WebhookView, id: number, change: WebhookChange, by: string): Promise<boolean>
  /** The secret before stays good until then. */
  replaceSecret(view: WebhookView, id: number, change: { readonly secret: Uint8Array; readonly oldUntil: number }, by: string): Promise<boolean>
  /** Stopped, or going on with what waits. */
  setStopped(view: WebhookView, id: number, stopped: boolean, by: string): Promise<boolean>
  remove(view: WebhookView, id: number, by: string): Promise<boolean>
  /** Owes it a `webhook.ping`, before all that waits. */
  ping(view: WebhookView, id: number, by: string): Promise<boolean>
  /** Newest first. */
  deliveries(view: WebhookView, id: number, page: { readonly limit: number; readonly before?: number }): Promise<readonly WebhookDelivery[]>
  /** Owes it this event again, once, before all that waits. */
  redeliver(view: WebhookView, id: number, deliveryId: number, by: string): Promise<boolean>
}

export type WebhookView = { readonly kind: "administrator"; readonly scope: Scope } | { readonly kind: "token"; readonly tokenId: number }

export interface NewWebhook {
  readonly description: string
  readonly url: string
  /** Sealed. */
  readonly secret: Uint8Array
  readonly events: readonly string[]
  readonly unitCode: string | null
  /** Address of the account that is written to when it is stopped. */
  readonly contact: string
}

/** What is absent stays. */
export interface WebhookChange {
  readonly description?: string
  readonly url?: string
  readonly events?: readonly string[]
}

export interface Webhook {
  readonly id: number
  readonly description: string
  readonly url: string
  readonly events: readonly string[]
  readonly unitCode: string | null
  readonly contact: string
  readonly createdAt: number
  readonly createdBy: string
  /** Name of the token that made it; null: made in the console. */
  readonly token: string | null
  /** `tokenEnded`: so nothing is told any more. */
  readonly state: "active" | "failing" | "stopped" | "tokenEnded"
  readonly stoppedAt: number | null
  readonly stoppedWhy: "byHand" | "failing" | "backlog" | null
  readonly failingSince: number | null
  readonly oldSecretUntil: number | null
  readonly waiting: number
}

export interface WebhookDelivery {
  readonly id: number
  readonly event: number
  readonly type: string
  readonly at: number
  readonly state: "waiting" | "told" | "failed"
  readonly tries: number
  readonly triedAt: number | null
  /** HTTP status of the last answer; null: there was none. */
  readonly status: number | null
  /** As `webhooks/post-problem.ts` keeps it. */
  readonly problem: string
  readonly data: unknown
}
