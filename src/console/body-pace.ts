import type { IncomingMessage } from "node:http"

/**
 * Uploads over slow lines come through, and connections that send next to nothing do not stay: a body has a time to its credit, which passes, and which
 * bytes that arrive refill. So N bytes take at most `creditMs` + N / `minBytesPerSecond`. Headers have timeouts of their own. Must not know: HTTP paths.
 */
export interface BodyPace {
  readonly minBytesPerSecond: number
  /** The most that can be to a body's credit, and what it begins with. */
  readonly creditMs: number
  readonly everyMs: number
  /** Calls until the function it returns is called. */
  readonly every?: (ms: number, look: () => void) => () => void
}

/** Half of what a line of 512 kbit/s carries. */
export const bodyPace: BodyPace = { minBytesPerSecond: 32 * 1024, creditMs: 15_000, everyMs: 1_000 }

/** Pure. What is left of the credit; at 0 it is over. */
export const creditLeft = ({ minBytesPerSecond, creditMs }: BodyPace, credit: number, { bytes, elapsedMs }: { readonly bytes: number; readonly elapsedMs: number }): number =>
  Math.max(0, Math.min(creditMs, credit - elapsedMs + (bytes / minBytesPerSecond) * 1000))

/** A listener for the server's requests, to stand before all others. */
export const guardBodies =
  (pace: BodyPace) =>
  (request: IncomingMessage): void => {
    const { "content-length": length, "transfer-encoding": coding } = request.headers
    if (coding === undefined && (length === undefined || length === "0")) return
    const { socket } = request
    let credit = pace.creditMs
    let read = socket.bytesRead
    const stop = (pace.every ?? everyInterval)(pace.everyMs, () => {
      const bytes = socket.bytesRead - read
      read += bytes
      // nobody takes it now: it is we who are slow
      if (request.readableFlowing !== true && bytes === 0) return
      credit = creditLeft(pace, credit, { bytes, elapsedMs: pace.everyMs })
      if (credit === 0) socket.destroy()
    })
    request.once("close", stop)
    request.once("end", stop)
  }

function everyInterval(ms: number, look: () => void): () => void {
  const timer = setInterval(look, ms)
  timer.unref()
  return () => clearInterval(timer)
}
