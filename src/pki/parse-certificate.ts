/**
 * X.509 certificates from their DER (RFC 5280 §4). asn1js reads the structure, node:crypto the key; both must agree that the bytes
 * are one certificate. Hostile bytes give a failure, never an exception. Parsed ones are remembered: they never change, and the
 * same few come with every message. Must not know: who holds a certificate, whether it is trusted.
 */
import { hash, X509Certificate } from "node:crypto"
import { ByteCache } from "../base/byte-cache.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { Asn1SyntaxError, type Asn1, expectTag, hex, maxCertificateNodes, readAsn1, sequenceItems, taggedItem, timeOf } from "./asn1.ts"
import type { Certificate, KeySummary } from "./certificate.ts"
import { derTag } from "./der.ts"
import { emailAttribute, nameText, readNameAttributes } from "./distinguished-name.ts"
import {
  alternativeMailboxes, canonicalMailboxes, readAccessUrls, readAuthorityKeyIdentifier, readBasicConstraints, readCrlPoints, readExtendedKeyUsage, readExtensions, readKeyUsage,
  readSubjectKeyIdentifier,
} from "./read-extensions.ts"
import { readSignatureAlgorithm } from "./signature-algorithm.ts"

export interface CertificateFailure {
  readonly kind: "tooLarge" | "malformed"
  /** One English phrase after "the certificate". */
  readonly detail: string
}

export const maxCertificateBytes = 64 * 1024

/** The tree and the objects read out of it, beside the DER itself. */
const overhead = 8
const parsed = new ByteCache<string, Certificate>(64 * 1024 * 1024)

export function parseCertificate(bytes: Uint8Array): Result<Certificate, CertificateFailure> {
  if (bytes.length > maxCertificateBytes) return failed({ kind: "tooLarge", detail: `is larger than ${maxCertificateBytes / 1024} KiB` })
  const fingerprint = hash("sha256", bytes)
  const known = parsed.get(fingerprint)
  if (known) return ok(known)
  try {
    // a copy: the caller may go on using its buffer
    const certificate = readCertificate(Uint8Array.from(bytes), fingerprint)
    parsed.set(fingerprint, certificate, bytes.length * overhead)
    return ok(certificate)
  } catch (error) {
    return failed({ kind: "malformed", detail: error instanceof Asn1SyntaxError ? error.message : "cannot be read" })
  }
}

function readCertificate(bytes: Uint8Array, fingerprint: string): Certificate {
  const [body, outerAlgorithm, signatureValue] = sequenceItems(readAsn1(bytes, maxCertificateNodes), "certificate")
  expectTag(signatureValue, derTag.bitString, "signature")
  const { serial, innerAlgorithm, issuer, validity, subject, publicKeyInfo, extensionList } = bodyOf(sequenceItems(body, "certificate body"))
  // RFC 5280 §4.1.1.2: what is signed says the same as what is not
  if (!outerAlgorithm || Buffer.compare(outerAlgorithm.der, innerAlgorithm.der) !== 0) throw new Asn1SyntaxError("names two signature algorithms")
  const extensions = extensionList ? readExtensions(extensionList) : new Map()
  const [from, to] = sequenceItems(validity, "validity")
  const subjectNames = readNameAttributes(subject)
  const emails = subjectNames.flat().flatMap(({ type, value }) => (type === emailAttribute && value !== undefined ? [value] : []))
  return {
    der: bytes,
    fingerprint,
    serialNumber: serialText(serial),
    subject: nameText(subject, subjectNames),
    issuer: nameText(issuer, readNameAttributes(issuer)),
    notBefore: timeOf(from),
    notAfter: timeOf(to),
    publicKeyInfo: publicKeyInfo.der,
    key: keySummary(bytes),
    addresses: canonicalMailboxes([...alternativeMailboxes(extensions), ...emails]),
    signature: readSignatureAlgorithm(outerAlgorithm),
    extensions,
    keyUsage: readKeyUsage(extensions),
    extendedKeyUsage: readExtendedKeyUsage(extensions),
    ...readBasicConstraints(extensions),
    subjectKeyIdentifier: readSubjectKeyIdentifier(extensions),
    authorityKeyIdentifier: readAuthorityKeyIdentifier(extensions),
    crlPoints: readCrlPoints(extensions, "crlDistributionPoints", issuer.der),
    deltaPoints: readCrlPoints(extensions, "freshestCrl", issuer.der),
    ocspUrls: readAccessUrls(extensions, "ocsp"),
    issuerUrls: readAccessUrls(extensions, "issuer"),
  }
}

interface Body {
  readonly serial: Asn1
  readonly innerAlgorithm: Asn1
  readonly issuer: Asn1
  readonly validity: Asn1
  readonly subject: Asn1
  readonly publicKeyInfo: Asn1
  readonly extensionList: Asn1 | undefined
}

/** RFC 5280 §4.1: version [0] is left out in v1; unique identifiers [1] and [2] are not used. */
function bodyOf(items: readonly Asn1[]): Body {
  const versioned = items[0]?.tag === versionTag
  const [serial, innerAlgorithm, issuer, validity, subject, publicKeyInfo, ...rest] = versioned ? items.slice(1) : items
  if (!innerAlgorithm || !issuer || !validity || !subject) throw new Asn1SyntaxError("is cut short")
  return {
    serial: expectTag(serial, derTag.integer, "serial number"),
    innerAlgorithm, issuer, validity, subject,
    publicKeyInfo: expectTag(publicKeyInfo, derTag.sequence, "public key"),
    extensionList: taggedItem(rest, 3)?.items[0],
  }
}

const versionTag = 0xa0
const maxSerialOctets = 21

/** Of an INTEGER's element, in the form of `Certificate.serialNumber`. RFC 5280 §4.1.2.2: positive and at most 20 octets, to which a sign octet may come. */
export function serialText({ octets }: Asn1): string {
  if (octets.length === 0 || octets.length > maxSerialOctets || (octets[0] ?? 0) & 0x80) throw new Asn1SyntaxError("has a serial number that is negative or too long")
  return hex(octets).replace(/^(?:00)+(?=..)/, "")
}

const curveNames: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" }

/** Keys of kinds that node:crypto does not know are `other`; bytes that it does not take for a certificate at all are refused. */
function keySummary(bytes: Uint8Array): KeySummary {
  const certificate = new X509Certificate(bytes)
  if (!certificate.raw.equals(bytes)) throw new Asn1SyntaxError("is not DER")
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey
    if (type === "rsa" || type === "rsa-pss") return rsaSummary(details?.modulusLength ?? 0, details?.publicExponent ?? 0n)
    if (type === "ec") {
      const curve = curveNames[details?.namedCurve ?? ""] ?? details?.namedCurve ?? ""
      // brainpoolP256r1, secp256k1 and the like carry their size in their names
      return { kind: "ec", bits: Number(/\d{3}/.exec(curve)?.[0] ?? 0), curve }
    }
    if (type === "ed25519") return { kind: type, bits: 256, curve: "" }
    if (type === "ed448") return { kind: type, bits: 456, curve: "" }
  } catch {
    // not a key that this OpenSSL reads
  }
  return { kind: "other", bits: 0, curve: "" }
}

/** An exponent as long as the modulus makes one verification cost what a hundred do: no honest key has one. */
const rsaSummary = (bits: number, exponent: bigint): KeySummary => (exponent < 1n << 64n ? { kind: "rsa", bits, curve: "" } : { kind: "other", bits: 0, curve: "" })
