/**
 * Results of `work` on each item, in order, with up to `ahead` more begun before they are asked for. What was begun and is
 * not wanted any more goes to `discard`.
 */
export async function* lookAhead<T, R>(
  items: Iterable<T>,
  options: { readonly ahead: number; readonly work: (item: T) => Promise<R>; readonly discard: (result: R) => void },
): AsyncGenerator<R> {
  const source = items[Symbol.iterator]()
  const begun: Promise<R>[] = []
  const begin = (): void => {
    const next = source.next()
    if (next.done) return
    const result = options.work(next.value)
    // A failure is met when its turn comes; until then it must not count as unhandled.
    result.catch(() => undefined)
    begun.push(result)
  }
  try {
    for (let count = 0; count < options.ahead; count++) begin()
    for (;;) {
      begin()
      const result = begun.shift()
      if (!result) return
      yield await result
    }
  } finally {
    for (const result of begun) result.then(options.discard, () => undefined)
  }
}
