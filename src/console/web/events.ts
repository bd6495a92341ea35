import type { ServerResponse } from "node:http"
import type { ServerEvent } from "./page.ts"

/** Server-sent events (WHATWG HTML §9.2) to one browser. A reader that does not keep up is let go: it comes back by itself. */
const heartbeatMs = 20_000
/** The browser comes back by itself, and whether it still may is asked again. */
const usualLongestMs = 60_000
const maxBufferedBytes = 256 * 1024

/** Feeds have room for so many readers in all: one session must not take it. */
const usualMost = 6

export const eventStreamType = "text/event-stream"
/** All that a browser hears that may listen no more: its page loads anew, and meets what stands in the way. A redirection would only end the stream, unseen (WHATWG HTML §9.2.3). */
export const overText = "event: over\ndata:\n\n"

export type Listen = (send: (event: ServerEvent) => void) => (() => void) | undefined

export interface EventStreams {
  /** `whom`: the session. 503 where it or the feed has too many open. */
  serve(response: ServerResponse, stream: { readonly whom: string; readonly listen: Listen }): void
}

export function createEventStreams({ mostOfOne = usualMost, longestMs = usualLongestMs } = {}): EventStreams {
  const open = new Map<string, number>()
  return {
    serve(response, { whom, listen }) {
      // the client went while its question was looked at
      if (response.destroyed) return
      const held = open.get(whom) ?? 0
      // behind another answer of its connection (RFC 9112 §9.3.2) it would not hear that the client has gone
      const stop = held < mostOfOne && response.socket !== null ? serveEvents(response, { listen, longestMs }) : undefined
      if (!stop) return void response.writeHead(503, { "retry-after": "30" }).end()
      open.set(whom, held + 1)
      response.on("close", () => {
        stop()
        const left = (open.get(whom) ?? 1) - 1
        if (left > 0) open.set(whom, left)
        else open.delete(whom)
      })
    },
  }
}

/** What ends it; undefined: the feed takes no more listeners, and nothing has been sent. */
function serveEvents(response: ServerResponse, { listen, longestMs }: { readonly listen: Listen; readonly longestMs: number }): (() => void) | undefined {
  const write = (text: string): void => {
    // over, and not closed yet: it would be an error that nobody listens to, which ends the process
    if (response.writableEnded) return
    response.write(text)
    if (response.writableLength > maxBufferedBytes) response.destroy()
  }
  // before the headers have gone, so that one too many can be told so
  const early: ServerEvent[] = []
  let open = false
  const send = (event: ServerEvent): void => {
    if (!open) early.push(event)
    else write(eventText(event))
  }
  const stop = listen(send)
  if (!stop) return undefined
  response.writeHead(200, { "content-type": `${eventStreamType}; charset=utf-8`, "x-accel-buffering": "no" }).flushHeaders()
  open = true
  write("retry: 5000\n\n")
  early.forEach(send)
  const heartbeat = setInterval(() => write(": \n\n"), heartbeatMs)
  const end = setTimeout(() => response.end(), longestMs)
  return () => {
    clearInterval(heartbeat)
    clearTimeout(end)
    stop()
  }
}

const eventText = ({ name, data }: ServerEvent): string => `event: ${name}\n${data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`).join("")}\n`
