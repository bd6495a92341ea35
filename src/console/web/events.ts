import type { Response } from "express"
import type { ServerEvent } from "./page.ts"

/** Server-sent events (WHATWG HTML §9.2) to one browser. A reader that does not keep up is let go: it comes back by itself. */
const heartbeatMs = 20_000
/** The browser comes back by itself, and whether it still may is asked again. */
const longestMs = 5 * 60_000
const maxBufferedBytes = 256 * 1024

export function serveEvents(response: Response, listen: (send: (event: ServerEvent) => void) => (() => void) | undefined): void {
  let stop: (() => void) | undefined
  const write = (text: string): void => {
    response.write(text)
    if (response.writableLength > maxBufferedBytes) response.destroy()
  }
  response.set({ "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" })
  // before the headers have gone, so that one too many can be told so
  const early: ServerEvent[] = []
  let open = false
  const send = (event: ServerEvent): void => {
    if (!open) early.push(event)
    else if (response.writable) write(eventText(event))
  }
  stop = listen(send)
  if (!stop) {
    response.removeHeader("content-type")
    return void response.status(503).set("retry-after", "30").end()
  }
  response.flushHeaders()
  open = true
  write("retry: 5000\n\n")
  early.forEach(send)
  const heartbeat = setInterval(() => write(": \n\n"), heartbeatMs)
  const end = setTimeout(() => response.end(), longestMs)
  response.on("close", () => {
    clearInterval(heartbeat)
    clearTimeout(end)
    stop?.()
  })
}

const eventText = ({ name, data }: ServerEvent): string => `event: ${name}\n${data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`).join("")}\n`
