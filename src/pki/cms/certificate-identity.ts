import { createHash, type KeyObject, X509Certificate } from "node:crypto"
import { ByteCache } from "../../base/byte-cache.ts"
import { encodingOf, integerOctets, isContext, itemsOf, octetsOf, oidOf, parseAsn1, sequenceOf, serialText } from "./asn1.ts"
import { CmsError } from "./cms-error.ts"
import { oids } from "./oid.ts"
import type { SignerIdentifier } from "./signer-info.ts"

/** What a signer is found by, and the key to verify with. All else about a certificate is for those who judge it. */
export interface CertificateIdentity {
  readonly der: Buffer
  /** SHA-256 of the DER, lower case hex. */
  readonly fingerprint: string
  readonly issuerDer: Buffer
  readonly serialNumber: string
  readonly subjectKeyIdentifier: string | null
  /** Milliseconds since the epoch; NaN for what is no date. */
  readonly notBefore: number
  readonly notAfter: number
  readonly publicKey: KeyObject
}

/** Reading one costs half a millisecond, and the same few hundred sign all day. */
const known = new ByteCache<string, CertificateIdentity>(8 * 1024 * 1024)

/** Undefined for what is no certificate that can be read. */
export function certificateIdentity(der: Buffer): CertificateIdentity | undefined {
  const fingerprint = createHash("sha256").update(der).digest("hex")
  const before = known.get(fingerprint)
  if (before) return before
  const identity = read(der, fingerprint)
  // the key object and OpenSSL's copy weigh some kilobytes
  if (identity) known.set(fingerprint, identity, der.length + 4_096)
  return identity
}

function read(der: Buffer, fingerprint: string): CertificateIdentity | undefined {
  try {
    // RFC 5280 §4.1: [0] version, serialNumber, signature, issuer, …, [3] extensions
    const items = sequenceOf(sequenceOf(parseAsn1(der))[0])
    const first = isContext(items[0], 0) ? 1 : 0
    const issuer = items[first + 2]
    if (!issuer) return undefined
    const x509 = new X509Certificate(der)
    const extensions = items.find((item) => isContext(item, 3))
    return {
      der, fingerprint, issuerDer: encodingOf(issuer), serialNumber: serialText(integerOctets(items[first])),
      subjectKeyIdentifier: extensions ? keyIdentifier(sequenceOf(itemsOf(extensions)[0])) : null,
      notBefore: Date.parse(x509.validFrom), notAfter: Date.parse(x509.validTo), publicKey: x509.publicKey,
    }
  } catch (error) {
    // node:crypto says in its own words what it cannot read
    if (error instanceof CmsError || (error instanceof Error && "code" in error)) return undefined
    throw error
  }
}

function keyIdentifier(extensions: ReturnType<typeof sequenceOf>): string | null {
  for (const extension of extensions) {
    const items = sequenceOf(extension)
    if (oidOf(items[0]) === oids.subjectKeyIdentifier) return octetsOf(parseAsn1(octetsOf(items.at(-1)))).toString("hex")
  }
  return null
}

/** RFC 5652 §5.3: by issuer and serial number, or by subject key identifier. */
export const isSigner = (certificate: CertificateIdentity, identifier: SignerIdentifier): boolean =>
  identifier.kind === "issuerAndSerial"
    ? certificate.serialNumber === identifier.serialNumber && certificate.issuerDer.equals(identifier.issuerDer)
    : certificate.subjectKeyIdentifier === identifier.keyIdentifier
