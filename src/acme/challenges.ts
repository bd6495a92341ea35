import { createHash, generateKeyPairSync } from "node:crypto"
import { once } from "node:events"
import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { createServer as createHttpServer, type Server as HttpServer } from "node:http"
import type { Server as NetServer } from "node:net"
import { join } from "node:path"
import { createSecureContext, createServer as createTlsServer, type SecureContext } from "node:tls"
import type { Clock } from "../base/clock.ts"
import { contextPrimitive, octetString } from "../pki/der.ts"
import { writeName } from "../pki/distinguished-name.ts"
import { pem, writeCertificate } from "../pki/write-certificate.ts"
import { extension, subjectAltName } from "../pki/write-extensions.ts"

/**
 * How a name is shown to be ours: a listener that is there while an order is under way, and no longer. It answers for the names and tokens it was
 * told, and nothing else. Must not know: orders, certificates that are served.
 */
export interface ChallengeListener {
  show(proof: Proof): Promise<void>
  close(): Promise<void>
}

export interface Proof {
  readonly name: string
  readonly token: string
  readonly keyAuthorization: string
}

export const challengeTypes = ["http-01", "tls-alpn-01"] as const
export type ChallengeType = (typeof challengeTypes)[number]

export interface ListenAt {
  readonly host: string
  readonly port: number
}

/** Rejects when the port cannot be had. */
export const openChallengeListener = (type: ChallengeType, at: ListenAt, clock: Clock): Promise<ChallengeListener> => (type === "http-01" ? openHttp(at) : openTlsAlpn(at, clock))

/** RFC 8555 §8.3: of base64url characters; what is asked for comes from anywhere, and becomes the name of a file. */
export const isToken = (text: string): boolean => /^[A-Za-z0-9_-]{1,256}$/.test(text)

export const challengePath = "/.well-known/acme-challenge/"

/** For a listener in another process: a file for each token. */
export async function openChallengeFolder(dir: string): Promise<ChallengeListener> {
  // what an order that was broken off has left
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true, mode: 0o700 })
  return {
    show: ({ token, keyAuthorization }) => writeFile(join(dir, token), keyAuthorization, { mode: 0o600 }),
    close: () => rm(dir, { recursive: true, force: true }),
  }
}

/** What `openChallengeFolder` shows for a token, from any process. */
export const readChallenge = (dir: string, token: string): Promise<string | undefined> => (isToken(token) ? readFile(join(dir, token), "latin1").catch(() => undefined) : Promise.resolve(undefined))

/** Authorities look from several places at once, and close at once. */
const maxConnections = 100
const patienceMs = 10_000

/** RFC 8555 §8.3. */
async function openHttp(at: ListenAt): Promise<ChallengeListener> {
  const shown = new Map<string, string>()
  const server = createHttpServer({ maxHeaderSize: 8_192, headersTimeout: patienceMs, requestTimeout: patienceMs, keepAlive: false }, (request, response) => {
    const { method, url = "" } = request
    const text = method === "GET" && url.startsWith(challengePath) ? shown.get(url.slice(challengePath.length)) : undefined
    response.writeHead(text === undefined ? 404 : 200, { "content-type": "application/octet-stream", connection: "close" }).end(text)
  })
  await listen(server, at)
  return {
    show: async ({ token, keyAuthorization }) => void shown.set(token, keyAuthorization),
    close: () => close(server, () => server.closeAllConnections()),
  }
}

const alpnProtocol = "acme-tls/1"
/** RFC 8737 §6.1 */
const acmeIdentifier = "1.3.6.1.5.5.7.1.31"

/** RFC 8737 §3: the proof is in a certificate, of a handshake after which nothing is said. */
async function openTlsAlpn(at: ListenAt, clock: Clock): Promise<ChallengeListener> {
  const shown = new Map<string, SecureContext>()
  const server = createTlsServer({ ALPNProtocols: [alpnProtocol], minVersion: "TLSv1.2", handshakeTimeout: patienceMs, SNICallback: (name, done) => done(null, shown.get(name.toLowerCase())) }, (socket) => socket.end())
  server.on("tlsClientError", (_error, socket) => socket.destroy())
  const sockets = new Set<{ destroy(): unknown }>()
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  await listen(server, at)
  return {
    show: async (proof) => void shown.set(proof.name, proofContext(proof, clock.now())),
    close: () => close(server, () => sockets.forEach((socket) => socket.destroy())),
  }
}

function proofContext({ name, keyAuthorization }: Proof, now: number): SecureContext {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const subject = writeName({ commonName: "ACME challenge" })
  const certificate = writeCertificate({
    subject, issuer: subject, publicKey, notBefore: now - 86_400_000, notAfter: now + 86_400_000, signer: { privateKey },
    extensions: [subjectAltName([contextPrimitive(2, Buffer.from(name, "latin1"))]), extension(acmeIdentifier, true, octetString(createHash("sha256").update(keyAuthorization).digest()))],
  })
  return createSecureContext({ cert: pem("CERTIFICATE", certificate), key: privateKey.export({ type: "pkcs8", format: "pem" }) })
}

async function listen(server: NetServer | HttpServer, { host, port }: ListenAt): Promise<void> {
  server.maxConnections = maxConnections
  server.listen(port, host)
  await once(server, "listening")
  server.on("error", () => undefined)
}

const close = (server: NetServer, endConnections: () => void): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    endConnections()
  })
