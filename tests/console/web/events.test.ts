import { once } from "node:events"
import { createServer, get, type IncomingMessage } from "node:http"
import { afterAll, beforeAll, expect, test } from "vitest"
import { serve, type Serving } from "../../../src/base/serving.ts"
import { createEventStreams } from "../../../src/console/web/events.ts"

let server: Serving
let listening = 0
beforeAll(async () => {
  const streams = createEventStreams({ mostOfOne: 2 })
  const listen = (send: (event: { readonly name: string; readonly data: string }) => void) => {
    listening++
    send({ name: "figures", data: "một\nhai" })
    return () => void listening--
  }
  // "full" stands for a feed that takes nobody any more
  server = await serve(createServer((request, response) => streams.serve(response, { whom: request.url ?? "", listen: request.url === "/full" ? () => undefined : listen })), { host: "127.0.0.1", port: 0 })
})
afterAll(() => server.close())

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
