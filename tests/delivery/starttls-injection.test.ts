import { once } from "node:events"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { TLSSocket } from "node:tls"
import { afterEach, expect, test } from "vitest"
import { openSmtpSession } from "../../src/delivery/smtp-client.ts"
import { testTls } from "../support/test-tls.ts"

const tls = await testTls("a.xa.example")
let server: Server | undefined
const sockets = new Set<Socket>()
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server?.close()
})

/** Whoever is on the way adds `injected` to the reply that comes before the handshake; the true server answers EHLO under TLS. */
const between = async (injected: string): Promise<number> => {
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined)
    socket.write("220 a.xa.example\r\n")
    socket.on("data", function clear(chunk: Buffer) {
      if (chunk.toString().startsWith("EHLO")) return void socket.write("250-a.xa.example\r\n250 STARTTLS\r\n")
      socket.off("data", clear)
      socket.write(`220 go\r\n${injected}`)
      const secure = new TLSSocket(socket, { isServer: true, key: tls.key, cert: tls.cert })
      secure.on("error", () => undefined)
      secure.on("data", () => secure.write("250-a.xa.example\r\n250 DSN\r\n"))
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}

const open = (port: number, commandTimeoutMs = 5_000) =>
  openSmtpSession({
    peer: { name: "a.xa.example", address: "127.0.0.1", port }, hostname: "mail.tinh.example", connectTimeoutMs: 2_000, commandTimeoutMs, starttls: "always", tls: { rejectUnauthorized: false }, signal: new AbortController().signal,
  })

test.each([
  ["replies to all that will be asked", "250-a.xa.example\r\n250 REQUIRETLS\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n"],
  ["a piece of a line", "250-REQUIRETLS"],
])("what is said in clear with the answer to STARTTLS is not heard after the handshake: %s (RFC 3207 §6)", async (_, injected) => {
  const port = await between(injected)
  const opened = await open(port)
  if (opened.kind !== "open") throw new Error(opened.failure.diagnostic)
  expect([opened.session.tls !== null, opened.session.offers("DSN"), opened.session.offers("REQUIRETLS")]).toEqual([true, true, false])
  opened.session.end()
})

test("the beginning of a reply that is said in clear ends nowhere, and no session comes of it", async () => {
  const opened = await open(await between("250-a.xa.example\r\n250-REQUIRETLS\r\n"), 300)
  expect(opened).toMatchObject({ kind: "failed" })
})
