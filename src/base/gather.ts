/**
 * Makes of many calls, each for one thing, few calls for several: what is asked for while others are worked on waits for the next turn. Nothing is answered from before
 * it was asked for. `work` gives an outcome for each item, in their order; when it throws, all of its callers hear that.
 */
export function gather<Item, Outcome>(work: (items: readonly Item[]) => Promise<readonly Outcome[]>, { maxItems, atOnce }: GatherOptions): (item: Item) => Promise<Outcome> {
  const waiting: Waiting<Item, Outcome>[] = []
  let underWay = 0

  const run = async (some: readonly Waiting<Item, Outcome>[]): Promise<void> => {
    try {
      const outcomes = await work(some.map(({ item }) => item))
      if (outcomes.length !== some.length) throw new Error(`${outcomes.length} outcomes of ${some.length} items`)
      for (const [index, outcome] of outcomes.entries()) some[index]?.settle(outcome)
    } catch (error) {
      for (const { fail } of some) fail(error)
    }
  }
  const pump = (): void => {
    while (underWay < atOnce && waiting.length > 0) {
      underWay++
      void run(waiting.splice(0, maxItems)).finally(() => {
        underWay--
        pump()
      })
    }
  }
  return (item) =>
    new Promise((settle, fail) => {
      waiting.push({ item, settle, fail })
      pump()
    })
}

export interface GatherOptions {
  /** In one call. */
  readonly maxItems: number
  /** Calls under way. */
  readonly atOnce: number
}

interface Waiting<Item, Outcome> {
  readonly item: Item
  readonly settle: (outcome: Outcome) => void
  readonly fail: (error: unknown) => void
}
