/** Who answered a handshake, before any command is sent to it. Reads the socket; must not know: what is demanded of the peer. */
import { isIP } from "node:net"
import { X509Certificate } from "node:crypto"
import type { TLSSocket } from "node:tls"
import { oneLine } from "./smtp-reply.ts"

export interface TlsPeer {
  /** "TLSv1.3" */
  readonly version: string
  readonly cipher: string
  /** DER, the peer's own first, then each one's issuer as far as the peer sent them. Empty: it showed none. */
  readonly chain: readonly Uint8Array[]
  /** RFC 4514-like text and lower case hex of SHA-256, of the peer's own certificate; empty without one. */
  readonly subject: string
  readonly fingerprint: string
  /** Why the authorities that were offered to the handshake do not vouch for it, in OpenSSL's word; null when they do. Names are not looked at. */
  readonly trustProblem: string | null
}

/** Longer chains are somebody's joke. */
const maxChain = 10

export function readPeer(socket: TLSSocket): TlsPeer {
  const own = socket.getPeerX509Certificate()
  const chain: Uint8Array[] = []
  for (let next = own; next && chain.length < maxChain; next = next.issuerCertificate) chain.push(next.raw)
  return {
    version: socket.getProtocol() ?? "TLS",
    cipher: socket.getCipher().name,
    chain,
    subject: oneLine((own?.subject ?? "").replaceAll("\n", ", ")).toWellFormed(),
    fingerprint: (own?.fingerprint256 ?? "").replaceAll(":", "").toLowerCase(),
    trustProblem: socket.authorized ? null : String(socket.authorizationError),
  }
}

export interface NameRule {
  /** Whether the subject's common name counts where there is no dNSName at all (RFC 7672 §3.2.2). */
  readonly commonName: boolean
}

/** Whether the certificate is for one of the names; a name that begins with a dot stands for every name below it. A wildcard is a whole first label and matches one (RFC 6125 §6.4.3). */
export function isCertificateFor(der: Uint8Array, names: readonly string[], { commonName }: NameRule): boolean {
  const certificate = new X509Certificate(der)
  const subject = commonName ? "default" : "never"
  return names.some((name) => (isIP(name) === 0 ? certificate.checkHost(name, { subject, partialWildcards: false }) : certificate.checkIP(name)) !== undefined)
}
