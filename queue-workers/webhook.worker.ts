import type { Logger } from "pino"
import type { WebhookNotices } from "../src/notifications/webhook-notices.ts"
import type { EventTeller } from "../src/webhooks/event-teller.ts"
import type { RunningWorker } from "./run-worker.ts"

export interface WebhookWorkerParts {
  readonly teller: EventTeller
  readonly notices: WebhookNotices
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

/** Tells webhooks of what happened, and their contacts of those that were stopped. What is broken off, the next tick finds. */
export function startWebhookWorker({ teller, notices, exclusively, everyMs, log }: WebhookWorkerParts): RunningWorker {
  const quietly = (work: Promise<unknown>): Promise<void> => work.then(() => undefined, (error: unknown) => log.warn({ err: error }, "telling of events was broken off, the next tick tries again"))
  let spreading: Promise<void> | undefined
  const spread = (): Promise<void> => (spreading ??= quietly(exclusively(async () => { await teller.spread(); await notices.send() })).finally(() => (spreading = undefined)))
  const tick = (): void => void spread().then(() => quietly(teller.tell()))
  const timer = setInterval(tick, everyMs)
  tick()
  return { close: async () => [clearInterval(timer), await teller.close(), await spreading].forEach(() => undefined) }
}
