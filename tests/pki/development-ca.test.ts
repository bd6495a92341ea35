import { once } from "node:events"
import { X509Certificate } from "node:crypto"
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, createServer } from "node:tls"
import { afterEach, beforeEach, expect, test } from "vitest"
import { ensureDevelopmentCertificates } from "../../src/pki/development-ca.ts"

const start = Date.parse("2026-11-01T00:00:00Z")
const day = 86_400_000
const names = ["mail.tinh.example", "localhost", "127.0.0.1", "::1"]
let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-pki-"))
})
afterEach(() => rm(dir, { recursive: true }))

const ensure = (now = start, wanted = names) => ensureDevelopmentCertificates({ dir, names: wanted, clock: { now: () => now } })

test("a client that trusts the CA file accepts the server by name and by address", async () => {
  // the verifier looks at the real clock
  const files = await ensure(Date.now())
  const [ca, cert, key] = await Promise.all([files.caFile, files.certificateFile, files.keyFile].map((file) => readFile(file)))
  const server = createServer({ cert: cert ?? "", key: key ?? "" }, (socket) => socket.end())
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  for (const servername of ["mail.tinh.example", "localhost", ""]) {
    const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", ca: ca ?? "", ...(servername && { servername }) })
    await once(socket, "secureConnect")
    expect(socket.authorized).toBe(true)
    socket.destroy()
  }
  server.close()
})

test("every name is in the certificate, and it is a server's and no CA", async () => {
  const files = await ensure()
  const certificate = new X509Certificate(await readFile(files.certificateFile))
  expect(certificate.subjectAltName).toBe("DNS:mail.tinh.example, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1")
  expect(certificate.ca).toBe(false)
  const ca = new X509Certificate(await readFile(files.caFile))
  expect(ca.ca).toBe(true)
  expect(certificate.checkIssued(ca)).toBe(true)
})

test("keys are readable by their owner only", async () => {
  const files = await ensure()
  for (const file of [files.keyFile, join(dir, "ca.key")]) expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test("a second start changes nothing", async () => {
  const files = await ensure()
  const before = await readFile(files.certificateFile, "utf8")
  await ensure(start + day)
  expect(await readFile(files.certificateFile, "utf8")).toBe(before)
})

test.each([
  ["is about to end", async () => ensure(start + 340 * day)],
  ["lacks a name", async () => ensure(start, [...names, "other.tinh.example"])],
  ["has lost its key", async () => {
    await rm(join(dir, "server.key"))
    return ensure()
  }],
  ["is cut short", async () => {
    await writeFile(join(dir, "server.pem"), "-----BEGIN CERTIFICATE-----\nMIIB")
    return ensure()
  }],
])("a server certificate that %s is made anew under the same CA", async (_name, again) => {
  const first = await ensure()
  const [ca, certificate] = [await readFile(first.caFile, "utf8"), await readFile(first.certificateFile, "utf8")]
  const files = await again()
  expect(await readFile(files.caFile, "utf8")).toBe(ca)
  expect(await readFile(files.certificateFile, "utf8")).not.toBe(certificate)
})
