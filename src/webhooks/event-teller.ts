import type { Clock } from "../base/clock.ts"
import type { DueEvent, EventStore } from "../store/event-store.ts"
import type { Sealer } from "../store/sealing.ts"
import { eventsOf } from "./events-of.ts"
import { createCallLoop } from "./call-loop.ts"
import { keptProblem, problemText } from "./post-problem.ts"
import { atOnce, giveUpAfterMs, leaseMs, waitAfter } from "./retry.ts"
import type { WebhookPost } from "./webhook-post.ts"
import { signatureHeader, signWebhook } from "./webhook-signature.ts"

/**
 * Tells webhooks of events. Invariants: of each webhook one event is under way, the oldest; it is told until it was answered 2xx or a day has passed; what became of it
 * is noted after its answer, so a webhook may hear of one twice (its number is the same) and misses none. Must not know: HTTP's details, SQL.
 */
export interface EventTeller {
  /** Spreads what happened; one process at a time, so that events keep their order. */
  spread(): Promise<void>
  /** Tells all that is due; joins what is under way, and looks again when it was called meanwhile. */
  tell(): Promise<void>
  close(): Promise<void>
}

export interface EventTellerParts {
  readonly store: EventStore
  readonly post: WebhookPost
  readonly sealing: Pick<Sealer, "open">
  /** A webhook that has answered nothing for so long is stopped. */
  readonly stopAfterMs: number
  readonly clock: Clock
  readonly random: () => number
  readonly log: EventLog
}

export interface EventLog {
  eventFailed(event: { readonly webhookId: number; readonly eventId: number; readonly url: string; readonly problem: string; readonly givenUp: boolean; readonly stopped: boolean }): void
  eventBroken(event: { readonly webhookId: number; readonly error: unknown }): void
}

/** Where the secrets of these webhooks rest. */
export const eventSecretPlace = "event-webhook-secret"
const maxSecretBytes = 200
const happeningsAtOnce = 500
/** Whoever is so far behind is not there any more. */
const maxWaiting = 20_000

export function createEventTeller(parts: EventTellerParts): EventTeller {
  const { store, clock, log } = parts
  let closed = false
  const calls = createCallLoop<DueEvent>({
    atOnce,
    keyOf: ({ webhookId }) => webhookId,
    claim: (limit) => store.claim({ limit, leaseMs, now: clock.now() }),
    async call(due) {
      try {
        await tellOne(parts, due)
      } catch (error) {
        // the lease runs out
        log.eventBroken({ webhookId: due.webhookId, error })
      }
    },
  })

  return {
    async spread() {
      let some = false
      for (let taken = happeningsAtOnce; taken === happeningsAtOnce && !closed; some ||= taken > 0) taken = await store.spread(happeningsAtOnce, eventsOf)
      if (some) await store.stopBehind(maxWaiting)
    },
    tell: () => calls.run(),
    async close() {
      closed = true
      parts.post.close()
      await calls.close()
    },
  }
}

async function tellOne({ store, post, sealing, stopAfterMs, clock, random, log }: EventTellerParts, due: DueEvent): Promise<void> {
  const { webhookId, eventId, url, type, at, data } = due
  const body = JSON.stringify({ event: eventId, type, at: new Date(at).toISOString(), webhook: webhookId, data })
  const secrets = due.secrets.map((secret) => sealing.open(secret, eventSecretPlace, maxSecretBytes).toString())
  const told = await post.post({ url, body, headers: { [signatureHeader]: signWebhook(secrets, body, clock.now()), "congthu-event": String(eventId) } })
  const now = clock.now()
  if (told.ok) return store.told(due, { status: told.value, now })
  const { problem, status } = told.failure
  const givenUp = due.byHand || (due.firstTriedAt !== null && now - due.firstTriedAt >= giveUpAfterMs)
  const stopped = !due.byHand && due.failingSince !== null && now - due.failingSince >= stopAfterMs
  log.eventFailed({ webhookId, eventId, url, problem: problemText(problem, "en"), givenUp, stopped })
  await store.failed(due, { problem: keptProblem(problem), status, now, nextAt: now + waitAfter(due.tries, random), givenUp, stop: stopped })
}
