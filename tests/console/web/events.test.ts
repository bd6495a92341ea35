import { once } from "node:events"
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http"
import { connect } from "node:net"
import { afterAll, beforeAll, expect, test } from "vitest"
import { serve, type Serving } from "../../../src/base/serving.ts"
import { createEventStreams, type Listen } from "../../../src/console/web/events.ts"

let server: Serving
const listened: (string | undefined)[] = []
/** An error of an answer that nobody listens to ends the process. */
const faults: Error[] = []
const served: unknown[] = []
const heard: string[] = []
beforeAll(async () => {
  const streams = createEventStreams({ mostOfOne: 2 })
  const listen = (url: string | undefined): Listen => (send) => {
    listened.push(url)
    send({ name: "figures", data: "một\nhai" })
    return () => undefined
  }
  // "full" stands for a feed that takes nobody any more
  const serveOne = (request: IncomingMessage, response: ServerResponse) => streams.serve(response, { whom: request.url ?? "", listen: request.url === "/full" ? () => undefined : listen(request.url) })
  const brief = createEventStreams({ longestMs: 1 })
  server = await serve(
    createServer((request, response) => {
      response.on("error", (error) => faults.push(error))
      // the server is still looking at the question when the client goes
      if (request.url === "/gone") request.socket.once("close", () => setImmediate(() => served.push(serveOne(request, response))))
      else if (request.url === "/never") heard.push("never")
      else if (request.url === "/brief") brief.serve(response, { whom: "", listen: (send) => sendsAtTheEnd(response, send) })
      else serveOne(request, response)
    }),
    { host: "127.0.0.1", port: 0 },
  )
})
afterAll(() => server.close())

/** A feed that has something to say at the very moment at which the stream is over. */
function sendsAtTheEnd(response: ServerResponse, send: Parameters<Listen>[0]): () => void {
  const end = response.end.bind(response)
  response.end = () => {
    end()
    send({ name: "figures", data: "muộn" })
    return response
  }
  return () => undefined
}

const open = (path: string): Promise<IncomingMessage> => new Promise((resolve, reject) => void get({ host: "127.0.0.1", port: server.port, path, agent: false }, resolve).on("error", reject))

test("events go out as they are, each line as data", async () => {
  const answer = await open("/an")
  let text = ""
  answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
  while (!text.includes("hai")) await once(answer, "data")
  expect([answer.statusCode, answer.headers["content-type"], text]).toEqual([200, "text/event-stream; charset=utf-8", "retry: 5000\n\nevent: figures\ndata: một\ndata: hai\n\n"])
  answer.destroy()
})

test("one session holds so many and no more, others are not kept out by it, and what has ended counts no longer", async () => {
  const held = [await open("/binh"), await open("/binh")]
  const refused = await open("/binh")
  expect([refused.statusCode, refused.headers["retry-after"], (await open("/cuc")).statusCode]).toEqual([503, "30", 200])
  refused.resume()
  held[0]?.destroy()
  let again = await open("/binh")
  // the server hears of the end in its own time
  while (again.statusCode === 503) again = await open("/binh")
  expect(again.statusCode).toBe(200)
})

test("a feed that is full counts for nobody", async () => {
  for (let times = 0; times < 4; times++) expect((await open("/full")).resume().statusCode).toBe(503)
})

test("what a feed says when the stream has just ended goes nowhere, and ends no process", async () => {
  const answer = await open("/brief")
  let text = ""
  for await (const chunk of answer) text += String(chunk)
  expect([text, faults]).toEqual(["retry: 5000\n\n", []])
})

test("a client that went before it was answered holds nothing", async () => {
  for (let times = 1; times <= 3; times++) {
    const asked = get({ host: "127.0.0.1", port: server.port, path: "/gone", agent: false }).on("error", () => undefined)
    await once(asked, "finish")
    await expect.poll(() => asked.socket?.readyState).toBe("open")
    asked.destroy()
    await expect.poll(() => served.length).toBe(times)
  }
  expect(listened).not.toContain("/gone")
})

test("a stream that would stand behind another answer of its connection is refused: the end of that would not be heard of", async () => {
  const socket = connect(server.port, "127.0.0.1")
  socket.write("GET /never HTTP/1.1\r\nHost: a\r\n\r\nGET /dinh HTTP/1.1\r\nHost: a\r\n\r\n")
  await expect.poll(() => heard).toEqual(["never"])
  await (await open("/full")).resume()
  socket.destroy()
  expect([listened.includes("/dinh"), faults]).toEqual([false, []])
})
