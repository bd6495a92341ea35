import type { X509Certificate } from "node:crypto"
import type { TLSSocket } from "node:tls"

/** What the client showed, its own first, DER; empty when it showed nothing. Nobody has verified them. After a resumed session the client's own comes alone. */
export function peerCertificates(socket: TLSSocket): readonly Uint8Array[] {
  const certificates: Uint8Array[] = []
  for (let one: X509Certificate | undefined = socket.getPeerX509Certificate(); one && certificates.length < maxCertificates; one = one.issuerCertificate) certificates.push(one.raw)
  return certificates
}

const maxCertificates = 10
