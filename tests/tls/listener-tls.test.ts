import { once } from "node:events"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import tls, { type TLSSocket } from "node:tls"
import { afterEach, expect, test } from "vitest"
import { type ChangingTls, createListenerTls, keepInStep } from "../../src/tls/listener-tls.ts"
import { ticketKeys } from "../../src/tls/ticket-keys.ts"
import { pairOf, serverPem } from "./server-certificates.ts"

const closing: (() => void)[] = []
afterEach(() => closing.splice(0).forEach((close) => close()))

async function serve(listener: ChangingTls): Promise<number> {
  const server = tls.createServer({ ...listener.serverOptions(), SNICallback: listener.SNICallback }, (socket) => {
    socket.on("error", () => undefined)
    // a ticket of TLS 1.3 comes with the first bytes
    socket.write("x")
    socket.pipe(socket)
  })
  server.on("tlsClientError", () => undefined)
  keepInStep(server, listener)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  closing.push(() => server.close())
  return (server.address() as AddressInfo).port
}

async function connect(port: number, options: tls.ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options })
  socket.on("error", () => undefined)
  closing.push(() => socket.destroy())
  await once(socket, "secureConnect")
  return socket
}

const nameOf = (socket: TLSSocket): string => socket.getPeerX509Certificate()?.subjectAltName ?? ""

test("names are told apart by SNI, and RSA stands beside ECDSA", async () => {
  const pairs = [{ names: ["mail.example"] }, { names: ["mail.example"], kind: "rsa" as const }, { names: ["*.so.example"] }].map((shape) => pairOf(serverPem(shape)))
  const port = await serve(createListenerTls({ pairs }, { service: "imap" }))
  expect(nameOf(await connect(port, { servername: "a.so.example" }))).toBe("DNS:*.so.example")
  expect(nameOf(await connect(port))).toBe("DNS:mail.example")
  expect((await connect(port, { servername: "mail.example" })).getPeerX509Certificate()?.publicKey.asymmetricKeyType).toBe("ec")
  expect((await connect(port, { servername: "mail.example", sigalgs: "rsa_pss_rsae_sha256" })).getPeerX509Certificate()?.publicKey.asymmetricKeyType).toBe("rsa")
})

test("a new certificate is for new connections; those under way go on", async () => {
  const listener = createListenerTls({ pairs: [pairOf(serverPem({ names: ["old.example"] }))] }, { service: "imap" })
  const port = await serve(listener)
  const before = await connect(port)
  await once(before, "data")
  listener.change({ pairs: [pairOf(serverPem({ names: ["new.example"] }))] })
  expect(nameOf(await connect(port))).toBe("DNS:new.example")
  before.write("still here")
  expect(String((await once(before, "data"))[0])).toBe("still here")
  expect(nameOf(before)).toBe("DNS:old.example")
})

/** A session that the server gave away. */
async function sessionOf(port: number, version: "TLSv1.2" | "TLSv1.3"): Promise<Buffer> {
  const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion: version })
  closing.push(() => socket.destroy())
  const [session] = await once(socket, "session")
  return session
}

test.each(["TLSv1.2", "TLSv1.3"] as const)("%s: another process resumes a session, another service and another period do not", async (version) => {
  const pairs = [pairOf(serverPem({ names: ["mail.example"] }))]
  const secret = { period: 1, secret: "07".repeat(32) }
  const imap = createListenerTls({ pairs, ticketKeys: ticketKeys(secret, "imap") }, { service: "imap" })
  const ports = {
    own: await serve(imap),
    sibling: await serve(createListenerTls({ pairs, ticketKeys: ticketKeys(secret, "imap") }, { service: "imap" })),
    smtp: await serve(createListenerTls({ pairs, ticketKeys: ticketKeys(secret, "smtp") }, { service: "smtp" })),
  }
  const session = await sessionOf(ports.own, version)
  const resumes = async (port: number): Promise<boolean> => (await connect(port, { session, maxVersion: version })).isSessionReused()
  expect([await resumes(ports.own), await resumes(ports.sibling), await resumes(ports.smtp)]).toEqual([true, true, false])
  imap.change({ ticketKeys: ticketKeys({ period: 2, secret: "08".repeat(32) }, "imap") })
  expect(await resumes(ports.own)).toBe(false)
})

test.each([
  ["TLS 1.1", { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" }],
  ["CBC", { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA" }],
  ["a key exchange without forward secrecy", { maxVersion: "TLSv1.2", ciphers: "AES256-GCM-SHA384" }],
  ["SHA-1 signatures", { maxVersion: "TLSv1.2", sigalgs: "ECDSA+SHA1", ciphers: "DEFAULT@SECLEVEL=0" }],
] as const)("%s is refused", async (_, options) => {
  const port = await serve(createListenerTls({ pairs: [pairOf(serverPem({ names: ["mail.example"] }))] }, { service: "imap" }))
  await expect(connect(port, options)).rejects.toThrow()
})

test("a renegotiation is refused", async () => {
  const port = await serve(createListenerTls({ pairs: [pairOf(serverPem({ names: ["mail.example"] }))] }, { service: "imap" }))
  const socket = await connect(port, { maxVersion: "TLSv1.2" })
  const error = await new Promise((resolve) => {
    socket.once("error", resolve)
    socket.renegotiate({}, (failure) => resolve(failure))
  })
  expect(String(error)).toMatch(/no renegotiation/i)
})

test("HTTPS agrees on HTTP/1.1 (RFC 7301) and on nothing else", async () => {
  const listener = createListenerTls({ pairs: [pairOf(serverPem({ names: ["mail.example"] }))] }, { service: "web" })
  const server = createServer({ ...listener.serverOptions(), SNICallback: listener.SNICallback }, (_request, response) => void response.end("hello"))
  keepInStep(server, listener)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  closing.push(() => server.close())
  const { port } = server.address() as AddressInfo
  expect((await connect(port, { ALPNProtocols: ["h2", "http/1.1"] })).alpnProtocol).toBe("http/1.1")
  await expect(connect(port, { ALPNProtocols: ["imap"] })).rejects.toThrow()
})
