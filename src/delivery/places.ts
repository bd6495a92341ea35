/** A fixed number of places; who finds none waits in turn. */
export interface Places {
  take(): Promise<void>
  give(): void
}

export function createPlaces(count: number): Places {
  let free = Math.max(count, 1)
  const queue: (() => void)[] = []
  return {
    async take() {
      if (free > 0) free--
      else await new Promise<void>((turn) => queue.push(turn))
    },
    give() {
      const next = queue.shift()
      if (next) next()
      else free++
    },
  }
}
