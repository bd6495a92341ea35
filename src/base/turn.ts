/**
 * The next turn on the event loop, for work of milliseconds. One goes on in each turn, in the order of asking: `setImmediate` by itself would let all who wait go on in
 * the same turn, one after the other, and whatever came in meanwhile would wait for all of them.
 */
const waiting: (() => void)[] = []

export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(serve)
  })

function serve(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(serve)
}
