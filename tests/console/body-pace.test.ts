import { createServer, type Server } from "node:http"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { afterEach, expect, test } from "vitest"
import { type BodyPace, bodyPace, creditLeft, guardBodies } from "../../src/console/body-pace.ts"
import { serve, type Serving } from "../../src/base/serving.ts"

const servings: Serving[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const serving of servings.splice(0)) await serving.close()
})

test.each([
  ["nothing in a second", 15_000, 0, 1_000, 14_000],
  ["as much as is asked for", 5_000, 32 * 1024, 1_000, 5_000],
  ["half of it", 5_000, 16 * 1024, 1_000, 4_500],
  ["much at once is worth no more than the whole credit", 15_000, 10_000_000, 1_000, 15_000],
  ["the last of it", 500, 0, 1_000, 0],
])("%s", (_what, credit, bytes, elapsedMs, left) => {
  expect(creditLeft(bodyPace, credit, { bytes, elapsedMs })).toBe(left)
})

test.each([["512 kbit/s", 64_000, true], ["a modem of 56 kbit/s", 7_000, false], ["a byte a second", 1, false]])("10 MiB over %s", (_what, bytesPerSecond, through) => {
  let credit = bodyPace.creditMs
  for (let sent = 0; sent < 10 * 1024 * 1024 && credit > 0; sent += bytesPerSecond) credit = creditLeft(bodyPace, credit, { bytes: bytesPerSecond, elapsedMs: 1_000 })
  expect(credit > 0).toBe(through)
})

interface Paced {
  readonly client: Socket
  /** A second passes for the guard; resolves when the server has had what was sent before. */
  second(): void
  readonly watched: () => number
  readonly received: (bytes: number) => Promise<void>
}

/** A real server and a real connection; only the seconds are the test's. */
async function paced(handle: (server: Server) => void): Promise<Paced> {
  const looks = new Set<() => void>()
  const pace: BodyPace = {
    minBytesPerSecond: 10, creditMs: 3_000, everyMs: 1_000,
    every(_ms, look) {
      looks.add(look)
      return () => void looks.delete(look)
    },
  }
  const server = createServer()
  server.prependListener("request", guardBodies(pace))
  handle(server)
  let seen = 0
  const arrived: (() => void)[] = []
  server.on("connection", (socket) => socket.on("data", (chunk: Buffer) => {
    seen += chunk.length
    for (const one of arrived) one()
  }))
  const serving = await serve(server, { host: "127.0.0.1", port: 0 })
  servings.push(serving)
  const client = connect(serving.port, "127.0.0.1")
  sockets.push(client)
  client.on("error", () => undefined)
  await once(client, "connect")
  return {
    client, second: () => looks.forEach((look) => look()), watched: () => looks.size,
    received: (bytes) => new Promise((done) => {
      const look = (): void => void (seen >= bytes && done())
      arrived.push(look)
      look()
    }),
  }
}

const head = (length: number): string => `POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length: ${length}\r\n\r\n`

/** Reads all, then answers. */
const reader = (server: Server): unknown =>
  server.on("request", (request, response) => {
    request.on("data", () => undefined)
    request.on("end", () => response.end("taken"))
    request.on("error", () => undefined)
  })

test("a body that comes slowly and steadily is taken, and nothing watches it afterwards", async () => {
  const { client, second, watched, received } = await paced(reader)
  client.write(head(100))
  for (let sent = 0; sent < 100; sent += 10) {
    client.write("x".repeat(10))
    await received(head(100).length + sent + 10)
    second()
  }
  const [answer] = (await once(client, "data")) as [Buffer]
  expect(answer.toString()).toContain("taken")
  expect(watched()).toBe(0)
})

test("a client that stops, or drips, is let go, also one that began in a hurry", async () => {
  for (const first of ["x", "x".repeat(90)]) {
    const { client, second, received } = await paced(reader)
    client.write(head(100) + first)
    await received(head(100).length + first.length)
    const closed = once(client, "close")
    // the credit, and what the first second brings
    for (let n = 0; n < 4; n++) second()
    await closed
  }
})

test("what we are slow to read is not the client's fault; a request without a body is not watched", async () => {
  const held: { readonly resume: () => void }[] = []
  const { client, second, watched, received } = await paced((server) =>
    server.on("request", (request, response) => {
      held.push(request)
      request.on("end", () => response.end("taken"))
    }),
  )
  client.write(head(5))
  await received(head(5).length)
  for (let n = 0; n < 10; n++) second()
  client.write("xxxxx")
  await received(head(5).length + 5)
  held[0]?.resume()
  const [answer] = (await once(client, "data")) as [Buffer]
  expect(answer.toString()).toContain("taken")
  const get = "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n"
  client.write(get)
  await received(head(5).length + 5 + get.length)
  expect(watched()).toBe(0)
})
