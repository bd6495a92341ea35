import { hash } from "node:crypto"
import { type Asn1, Asn1SyntaxError, expectTag, hex, latin1, oidText, readAsn1, sequenceItems, smallNumber, taggedItem, timeOf } from "./asn1.ts"
import type { Certificate, SignatureAlgorithm } from "./certificate.ts"
import { derTag } from "./der.ts"
import { parseCertificate, serialText } from "./parse-certificate.ts"
import type { SignedStructure } from "./revocation/signed-structure.ts"
import { digestName, readSignatureAlgorithm } from "./signature-algorithm.ts"

/**
 * The bytes of a time stamp (RFC 3161 §2.4.2, RFC 5816): CMS SignedData over a TSTInfo by one signer, in DER as §2.4.2 demands. What can be
 * judged from the bytes alone is judged here; whether the stamping authority is trusted is not. Throws Asn1SyntaxError.
 */
export interface TimestampToken {
  readonly time: number
  readonly accuracyMs: number
  /** Digest of the bytes that were stamped: node:crypto's name, and hex. */
  readonly imprint: { readonly digest: string; readonly value: string }
  readonly policy: string
  /** Of the stamping authority; the others came along. */
  readonly signer: Certificate
  readonly certificates: readonly Certificate[]
  /** The signed attributes as they were signed. */
  readonly signed: SignedStructure
}

const id = {
  signedData: "1.2.840.113549.1.7.2", tstInfo: "1.2.840.113549.1.9.16.1.4", contentType: "1.2.840.113549.1.9.3", messageDigest: "1.2.840.113549.1.9.4",
  signingCertificate: "1.2.840.113549.1.9.16.2.12", signingCertificateV2: "1.2.840.113549.1.9.16.2.47", rsaEncryption: "1.2.840.113549.1.1.1",
} as const

export const maxTokenBytes = 128 * 1024
const maxCertificates = 16
const context0 = 0xa0

export function readTimestampToken(bytes: Uint8Array): TimestampToken {
  if (bytes.length > maxTokenBytes) throw new Asn1SyntaxError(`is larger than ${maxTokenBytes} bytes`)
  const [type, content] = sequenceItems(readAsn1(bytes), "content info")
  if (oidText(type) !== id.signedData) throw new Asn1SyntaxError("is not signed data")
  const [, , encapsulated, ...rest] = sequenceItems(expectTag(content, context0, "content").items[0], "signed data")
  const [innerType, innerContent] = sequenceItems(encapsulated, "encapsulated content")
  if (oidText(innerType) !== id.tstInfo) throw new Asn1SyntaxError("is over something else than a time")
  const info = expectTag(expectTag(innerContent, context0, "time").items[0], derTag.octetString, "time").octets
  const certificates = certificatesIn(rest.find(({ tag }) => tag === context0))
  const signers = expectTag(rest.at(-1), derTag.set, "signer").items
  // RFC 3161 §2.4.2: nobody's signature but the authority's
  if (signers.length !== 1) throw new Asn1SyntaxError("has not exactly one signer")
  const { signer, signed } = readSigner(signers[0], info, certificates)
  return { ...readInfo(readAsn1(info)), signer, certificates, signed }
}

function certificatesIn(set: Asn1 | undefined): readonly Certificate[] {
  const items = set?.items ?? []
  if (items.length > maxCertificates) throw new Asn1SyntaxError("has too many certificates")
  return items.flatMap(({ der }) => {
    const parsed = parseCertificate(der)
    return parsed.ok ? [parsed.value] : []
  })
}

/** TSTInfo. */
function readInfo(node: Asn1): Pick<TimestampToken, "time" | "accuracyMs" | "imprint" | "policy"> {
  const [version, policy, imprint, serial, time, ...rest] = sequenceItems(node, "time")
  if (smallNumber(version) !== 1 || !serial) throw new Asn1SyntaxError("is of a version that is not known")
  const [algorithm, value] = sequenceItems(imprint, "imprint")
  const extensions = taggedItem(rest, 1)?.items ?? []
  if (extensions.some(({ items }) => items[1]?.tag === derTag.boolean && items[1].octets[0] !== 0)) throw new Asn1SyntaxError("has a critical extension that is not understood")
  const [accuracy] = rest
  return {
    time: preciseTimeOf(time),
    accuracyMs: accuracy?.tag === derTag.sequence ? accuracyOf(accuracy.items) : 0,
    imprint: { digest: digestName(oidText(sequenceItems(algorithm, "imprint's digest")[0])), value: hex(expectTag(value, derTag.octetString, "imprint").octets) },
    policy: oidText(policy),
  }
}

/** RFC 3161 §2.4.2: GeneralizedTime with a fraction of any length; the rest of a millisecond is dropped. */
function preciseTimeOf(node: Asn1 | undefined): number {
  const text = latin1(expectTag(node, derTag.generalizedTime, "time").octets)
  const [, seconds = "", fraction = ""] = /^(\d{14})(?:\.(\d{1,9}))?Z$/.exec(text) ?? []
  const whole = Buffer.from(`${seconds}Z`)
  return timeOf({ tag: derTag.generalizedTime, octets: whole, der: whole, items: [] }) + Math.floor(Number(`0.${fraction || "0"}`) * 1_000)
}

/** Seconds, [0] milliseconds, [1] microseconds. */
function accuracyOf(items: readonly Asn1[]): number {
  const seconds = items.find(({ tag }) => tag === derTag.integer)
  const thousandths = (number: number): number => (taggedItem(items, number)?.octets ?? new Uint8Array()).reduce((sum, octet) => sum * 256 + octet, 0)
  return (seconds ? smallNumber(seconds) : 0) * 1_000 + thousandths(0) + Math.ceil(thousandths(1) / 1_000)
}

/** SignerInfo (RFC 5652 §5.3), its attributes compared with what they speak of. */
function readSigner(node: Asn1 | undefined, content: Uint8Array, certificates: readonly Certificate[]): Pick<TimestampToken, "signer" | "signed"> {
  const [, identifier, digestAlgorithm, attributes, signatureAlgorithm, signature] = sequenceItems(node, "signer")
  const digest = digestName(oidText(sequenceItems(digestAlgorithm, "digest algorithm")[0]))
  const values = readAttributes(expectTag(attributes, context0, "signed attributes").items)
  const signer = certificates.find((certificate) => identifier !== undefined && isNamedBy(identifier, certificate))
  if (!signer) throw new Asn1SyntaxError("does not bring its signer's certificate")
  if (!["sha256", "sha384", "sha512"].includes(digest)) throw new Asn1SyntaxError("uses a digest that is weak or not known")
  // RFC 5652 §11.1, §11.2
  if (oidText(values.get(id.contentType)) !== id.tstInfo) throw new Asn1SyntaxError("signs another type of content")
  if (hex(expectTag(values.get(id.messageDigest), derTag.octetString, "message digest").octets) !== hash(digest, content)) throw new Asn1SyntaxError("signs another content")
  if (!namesCertificate(values, signer)) throw new Asn1SyntaxError("names another certificate than the one it brings")
  // RFC 5652 §5.4: signed as a SET OF, sent as [0]
  const toBeSigned = Buffer.from(attributes?.der ?? [])
  toBeSigned[0] = derTag.set
  const algorithm = algorithmOf(readSignatureAlgorithm(signatureAlgorithm), digest)
  return { signer, signed: { toBeSigned, algorithm, signature: expectTag(signature, derTag.octetString, "signature").octets } }
}

/** RFC 3370 §3.2: rsaEncryption leaves the digest to digestAlgorithm; where both name one, it is the same. */
function algorithmOf(algorithm: SignatureAlgorithm, digest: string): SignatureAlgorithm {
  if (algorithm.oid === id.rsaEncryption) return { scheme: "rsa", digest, oid: algorithm.oid }
  if (algorithm.digest !== "" && algorithm.digest !== digest) throw new Asn1SyntaxError("names two digests")
  return algorithm
}

/** Each once and with one value (RFC 5652 §11). */
function readAttributes(attributes: readonly Asn1[]): ReadonlyMap<string, Asn1> {
  const values = new Map<string, Asn1>()
  for (const attribute of attributes) {
    const [type, set] = sequenceItems(attribute, "attribute")
    const [value, ...more] = expectTag(set, derTag.set, "attribute value").items
    const name = oidText(type)
    if (!value || more.length > 0 || values.has(name)) throw new Asn1SyntaxError("has an attribute twice")
    values.set(name, value)
  }
  return values
}

function isNamedBy(identifier: Asn1, certificate: Certificate): boolean {
  if (identifier.tag !== derTag.sequence) return hex(identifier.octets) === certificate.subjectKeyIdentifier
  const [issuer, serial] = identifier.items
  return issuer !== undefined && serial !== undefined && Buffer.compare(issuer.der, certificate.issuer.der) === 0 && serialText(serial) === certificate.serialNumber
}

/** RFC 5816 §2.2.1: the first certificate named is the signer's. One of both attributes must be there (RFC 3161 §2.4.2). */
function namesCertificate(values: ReadonlyMap<string, Asn1>, { der }: Certificate): boolean {
  const first = (value: Asn1): readonly Asn1[] => sequenceItems(sequenceItems(sequenceItems(value, "signing certificate")[0], "certificates")[0], "certificate id")
  const v2 = values.get(id.signingCertificateV2)
  const v1 = values.get(id.signingCertificate)
  const names = (value: Asn1, fallback: string): boolean => {
    const items = first(value)
    const algorithm = items[0]?.tag === derTag.sequence ? digestName(oidText(items[0].items[0])) : fallback
    const hashed = items.find(({ tag }) => tag === derTag.octetString)
    return algorithm !== "" && hashed !== undefined && hex(hashed.octets) === hash(algorithm, der)
  }
  return (v2 !== undefined || v1 !== undefined) && (!v2 || names(v2, "sha256")) && (!v1 || names(v1, "sha1"))
}
