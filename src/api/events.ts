import { once } from "node:events"
import type { Request, Response } from "express"
import type { ServerSentEvent } from "./route.ts"

/** Server-sent events (WHATWG HTML §9.2): one after the other as fast as the client reads them, until they end or it goes away. */
export async function sendEvents(request: Request, response: Response, events: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>): Promise<void> {
  const gone = new AbortController()
  response.on("close", () => gone.abort())
  // it went while its question was still being looked at
  if (response.destroyed) gone.abort()
  // no proxy may gather them
  response.status(200).set({ "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" }).flushHeaders()
  try {
    for await (const event of events(gone.signal)) {
      if (!response.write(eventText(event)) && !gone.signal.aborted) await once(response, "drain", { signal: gone.signal })
    }
  } catch (error) {
    // the client went away; anything else ends the stream, and the client comes again with the last id that it has
    if (!gone.signal.aborted) response.destroy(error instanceof Error ? error : undefined)
  }
  response.end()
  request.socket.setTimeout(0)
}

/** A comment keeps proxies from giving the connection up. */
const eventText = ({ event, id, data }: ServerSentEvent): string => (event === "" ? ":\n\n" : `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
