import { constants, createHash, generateKeyPairSync, type KeyObject, sign, X509Certificate } from "node:crypto"
import { context, contextPrimitive, der, derTag, octetString, oid, positiveInteger, sequence, time } from "../../src/pki/der.ts"
import { issueCertificate } from "../../src/pki/issue-certificate.ts"

/** Writes CMS SignedData (RFC 5652 §5), well-formed or wrong in one chosen way. Keys are made for each run. */
export interface TestSigner {
  readonly privateKey: KeyObject
  readonly certificate: Buffer
}

export type TestKey = "ec" | "p384" | "p521" | "rsa" | "ed25519"

const testStart = Date.parse("2026-01-01T00:00:00Z")
const issuerKey = generateKeyPairSync("ec", { namedCurve: "P-256" })

const keyPair = (kind: TestKey): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } => {
  if (kind === "rsa") return generateKeyPairSync("rsa", { modulusLength: 2048 })
  if (kind === "ed25519") return generateKeyPairSync("ed25519")
  return generateKeyPairSync("ec", { namedCurve: { ec: "P-256", p384: "P-384", p521: "P-521" }[kind] })
}

/** A key with a certificate by a CA that nobody trusts: enough for all that does not ask who signed. */
export function newSigner(kind: TestKey = "ec", commonName = "Nguyễn Văn A"): TestSigner {
  const { privateKey, publicKey } = keyPair(kind)
  const pem = issueCertificate({
    subject: { commonName }, publicKey, issuer: { subject: { commonName: "Test CA" }, ...issuerKey },
    notBefore: testStart, notAfter: testStart + 10 * 365 * 86_400_000, purpose: { kind: "server", names: ["thu.example"] },
  })
  return { privateKey, certificate: new X509Certificate(pem).raw }
}

export interface CmsOptions {
  /** eContent; default none (detached). */
  readonly attached?: Buffer
  readonly digest?: "sha256" | "sha384" | "sha512" | "sha1"
  readonly pss?: boolean
  readonly attributes?: "usual" | "none" | readonly Buffer[]
  readonly contentType?: string
  readonly certificates?: readonly Buffer[]
  readonly revocations?: readonly Buffer[]
  readonly unsigned?: readonly Buffer[]
  readonly signingTime?: number
  /** Identify signers by this subject key identifier instead of issuer and serial number. */
  readonly keyIdentifier?: Buffer
}

export const cmsOids = {
  data: "1.2.840.113549.1.7.1", signedData: "1.2.840.113549.1.7.2", contentType: "1.2.840.113549.1.9.3", messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5", contentHints: "1.2.840.113549.1.9.16.2.4", signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  timeStampToken: "1.2.840.113549.1.9.16.2.14",
} as const

const digestOids = { sha256: "2.16.840.1.101.3.4.2.1", sha384: "2.16.840.1.101.3.4.2.2", sha512: "2.16.840.1.101.3.4.2.3", sha1: "1.3.14.3.2.26" } as const

export const attribute = (type: string, ...values: readonly Buffer[]): Buffer => sequence(oid(type), der(derTag.set, ...values))

export const usualAttributes = (content: Buffer, options: CmsOptions = {}): Buffer[] => [
  attribute(cmsOids.contentType, oid(options.contentType ?? cmsOids.data)),
  attribute(cmsOids.signingTime, time(options.signingTime ?? Date.parse("2026-11-20T03:00:00Z"))),
  attribute(cmsOids.messageDigest, octetString(createHash(options.digest ?? "sha256").update(content).digest())),
]

const setOf = (items: readonly Buffer[]): Buffer => Buffer.concat([...items].sort((one, other) => Buffer.compare(one, other)))

export function signedData(content: Buffer, signers: readonly TestSigner[], options: CmsOptions = {}): Buffer {
  const digest = options.digest ?? "sha256"
  const encapsulated = sequence(oid(options.contentType ?? cmsOids.data), ...(options.attached ? [context(0, octetString(options.attached))] : []))
  const certificates = options.certificates ?? signers.map(({ certificate }) => certificate)
  const body = sequence(
    positiveInteger(Buffer.from([1])),
    der(derTag.set, sequence(oid(digestOids[digest]))),
    encapsulated,
    ...(certificates.length > 0 ? [context(0, ...certificates)] : []),
    ...(options.revocations ? [context(1, ...options.revocations)] : []),
    der(derTag.set, ...signers.map((signer) => signerInfo(content, signer, options))),
  )
  return sequence(oid(cmsOids.signedData), context(0, body))
}

export function signerInfo(content: Buffer, { privateKey, certificate }: TestSigner, options: CmsOptions = {}): Buffer {
  const digest = privateKey.asymmetricKeyType === "ed25519" ? "sha512" : (options.digest ?? "sha256")
  const { attributes = "usual" } = options
  const signed = attributes === "none" ? undefined : setOf(attributes === "usual" ? usualAttributes(content, { ...options, digest }) : attributes)
  const input = signed ? der(derTag.set, signed) : content
  const key = options.pss ? { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : privateKey
  const signature = sign(privateKey.asymmetricKeyType === "ed25519" ? null : digest, input, key)
  const { issuer, serial } = namesOf(certificate)
  return sequence(
    positiveInteger(Buffer.from([options.keyIdentifier ? 3 : 1])),
    options.keyIdentifier ? contextPrimitive(0, options.keyIdentifier) : sequence(issuer, serial),
    sequence(oid(digestOids[digest])),
    ...(signed ? [context(0, signed)] : []),
    signatureAlgorithm(privateKey, digest, options.pss ?? false),
    octetString(signature),
    ...(options.unsigned ? [context(1, ...options.unsigned)] : []),
  )
}

function signatureAlgorithm(key: KeyObject, digest: keyof typeof digestOids, pss: boolean): Buffer {
  if (key.asymmetricKeyType === "ed25519") return sequence(oid("1.3.101.112"))
  if (key.asymmetricKeyType === "ec") return sequence(oid({ sha256: "1.2.840.10045.4.3.2", sha384: "1.2.840.10045.4.3.3", sha512: "1.2.840.10045.4.3.4", sha1: "1.2.840.10045.4.1" }[digest]))
  const hash = sequence(oid(digestOids[digest]))
  if (!pss) return sequence(oid("1.2.840.113549.1.1.1"), der(derTag.null))
  return sequence(oid("1.2.840.113549.1.1.10"), sequence(context(0, hash), context(1, sequence(oid("1.2.840.113549.1.1.8"), hash)), context(2, positiveInteger(Buffer.from([32])))))
}

/** Issuer and serial number, cut out of a certificate of `newSigner` (RFC 5280 §4.1). */
function namesOf(certificate: Buffer): { readonly issuer: Buffer; readonly serial: Buffer } {
  const [, serial = certificate, , issuer = certificate] = elementsIn(elementsIn(certificate)[0] ?? certificate)
  return { issuer, serial }
}

export function elementsIn(element: Buffer): Buffer[] {
  const items: Buffer[] = []
  for (let at = headerBytes(element, 0); at < element.length; ) {
    const end = at + headerBytes(element, at) + lengthOf(element, at)
    items.push(element.subarray(at, end))
    at = end
  }
  return items
}

const headerBytes = (bytes: Buffer, at: number): number => 2 + ((bytes[at + 1] ?? 0) > 0x80 ? (bytes[at + 1] ?? 0) & 0x7f : 0)
const lengthOf = (bytes: Buffer, at: number): number => {
  const first = bytes[at + 1] ?? 0
  return first > 0x80 ? bytes.readUIntBE(at + 2, first & 0x7f) : first
}
