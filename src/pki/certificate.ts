/**
 * An X.509 certificate as the rest of the program sees it (RFC 5280): parsed once, immutable, comparable by its fingerprint.
 * Pure data; how it is read from bytes is parse-certificate.ts. Must not know: who holds it, whether it is trusted.
 */
export interface Certificate {
  readonly der: Uint8Array
  /** SHA-256 of the DER, lower case hex: what the registry and all caches know a certificate by. */
  readonly fingerprint: string
  /** Lower case hex, without leading zero octets. */
  readonly serialNumber: string
  /** RFC 4514 text for people, and the DER of the Name for comparing. */
  readonly subject: DistinguishedNameText
  readonly issuer: DistinguishedNameText
  /** Milliseconds since the epoch, both inclusive (RFC 5280 §4.1.2.5). */
  readonly notBefore: number
  readonly notAfter: number
  /** DER of SubjectPublicKeyInfo, for `createPublicKey`. */
  readonly publicKeyInfo: Uint8Array
  readonly key: KeySummary
  /** rfc822Name and SmtpUTF8Mailbox (RFC 9598) of subjectAltName, and emailAddress of the subject (RFC 8550 §3); canonical addresses. */
  readonly addresses: readonly string[]
  /** How its issuer signed it. */
  readonly signature: SignatureAlgorithm
  /** By OID, those of which the rest is read out included: path validation asks which ones are critical (RFC 5280 §4.2). */
  readonly extensions: ReadonlyMap<string, CertificateExtension>
  /** Bits by name, null when the extension is absent (RFC 5280 §4.2.1.3). */
  readonly keyUsage: ReadonlySet<KeyUsageBit> | null
  /** OIDs, null when the extension is absent (RFC 5280 §4.2.1.12). */
  readonly extendedKeyUsage: ReadonlySet<string> | null
  readonly isAuthority: boolean
  readonly pathLength: number | null
  readonly subjectKeyIdentifier: string | null
  readonly authorityKeyIdentifier: string | null
  /** Where lists that speak of it are said to be (RFC 5280 §4.2.1.13), and the deltas to them (§4.2.1.15). */
  readonly crlPoints: readonly CrlPoint[]
  readonly deltaPoints: readonly CrlPoint[]
  /** Its issuer's OCSP responders (RFC 5280 §4.2.2.1). */
  readonly ocspUrls: readonly string[]
  readonly issuerUrls: readonly string[]
}

export interface CertificateExtension {
  readonly critical: boolean
  /** DER of the value, the OCTET STRING around it taken off. */
  readonly value: Uint8Array
}

export interface CrlPoint {
  /** DER of the name of whoever makes the lists there: the issuer, or the cRLIssuer that is named instead. */
  readonly lister: Uint8Array
  readonly urls: readonly string[]
}

/** What an AlgorithmIdentifier of a signature says, in words. */
export interface SignatureAlgorithm {
  readonly scheme: "rsa" | "rsaPss" | "ecdsa" | "ed25519" | "ed448" | "other"
  /** As node:crypto names it ("sha256"); empty where the scheme has its own (Ed25519) or it is not known. */
  readonly digest: string
  readonly oid: string
}

export interface DistinguishedNameText {
  readonly text: string
  readonly der: Uint8Array
  /** Common name, empty when there is none: what people know a holder by. */
  readonly commonName: string
}

export interface KeySummary {
  readonly kind: "rsa" | "ec" | "ed25519" | "ed448" | "other"
  /** Modulus or field size. */
  readonly bits: number
  /** "P-256" and the like for `ec`, otherwise empty. */
  readonly curve: string
}

export type KeyUsageBit =
  | "digitalSignature" | "nonRepudiation" | "keyEncipherment" | "dataEncipherment" | "keyAgreement" | "keyCertSign" | "cRLSign" | "encipherOnly" | "decipherOnly"
