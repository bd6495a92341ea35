/** States that a feed calls out, one after the other as the client reads them: of those that come meanwhile only the last. */
export function watched<State>(watch: (told: (state: State) => void) => (() => void) | undefined): ((signal: AbortSignal) => AsyncGenerator<State>) | undefined {
  let latest: { readonly state: State } | undefined
  let wake = (): void => undefined
  const stop = watch((state) => {
    latest = { state }
    wake()
  })
  if (!stop) return undefined
  return async function* (signal) {
    try {
      while (!signal.aborted) {
        const next = latest
        latest = undefined
        if (next) yield next.state
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
            signal.addEventListener("abort", () => resolve(), { once: true })
          })
        }
      }
    } finally {
      stop()
    }
  }
}
