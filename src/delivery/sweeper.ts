import type { Logger } from "pino"
import type { DeliveryStore } from "../store/delivery-store.ts"
import type { Outbox } from "./outbox.ts"

/**
 * Finds deliveries that are due and that no job carries: never queued, lost with Redis, retry time come. It keeps its own
 * time, because the store is the queue of record and a queue engine that lost everything has lost its timers too.
 */
export interface Sweeper {
  /** One sweep; joins the one under way. Resolves with how many deliveries were queued. */
  sweep(): Promise<number>
  close(): Promise<void>
}

export interface SweeperParts {
  readonly deliveries: Pick<DeliveryStore, "due">
  readonly outbox: Pick<Outbox, "enqueue" | "isAvailable">
  readonly everyMs: number
  readonly log: Logger
  /** Further work at each sweep: DSNs that are owed. */
  readonly also?: () => Promise<unknown>
}

const limit = 2_000
/** A sweep ends here even when more is due, so that one process does not queue for ever what none delivers. */
const maxRounds = 50

export function createSweeper({ deliveries, outbox, everyMs, log, also }: SweeperParts): Sweeper {
  let underWay: Promise<number> | undefined

  const queueDue = async (): Promise<number> => {
    let queued = 0
    for (let round = 0; round < maxRounds; round++) {
      // asking marks them as queued: while nothing can be queued they are left as they are
      if (!outbox.isAvailable()) break
      const due = await deliveries.due(limit)
      const found = due.local.length + due.remote.length
      if (found === 0 || !(await outbox.enqueue(due))) break
      queued += found
      if (found < limit) break
    }
    if (queued > 0) log.info({ deliveries: queued }, "swept up deliveries")
    return queued
  }

  const sweep = (): Promise<number> => {
    underWay ??= Promise.all([queueDue(), also?.()])
      .then(([queued]) => queued)
      .finally(() => (underWay = undefined))
    return underWay
  }

  const tick = (): void => void sweep().catch((error: unknown) => log.warn({ err: error }, "a sweep failed, the next one tries again"))
  const timer = setInterval(tick, everyMs)
  return {
    sweep,
    async close() {
      clearInterval(timer)
      await underWay?.catch(() => undefined)
    },
  }
}
