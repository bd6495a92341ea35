import type { KeyObject } from "node:crypto"
import { isIPv4, isIPv6 } from "node:net"
import { contextPrimitive } from "./der.ts"
import { type DistinguishedName, writeName } from "./distinguished-name.ts"
import { keyPurpose } from "./key-purpose.ts"
import { pem, writeCertificate } from "./write-certificate.ts"
import { authority, authorityKeyIdentifier, extendedKeyUsage, keyUsage, notAuthority, subjectAltName, subjectKeyIdentifier } from "./write-extensions.ts"

/** One X.509 certificate for TLS, in PEM: of a server, or of the authority above it (RFC 5280). Pure but for the serial number and the signature. */
export interface CertificateRequest {
  readonly subject: DistinguishedName
  readonly publicKey: KeyObject
  readonly issuer: { readonly subject: DistinguishedName; readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  readonly notBefore: number
  readonly notAfter: number
  readonly purpose: { readonly kind: "authority" } | { readonly kind: "server"; readonly names: readonly string[] }
}

export function issueCertificate({ subject, publicKey, issuer, notBefore, notAfter, purpose }: CertificateRequest): string {
  const ends =
    purpose.kind === "authority"
      ? [authority(0), keyUsage(["keyCertSign", "cRLSign"])]
      : // RFC 6125 §6.4: names are matched against subjectAltName, not against the common name
        [notAuthority, keyUsage(["digitalSignature"]), extendedKeyUsage([keyPurpose.serverAuth]), subjectAltName(purpose.names.map(serverName))]
  const der = writeCertificate({
    subject: writeName(subject),
    issuer: writeName(issuer.subject),
    publicKey,
    notBefore,
    notAfter,
    signer: { privateKey: issuer.privateKey },
    extensions: [subjectKeyIdentifier(publicKey), authorityKeyIdentifier(issuer.publicKey), ...ends],
  })
  return pem("CERTIFICATE", der)
}

/** RFC 5280 §4.2.1.6: dNSName is [2], iPAddress is [7] in network order. */
function serverName(name: string): Buffer {
  if (isIPv4(name)) return contextPrimitive(7, Buffer.from(name.split(".").map(Number)))
  if (isIPv6(name)) return contextPrimitive(7, ipv6Octets(name))
  return contextPrimitive(2, Buffer.from(name, "latin1"))
}

function ipv6Octets(text: string): Buffer {
  const [head = "", tail] = text.split("::")
  const words = (part: string): number[] => (part === "" ? [] : part.split(":").map((word) => Number.parseInt(word, 16)))
  const before = words(head)
  const after = tail === undefined ? [] : words(tail)
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
  return Buffer.from(all.flatMap((word) => [word >>> 8, word & 0xff]))
}
