import { once } from "node:events"
import { createServer, connect, type AddressInfo } from "node:net"
import { expect, test } from "vitest"
import { socketSink } from "../../../src/imap/response/byte-sink.ts"
import { octets, ResponseWriter } from "../../../src/imap/response/writer.ts"
import { memorySink } from "./memory-sink.ts"

test("text is gathered into one chunk, bytes keep their order and are not copied", () => {
  const sink = memorySink()
  const out = new ResponseWriter(sink)
  const literal = Buffer.from("bytes")
  out.text("* 1 FETCH (BODY[] {5}\r\n")
  out.bytes(literal)
  out.text(")")
  out.line("")
  expect(sink.batches).toEqual([])
  out.flush()
  expect(sink.text()).toBe("* 1 FETCH (BODY[] {5}\r\nbytes)\r\n")
  expect(sink.batches).toHaveLength(1)
  expect(sink.batches[0]?.[1]).toBe(literal)
})

test("batches leave by themselves at 64 KiB, and ready waits only when the sink is full", async () => {
  const sink = memorySink(2)
  const out = new ResponseWriter(sink)
  expect(out.ready()).toBeUndefined()
  for (let line = 0; line < 3000; line++) {
    out.line("x".repeat(98))
    await out.ready()
  }
  out.flush()
  expect(sink.batches.length).toBeGreaterThanOrEqual(4)
  expect(sink.batches.length).toBeLessThanOrEqual(6)
  expect(sink.waits).toBe(2)
  expect(sink.text()).toHaveLength(300_000)
})

test("text of any language goes out as UTF-8", () => {
  const sink = memorySink()
  const out = new ResponseWriter(sink)
  out.line(octets("* OK Hộp thư"))
  out.flush()
  expect(Buffer.concat(sink.batches.flat()).toString("utf8")).toBe("* OK Hộp thư\r\n")
})

test("over a socket, a slow reader holds the writer back and gets everything in order", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1")
  const [socket] = await once(server, "connection")
  const out = new ResponseWriter(socketSink(socket))
  const chunk = Buffer.alloc(256 * 1024, 0x61)
  let received = 0
  let waited = 0
  client.pause()
  for (let sent = 0; sent < 64; sent++) {
    out.bytes(chunk)
    const wait = out.ready()
    if (wait) {
      waited++
      expect(socket.writableLength).toBeLessThan(2 * chunk.length)
      if (waited === 1) client.on("data", (data: Buffer) => (received += data.length)).resume()
      await wait
    }
  }
  socket.end()
  await once(client, "close")
  expect(received).toBe(64 * chunk.length)
  expect(waited).toBeGreaterThan(0)
  server.close()
})

test("when the client is gone, waiting ends and the writer says so", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1")
  const [socket] = await once(server, "connection")
  socket.on("error", () => undefined)
  const out = new ResponseWriter(socketSink(socket))
  client.pause()
  while (!out.ready()) out.bytes(Buffer.alloc(1024 * 1024))
  const waiting = out.ready()
  client.destroy()
  await waiting
  await expect.poll(() => out.closed).toBe(true)
  out.line("nobody reads this")
  out.flush()
  server.close()
})
