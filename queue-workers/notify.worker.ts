import type { Logger } from "pino"
import type { Campaigns } from "../src/notifications/campaigns.ts"
import type { Webhooks } from "../src/notifications/webhooks.ts"
import type { ChangeFeed } from "../src/store/change-feed.ts"
import type { CampaignStore, SettleCursor } from "../src/store/notification-store.ts"
import type { RunningWorker } from "./run-worker.ts"

export interface NotifyWorkerParts {
  readonly campaigns: Campaigns
  readonly webhooks: Webhooks
  readonly campaignStore: Pick<CampaignStore, "settle">
  readonly feed: Pick<ChangeFeed, "subscribe" | "publish">
  /** Runs the work unless another process is at it: false then. */
  readonly exclusively: (work: () => Promise<void>) => Promise<boolean>
  readonly everyMs: number
  readonly log: Logger
}

const recipientsAtOnce = 2_000

/** Sends notifications when they are asked for or due, takes over what became of them, and tells their systems. What a hint did not reach, the next tick finds. */
export function startNotifyWorker({ campaigns, webhooks, campaignStore, feed, exclusively, everyMs, log }: NotifyWorkerParts): RunningWorker & { settle(): Promise<void> } {
  const quietly = (work: Promise<unknown>, what: string): Promise<void> => work.then(() => undefined, (error: unknown) => log.warn({ err: error }, `${what} was broken off, the next tick tries again`))
  let settling: Promise<void> | undefined
  const work = async (): Promise<void> => {
    let moved = false
    for (let at: SettleCursor | undefined = { notificationId: 0, n: 0 }; at; ) {
      const { next, notifications } = await campaignStore.settle(at, recipientsAtOnce)
      moved ||= notifications.length > 0
      at = next
    }
    if (moved) feed.publish([{ kind: "notifications" }])
  }
  const settle = (): Promise<void> => (settling ??= quietly(exclusively(work), "the status of notifications").finally(() => (settling = undefined)))
  const tick = (): void => void Promise.all([quietly(campaigns.run(), "sending notifications"), settle().then(() => quietly(webhooks.run(), "telling webhooks"))])
  const unsubscribe = feed.subscribe((changes) => changes.some(({ kind }) => kind === "notifications") && void quietly(campaigns.run(), "sending notifications"), tick)
  const timer = setInterval(tick, everyMs)
  tick()
  return { settle, close: async () => [unsubscribe(), clearInterval(timer), await Promise.all([campaigns.close(), webhooks.close()]), await settling].forEach(() => undefined) }
}
