/** Calls many systems at once, so that one which does not answer keeps no other waiting. Must not know: what is called, who is due. */
export interface CallLoop {
  /** Calls all that is due; joins what is under way, and looks again when it was called meanwhile. */
  run(): Promise<void>
  /** Begins no more, and resolves when what is under way has ended. */
  close(): Promise<void>
}

export interface CallLoopParts<Due> {
  /** Calls under way at once. */
  readonly atOnce: number
  /** Whose a call is. */
  readonly keyOf: (due: Due) => number
  /** `underWay`: how many calls of whom. */
  readonly claim: (limit: number, underWay: ReadonlyMap<number, number>) => Promise<readonly Due[]>
  /** Must not throw. */
  readonly call: (due: Due) => Promise<void>
}

export function createCallLoop<Due>({ atOnce, keyOf, claim, call }: CallLoopParts<Due>): CallLoop {
  let underWay: Promise<void> | undefined
  let again = false
  let closed = false
  let woken = Promise.withResolvers<void>()

  const look = (): void => {
    again = true
    woken.resolve()
  }

  const work = async (): Promise<void> => {
    const calls = new Map<Promise<void>, number>()
    const begin = (due: Due): void => {
      const one = call(due).finally(() => {
        calls.delete(one)
        look()
      })
      calls.set(one, keyOf(due))
    }
    try {
      while (!closed && (again || calls.size > 0)) {
        woken = Promise.withResolvers()
        if (again && calls.size < atOnce) {
          again = false
          const claimed = await claim(atOnce - calls.size, countsOf(calls.values()))
          for (const due of claimed) begin(due)
          if (claimed.length > 0) continue
        }
        if (calls.size > 0) await woken.promise
      }
    } finally {
      await Promise.all(calls.keys())
    }
  }

  return {
    run() {
      look()
      underWay ??= work().finally(() => (underWay = undefined))
      return underWay
    },
    async close() {
      closed = true
      look()
      await underWay?.catch(() => undefined)
    },
  }
}

function countsOf(ids: Iterable<number>): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}
