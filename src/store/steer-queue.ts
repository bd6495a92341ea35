import type { ActionOutcome, QueueAction } from "./queue-action.ts"
import { maxActed, type QueuedDelivery, type QueueFilter, type QueueStore, type Steerer } from "./queue-store.ts"

/** One action on many deliveries, in transactions of bounded size. The same for command line and console. */
export type Outcomes = ReadonlyMap<ActionOutcome, number>

export async function steerSome(queue: Pick<QueueStore, "act">, { action, ids, by }: { readonly action: QueueAction; readonly ids: readonly number[]; readonly by: Steerer }): Promise<Outcomes> {
  const counts = new Map<ActionOutcome, number>()
  for (let at = 0; at < ids.length; at += maxActed) {
    for (const outcome of await queue.act(action, ids.slice(at, at + maxActed), by)) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }
  return counts
}

export interface SteerAll {
  readonly action: QueueAction
  readonly filter: QueueFilter
  readonly by: Steerer
  /** The most that are changed. */
  readonly limit: number
  readonly onProgress?: (done: number) => void
}

/** What the filter means, by their numbers, so that each is met once, whatever becomes of it. */
export async function steerAll(queue: Pick<QueueStore, "act" | "list">, { action, filter, by, limit, onProgress }: SteerAll): Promise<Outcomes> {
  const counts = new Map<ActionOutcome, number>()
  let done = 0
  for await (const page of pagesOf(queue, filter)) {
    const ids = page.slice(0, limit - done).map(({ id }) => id)
    for (const [outcome, count] of await steerSome(queue, { action, ids, by })) counts.set(outcome, (counts.get(outcome) ?? 0) + count)
    done += ids.length
    onProgress?.(done)
    if (done >= limit) break
  }
  return counts
}

async function* pagesOf(queue: Pick<QueueStore, "list">, filter: QueueFilter): AsyncIterable<readonly QueuedDelivery[]> {
  for (let after = 0; ; ) {
    const page = await queue.list(filter, { limit: maxActed, after })
    const last = page.at(-1)
    if (!last) return
    yield page
    after = last.id
  }
}
