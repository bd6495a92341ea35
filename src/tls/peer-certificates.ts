import type { DetailedPeerCertificate, TLSSocket } from "node:tls"

/**
 * What the client showed, its own first, each followed by its issuer as far as they came, DER; empty when it showed nothing. Nobody has verified them. After a resumed session the
 * client's own comes alone. Not by `getPeerX509Certificate`: it takes an issuer away from the socket with each call.
 */
export function peerCertificates(socket: TLSSocket): readonly Uint8Array[] {
  const certificates: Uint8Array[] = []
  const seen = new Set<DetailedPeerCertificate>()
  // one that signed itself is its own issuer; without any certificate Node gives an empty object
  let one: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true)
  while (one?.raw && certificates.length < maxCertificates) {
    certificates.push(one.raw)
    const next: DetailedPeerCertificate | undefined = one.issuerCertificate
    one = next && !seen.has(next) && next.raw !== one.raw ? next : undefined
    if (next) seen.add(next)
  }
  return certificates
}

const maxCertificates = 10
