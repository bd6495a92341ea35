/**
 * The TLS of all listeners of a process: which certificate a client meets, with which keys its session tickets are sealed. Both change while
 * connections go on; they keep what they began with. Must not know: files, protocols.
 */
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
}

export interface ChangingTls extends ListenerTls {
  change(state: Partial<ListenerTlsState>): void
}

export function createListenerTls(state: ListenerTlsState, { service }: ListenerTlsOptions): ChangingTls {
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

/** A server of Node's own holds one context; it takes the new one for connections to come, and stops with the server. */
export function keepInStep(server: Server, tls: ListenerTls): void {
  const stop = tls.onChange(() => server.setSecureContext(tls.serverOptions()))
  server.once("close", stop)
}
