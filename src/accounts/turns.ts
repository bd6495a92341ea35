/** Lets work under one key run one after another, so that a check made before it still holds. At most `maxWaiting` wait in all. */
export interface Turns {
  /** Undefined, without running, when too many are waiting. */
  take<T>(key: string, work: () => Promise<T>): Promise<T | undefined>
}

export function createTurns(maxWaiting: number): Turns {
  const last = new Map<string, Promise<unknown>>()
  let pending = 0
  return {
    async take(key, work) {
      if (pending >= maxWaiting) return undefined
      pending++
      const mine = (last.get(key) ?? Promise.resolve()).then(work)
      const settled = mine.catch(() => undefined)
      last.set(key, settled)
      try {
        return await mine
      } finally {
        pending--
        if (last.get(key) === settled) last.delete(key)
      }
    },
  }
}
