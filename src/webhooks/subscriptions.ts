import type { Clock } from "../base/clock.ts"
import { failed, ok, type Result } from "../base/result.ts"
import type { AllowedUrls } from "../pki/revocation/allowed-url.ts"
import type { Sealer } from "../store/sealing.ts"
import { type EventType, unitEventTypes } from "../store/webhook-event.ts"
import type { WebhookChange, WebhookDesk, WebhookView } from "../store/webhook-desk.ts"
import { eventSecretPlace } from "./event-teller.ts"
import { newWebhookSecret } from "./webhook-signature.ts"

/** Webhooks as the console and the API make and change them: what may be called, what may be asked for, secrets that are shown once. Must not know: SQL, HTTP. */
export interface Subscriptions extends Omit<WebhookDesk, "add" | "change" | "replaceSecret"> {
  add(view: WebhookView, wanted: Wanted, by: string): Promise<Result<{ readonly id: number; readonly secret: string }, SubscriptionProblem>>
  change(view: WebhookView, id: number, change: Partial<Pick<Wanted, "description" | "url" | "events">>, by: string): Promise<Result<void, SubscriptionProblem>>
  /** The new secret; undefined: there is no such webhook. The one before is good for a week beside it; one that is still good from an earlier replacement is not any more. */
  replaceSecret(view: WebhookView, id: number, by: string): Promise<string | undefined>
}

export interface Wanted {
  readonly description: string
  readonly url: string
  readonly events: readonly EventType[]
  readonly unitCode: string | null
  readonly contact: string
}

/** `url`: may not be called; `events`: are not divided by units; `contact`, `unit`: not there, or not theirs; `full`; `webhook`: there is none. */
export type SubscriptionProblem = "url" | "events" | "contact" | "unit" | "full" | "webhook"

export interface SubscriptionParts {
  readonly desk: WebhookDesk
  readonly allowed: AllowedUrls
  readonly sealing: Pick<Sealer, "seal">
  readonly clock: Clock
}

const oldSecretMs = 7 * 86_400_000

export function createSubscriptions({ desk, allowed, sealing, clock }: SubscriptionParts): Subscriptions {
  const mayCall = (url: string): boolean => allowed.permits(url)?.url.protocol === "https:"
  const newSecret = () => {
    const secret = newWebhookSecret()
    return { secret, sealed: sealing.seal(Buffer.from(secret), eventSecretPlace) }
  }
  return {
    ...desk,
    async add(view, wanted, by) {
      if (!mayCall(wanted.url)) return failed("url")
      if (wanted.unitCode !== null && !areDivided(wanted.events)) return failed("events")
      const { secret, sealed } = newSecret()
      const added = await desk.add(view, { ...wanted, secret: sealed }, by)
      return added.ok ? ok({ id: added.value, secret }) : added
    },
    async change(view, id, { description, url, events }, by) {
      if (url !== undefined && !mayCall(url)) return failed("url")
      const before = await desk.find(view, id)
      if (!before) return failed("webhook")
      if (events && before.unitCode !== null && !areDivided(events)) return failed("events")
      const change: WebhookChange = { ...(description !== undefined && { description }), ...(url !== undefined && { url }), ...(events && { events }) }
      return (await desk.change(view, id, change, by)) ? ok(undefined) : failed("webhook")
    },
    async replaceSecret(view, id, by) {
      const { secret, sealed } = newSecret()
      return (await desk.replaceSecret(view, id, { secret: sealed, oldUntil: clock.now() + oldSecretMs }, by)) ? secret : undefined
    },
  }
}

const areDivided = (events: readonly EventType[]): boolean => events.every((type) => unitEventTypes.includes(type))
