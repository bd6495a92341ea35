/**
 * Shares readings among callers who each want to see what was there when they asked: a reading under way may have begun before
 * that, so those who come meanwhile share the one that begins after it. At most two are ever wanted at once.
 */
export function latestRead<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined
  let next: Promise<T> | undefined
  const start = (): Promise<T> => (reading = read().finally(() => (reading = undefined)))
  return () =>
    reading === undefined
      ? start()
      : (next ??= reading.then(ignore, ignore).then(() => {
          next = undefined
          return reading ?? start()
        }))
}

const ignore = (): void => undefined
