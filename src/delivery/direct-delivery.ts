import type { Clock } from "../base/clock.ts"
import type { LocalDelivery } from "./local-delivery.ts"
import type { Deliverable, Outbox } from "./outbox.ts"

/**
 * Local deliveries made where the message was accepted, right after its commit: no job, no other process to wake. Large ones, those
 * that find too many under way, those that fail, and all remote ones become jobs; what is lost with this process the sweeper
 * finds. Invariants: `wake` returns at once and never throws; what is under way here is bounded.
 */
export interface DirectDelivery extends Pick<Outbox, "wake"> {
  /** Resolves when nothing is under way here. */
  settled(): Promise<void>
}

/** A message to more mailboxes than this would hold up those that come after it. */
const maxRecipients = 50
/** Two statements' worth: more means that the database is slower than the senders, and the workers take turns better. */
const maxUnderWay = 400

export function createDirectDelivery({ localDelivery, outbox, clock }: { readonly localDelivery: LocalDelivery; readonly outbox: Pick<Outbox, "wake">; readonly clock: Clock }): DirectDelivery {
  const running = new Set<Promise<void>>()
  let underWay = 0

  const deliver = async (ids: readonly number[]): Promise<void> => {
    underWay += ids.length
    try {
      await localDelivery.deliver(ids, clock.now())
    } catch {
      // the worker says why, if it still fails there
      outbox.wake({ local: ids, remote: [] })
    } finally {
      underWay -= ids.length
    }
  }

  return {
    wake({ local, remote }: Deliverable) {
      const here = local.length <= maxRecipients && underWay + local.length <= maxUnderWay
      outbox.wake({ local: here ? [] : local, remote })
      if (!here || local.length === 0) return
      const delivery = deliver(local).finally(() => running.delete(delivery))
      running.add(delivery)
    },
    async settled() {
      await Promise.all(running)
    },
  }
}
