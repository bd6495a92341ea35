import type { Happening, NewEvent } from "./webhook-event.ts"

/** What happened, on its way to the webhooks that asked for it. The store is the queue; times are ms since the epoch. */
export interface EventStore {
  /** Takes what happened, in one transaction with what is owed to whom from then on. Resolves with how many happenings were taken; 0: there are no more. */
  spread(limit: number, eventsOf: (happening: Happening) => readonly NewEvent[]): Promise<number>
  /** Stops webhooks to which more than so many events wait. */
  stopBehind(maxWaiting: number): Promise<void>
  /** The next event of each webhook that is due, which nobody else gets for `leaseMs`: what was asked for by hand, else the oldest. */
  claim(request: { readonly limit: number; readonly leaseMs: number; readonly now: number }): Promise<readonly DueEvent[]>
  told(due: DueEvent, answer: { readonly status: number; readonly now: number }): Promise<void>
  failed(due: DueEvent, failure: EventFailure): Promise<void>
  /** Webhooks that were stopped by the system and whose contact was not written to yet. */
  owedNotices(limit: number): Promise<readonly StoppedWebhook[]>
  noticed(webhookId: number): Promise<void>
  /** Events before then, and what became of them; how many. */
  forget(before: number): Promise<number>
}

export interface DueEvent {
  readonly deliveryId: number
  readonly webhookId: number
  readonly url: string
  /** Sealed; the second is the one before, while it is still good. */
  readonly secrets: readonly Uint8Array[]
  readonly eventId: number
  readonly type: string
  readonly at: number
  readonly data: unknown
  readonly byHand: boolean
  readonly firstTriedAt: number | null
  /** Of the webhook: in vain, one after the other, and since when. */
  readonly tries: number
  readonly failingSince: number | null
}

export interface EventFailure {
  /** As `webhooks/post-problem.ts` keeps it. */
  readonly problem: string
  /** HTTP status; null: no answer. */
  readonly status: number | null
  readonly now: number
  /** Of the webhook. */
  readonly nextAt: number
  /** This event is not tried again. */
  readonly givenUp: boolean
  /** The webhook is told nothing more until somebody lets it go on. */
  readonly stop: boolean
}

export interface StoppedWebhook {
  readonly id: number
  readonly description: string
  readonly url: string
  readonly why: "failing" | "backlog"
  readonly stoppedAt: number
  readonly problem: string
  readonly contact: string
}
