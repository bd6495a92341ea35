import type { DeliveryStore } from "../store/delivery-store.ts"

/**
 * Local deliveries of several jobs share one statement: while one commit is on its way to the disk, what arrives is gathered
 * for the next. Every id may come twice; the store delivers it once.
 */
export interface LocalDelivery {
  /** Resolves when all of `ids` are delivered (now or before); rejects when the store could not. */
  deliver(ids: readonly number[], queuedAt: number): Promise<void>
}

/** One commit on the disk and one being made ready; more only adds rows that lock each other's mailboxes. */
const maxInFlight = 2
const maxBatch = 1_000

interface Waiting {
  readonly ids: readonly number[]
  readonly queuedAt: number
  readonly settle: () => void
  readonly fail: (error: unknown) => void
}

export function createLocalDelivery({ deliveries, delivered }: { readonly deliveries: Pick<DeliveryStore, "deliverLocal">; readonly delivered: (count: number) => void }): LocalDelivery {
  let waiting: Waiting[] = []
  let inFlight = 0

  const take = (): Waiting[] => {
    let ids = 0
    let count = 0
    for (const { ids: more } of waiting) {
      if (count > 0 && ids + more.length > maxBatch) break
      ids += more.length
      count++
    }
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return batch
  }

  const pump = (): void => {
    while (inFlight < maxInFlight && waiting.length > 0) {
      inFlight++
      void run(take()).finally(() => {
        inFlight--
        pump()
      })
    }
  }

  const run = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      // each of them was queued by then; the few milliseconds between them are not worth a statement of its own
      const queuedAt = batch.reduce((latest, job) => Math.max(latest, job.queuedAt), 0)
      delivered(await deliveries.deliverLocal([...new Set(batch.flatMap(({ ids }) => ids))], queuedAt))
      for (const { settle } of batch) settle()
    } catch (error) {
      for (const { fail } of batch) fail(error)
    }
  }

  return {
    deliver: (ids, queuedAt) =>
      new Promise((settle, fail) => {
        waiting.push({ ids, queuedAt, settle, fail })
        pump()
      }),
  }
}
