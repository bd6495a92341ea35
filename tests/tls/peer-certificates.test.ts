import { once } from "node:events"
import type { AddressInfo } from "node:net"
import tls from "node:tls"
import { expect, onTestFinished, test } from "vitest"
import { parseCertificate } from "../../src/pki/parse-certificate.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { askForCertificate, createListenerTls } from "../../src/tls/listener-tls.ts"
import { peerCertificates } from "../../src/tls/peer-certificates.ts"
import { authorityOf, day, holderOf, type Issued } from "../support/test-pki.ts"
import { pairOf, serverPem } from "./server-certificates.ts"

const lasts = { from: Date.now() - day, to: Date.now() + day }
const root = authorityOf({ name: "root", ...lasts })
const upper = authorityOf({ name: "upper", by: root, ...lasts })
const lower = authorityOf({ name: "lower", by: upper, ...lasts })
const client = holderOf({ name: "client", by: lower, ...lasts })
const alone = authorityOf({ name: "alone", ...lasts })

const text = (...issued: readonly Issued[]): string => issued.map(({ certificate }) => pem("CERTIFICATE", certificate.der)).join("")

const nameOf = (der: Uint8Array): string => {
  const certificate = parseCertificate(der)
  return certificate.ok ? certificate.value.subject.commonName : certificate.failure.detail
}

test.each([
  ["its chain", [client, lower, upper], ["client", "lower", "upper"]],
  ["its chain and the anchor", [client, lower, upper, root], ["client", "lower", "upper", "root"]],
  ["its certificate alone", [client], ["client"]],
  ["one that signed itself", [alone], ["alone"]],
  ["nothing", [], []],
])("of a client that shows %s all is there, whenever asked", async (_, shown, expected) => {
  const listener = createListenerTls({ pairs: [pairOf(serverPem({ names: ["mail.example"] }))] }, { service: "imap" })
  const server = tls.createServer({ ...listener.serverOptions(), ...askForCertificate })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => void server.close())
  const [own] = shown
  const key = own?.privateKey.export({ type: "pkcs8", format: "pem" })
  const socket = tls.connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", rejectUnauthorized: false, ...(key && { cert: text(...shown), key }) })
  onTestFinished(() => void socket.destroy())
  const [served] = (await once(server, "secureConnection")) as [tls.TLSSocket]
  for (const turn of [1, 2]) expect(peerCertificates(served).map(nameOf), `turn ${turn}`).toEqual(expected)
  served.destroy()
})
