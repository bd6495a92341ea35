/**
 * The TLS of all listeners of a process: which certificate a client meets, with which keys its session tickets are sealed. Both change while
 * connections go on; they keep what they began with. Must not know: files, protocols.
 */
import { createHash } from "node:crypto"
import type { Server as NetServer } from "node:net"
import { createSecureContext, type SecureContext, type SecureContextOptions, type Server, type TlsOptions } from "node:tls"
import type { CertificatePair } from "./certificate-pair.ts"
import { defaultPairs, pairForName } from "./choose-pairs.ts"
import { serverSuites } from "./suites.ts"

/** What a listener needs to know. */
export interface ListenerTls {
  /** For a handshake that begins now. */
  context(): SecureContext
  /** Another one for a client that asks for another name: an option of `TLSSocket` and of servers. */
  readonly SNICallback: NonNullable<TlsOptions["SNICallback"]>
  /** The same for `tls.createServer`, `https.createServer` and their `setSecureContext`, without SNI. */
  serverOptions(): TlsOptions
  /** What the authority says of the certificate of a handshake (DER), where that is known: answers `OCSPRequest`, at once. */
  readonly stapled: (certificate: Buffer) => Buffer | null
  /** Something of it has changed: servers that hold a context of their own take a new one. Returns how to stop listening. */
  onChange(listener: () => void): () => void
}

export interface ListenerTlsState {
  /** At least one; the first is for clients that ask for no name, or for one that nobody has. */
  readonly pairs: readonly CertificatePair[]
  /** 48 bytes, see ticket-keys.ts; absent: OpenSSL's own, of this process alone. */
  readonly ticketKeys?: Buffer
}

export interface ListenerTlsOptions {
  /** Sessions of one service are not resumed at another. */
  readonly service: string
  /** DER of the OCSP response about a certificate (SHA-256, lower case hex); undefined: none to show. */
  readonly ocspResponse?: (fingerprint: string) => Buffer | undefined
}

export interface ChangingTls extends ListenerTls {
  change(state: Partial<ListenerTlsState>): void
}

export function createListenerTls(state: ListenerTlsState, { service, ocspResponse }: ListenerTlsOptions): ChangingTls {
  const listeners = new Set<() => void>()
  let current = state
  let contexts = new Map<string, SecureContext>()
  const optionsFor = (pairs: readonly CertificatePair[]): SecureContextOptions => ({
    ...serverSuites,
    cert: pairs.map(({ cert }) => cert),
    key: pairs.map(({ key }) => key),
    sessionIdContext: `congthu ${service}`,
    ...(current.ticketKeys && { ticketKeys: current.ticketKeys }),
    // client certificates are judged elsewhere; once OpenSSL finds a path of its own, Node shows nothing between the client's certificate and the anchor
    ca: [],
  })
  const contextOf = (pairs: readonly CertificatePair[]): SecureContext => {
    const key = pairs.map(({ fingerprint }) => fingerprint).join(" ")
    const known = contexts.get(key)
    if (known) return known
    const made = createSecureContext(optionsFor(pairs))
    contexts.set(key, made)
    return made
  }
  return {
    context: () => contextOf(defaultPairs(current.pairs)),
    SNICallback(name, done) {
      const pair = pairForName(current.pairs, name)
      done(null, pair && contextOf([pair]))
    },
    serverOptions: () => optionsFor(defaultPairs(current.pairs)),
    stapled(certificate) {
      const fingerprint = createHash("sha256").update(certificate).digest("hex")
      const everybodys = defaultPairs(current.pairs)
      // RSA beside ECDSA: OpenSSL chooses later than it asks, and a response about the other would be worse than none
      return everybodys.length > 1 && everybodys.some((pair) => pair.fingerprint === fingerprint) ? null : (ocspResponse?.(fingerprint) ?? null)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    change(next) {
      current = { ...current, ...next }
      contexts = new Map()
      for (const listener of listeners) listener()
    },
  }
}

/** For a socket or server whose clients may show a certificate. One that is wrong is no reason to end a handshake: the client may have a password. */
export const askForCertificate = { requestCert: true, rejectUnauthorized: false } as const

/** RFC 6066 §8: clients that ask are shown what the authority says of the certificate, if it is known. */
export function stapleAt(server: NetServer, { stapled }: Pick<ListenerTls, "stapled">): void {
  server.on("OCSPRequest", (certificate: Buffer, _issuer: Buffer | null, answer: (error: Error | null, response: Buffer | null) => void) => answer(null, stapled(certificate)))
}

/** A server of Node's own holds one context; it takes the new one for connections to come, and stops with the server. */
export function keepInStep(server: Server, tls: ListenerTls): void {
  const stop = tls.onChange(() => server.setSecureContext(tls.serverOptions()))
  server.once("close", stop)
  stapleAt(server, tls)
}
