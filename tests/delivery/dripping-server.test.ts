import { once } from "node:events"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { afterEach, expect, test } from "vitest"
import { createSessionPool } from "../../src/delivery/session-pool.ts"
import { openSmtpSession, type SmtpSession } from "../../src/delivery/smtp-client.ts"

/** A server that says what it is told to, line by line, and keeps on saying one character after the other once it is asked for `drip`. */
let server: Server | undefined
const sockets = new Set<Socket>()
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server?.close()
})
const dripping = async (drip: string): Promise<number> => {
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined)
    socket.write("220 a.xa.example\r\n")
    socket.on("data", (chunk: Buffer) => {
      for (const line of chunk.toString().split("\r\n").filter(Boolean)) {
        if (line.startsWith(drip)) {
          const timer = setInterval(() => socket.write("2"), 20)
          socket.once("close", () => clearInterval(timer))
        } else socket.write(line.startsWith("EHLO") ? "250 a.xa.example\r\n" : "550 5.7.1 no\r\n")
      }
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}
const open = async (port: number): Promise<SmtpSession> => {
  const opened = await openSmtpSession({
    peer: { name: "a.xa.example", address: "127.0.0.1", port }, hostname: "mail.tinh.example", connectTimeoutMs: 2_000, commandTimeoutMs: 200, starttls: "never", tls: {}, signal: new AbortController().signal,
  })
  if (opened.kind !== "open") throw new Error(opened.failure.diagnostic)
  return opened.session
}

test("a session whose server never ends its answer to RSET is left", async () => {
  const session = await open(await dripping("RSET"))
  const refused = await session.send({
    reversePath: "an@tinh.example", recipients: ["bo@xa.example"], bytes: 1, chunks: async function* () { yield Buffer.from("x") }, eightBit: false, requireTls: false, mailParameters: "", rcptParameters: () => "",
  }, new AbortController().signal)
  expect(refused).toMatchObject({ kind: "answered", replies: [{ kind: "failed" }] })
  const pool = createSessionPool()
  pool.give("key", { session, tlsDetails: { policy: "opportunistic", reason: "", version: null, cipher: null, verified: "no", subject: "", fingerprint: "", fault: null } })
  await expect.poll(() => session.isOpen(), { timeout: 3_000 }).toBe(false)
  pool.close()
})

test("an opening whose server never ends its greeting is left", async () => {
  const port = await dripping("EHLO")
  await expect(open(port)).rejects.toThrow("a reply did not end within 0.2 s")
})
