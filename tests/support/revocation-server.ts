import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import type { DevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { parseCertificate } from "../../src/pki/parse-certificate.ts"
import type { CrlReason, RevokedEntry } from "../../src/pki/write-crl.ts"
import { crlReasons } from "../../src/pki/write-crl.ts"
import { ocspReply, readOcspRequest } from "./ocsp-responder.ts"
import { stampReply } from "./timestamp-authority.ts"

/**
 * What an authority runs for those who check its certificates: CRLs, an OCSP responder and a time-stamping authority over HTTP on loopback,
 * real but for the one machine. It goes down, sends garbage, replays and hangs when told to.
 */
export interface RevocationServer {
  /** To be written into certificates. `http://127.0.0.1:port/signing.crl` and so on. */
  readonly urls: { readonly crl: string; readonly rootCrl: string; readonly ocsp: string; readonly tsa: string }
  /** What `pki.revocation.allow` must say, for it is on a private address. */
  readonly origin: string
  /** Of a certificate of the intermediate, hex serial number. */
  revoke(serialNumber: string, reason?: CrlReason): void
  reinstate(serialNumber: string): void
  /** Connections are refused or cut until `comeUp`. */
  goDown(): void
  comeUp(): void
  /** One path is not found, the others are as before. */
  failOnly(path: string): void
  /** Answers 200 with bytes that are no CRL and no response. */
  corrupt(): void
  /** Answers every question as it first did, like a cache that was left behind. */
  replay(): void
  /** Takes the request and says nothing. */
  hang(): void
  /** Everything as at the start. */
  behave(): void
  /** Paths asked so far. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

export interface RevocationServerOptions {
  readonly ca: DevelopmentSmimeCa
  /** Times of lists and responses; the real ones when absent. */
  readonly now?: () => number
  /** How long lists and responses say they are good for. */
  readonly lastsMs?: number
}

type Mood = "good" | "down" | "corrupt" | "replay" | "hang"

export async function startRevocationServer({ ca, now = () => Date.now(), lastsMs = 86_400_000 }: RevocationServerOptions): Promise<RevocationServer> {
  const responder = helper(ca.responderCertificate())
  const stamper = helper(ca.timestampCertificate())
  const revoked = new Map<string, RevokedEntry>()
  const requests: string[] = []
  let mood: Mood = "good"
  let failing = ""
  let kept = new Map<string, Buffer>()

  const answer = (path: string, body: Buffer): Buffer | undefined => {
    const thisUpdate = Math.floor(now() / 1000) * 1000
    const times = { thisUpdate, nextUpdate: thisUpdate + lastsMs }
    if (path === "/signing.crl") return Buffer.from(ca.crl({ revoked: [...revoked.values()], ...times }))
    if (path === "/root.crl") return Buffer.from(ca.crl({ issuer: "root", revoked: [], ...times }))
    if (path === "/tsa") return stampReply({ request: body, signer: stamper, at: now() })
    if (path !== "/ocsp") return undefined
    const { certId, serialNumber, nonce } = readOcspRequest(body)
    const entry = revoked.get(serialNumber)
    const status = entry ? { revokedAt: entry.revokedAt, ...(entry.reason && { reason: crlReasons[entry.reason] }) } : "good"
    return ocspReply({ certId, status, ...times, nonce, signer: responder })
  }

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? ""
    requests.push(path)
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    if (mood === "down") return void request.socket.destroy()
    if (mood === "hang") return
    if (mood === "corrupt") return void response.end(Buffer.from("<html>Bảo trì hệ thống</html>"))
    const key = `${path} ${body.toString("base64")}`
    const bytes = path === failing ? undefined : mood === "replay" ? kept.get(key) : answer(path, body)
    if (bytes && !kept.has(key)) kept.set(key, bytes)
    response.statusCode = bytes ? 200 : 404
    response.end(bytes)
  }

  const server = createServer((request, response) => void respond(request, response))
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const become = (next: Mood) => () => {
    mood = next
  }
  return {
    urls: { crl: `${origin}/signing.crl`, rootCrl: `${origin}/root.crl`, ocsp: `${origin}/ocsp`, tsa: `${origin}/tsa` },
    origin: `${origin}/`,
    revoke: (serialNumber, reason) => void revoked.set(serialNumber, { serialNumber, revokedAt: Math.floor(now() / 1000) * 1000, ...(reason && { reason }) }),
    reinstate: (serialNumber) => void revoked.delete(serialNumber),
    goDown: become("down"),
    comeUp: become("good"),
    failOnly: (path) => void (failing = path),
    corrupt: become("corrupt"),
    replay: become("replay"),
    hang: become("hang"),
    behave() {
      mood = "good"
      failing = ""
      revoked.clear()
      kept = new Map()
      requests.length = 0
    },
    requests,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

function helper({ certificateDer, privateKey }: ReturnType<DevelopmentSmimeCa["responderCertificate"]>) {
  const certificate = parseCertificate(certificateDer)
  if (!certificate.ok) throw new Error(certificate.failure.detail)
  return { certificate: certificate.value, privateKey }
}
