/**
 * CMS SignedData (RFC 5652 §5) with one signer, signed attributes and the certificates a receiver needs: around a content that is
 * elsewhere, as a multipart/signed message carries it, or with the content in it. Pure but for the key. Must not know: MIME.
 */
import { createHash } from "node:crypto"
import type { Certificate } from "../certificate.ts"
import { context, der, derTag, octetString, oid, positiveInteger, sequence, time } from "../der.ts"
import { pssAlgorithm } from "../signature-algorithm.ts"
import { hexOctets } from "../write-certificate.ts"
import type { SigningAlgorithm, SigningDigest, SigningKey } from "./signing-key.ts"

export interface SignerInput {
  readonly key: SigningKey
  readonly algorithm: SigningAlgorithm
  /** Of the content, by `algorithm.digest`. */
  readonly contentDigest: Uint8Array
  /** What the signer says of when, ms. */
  readonly signingTime: number
  /** Asks a time-stamping authority for a token on this signature value (RFC 3161 appendix A); undefined when there is none to be had. */
  readonly stamp?: (signature: Uint8Array, digest: SigningDigest) => Promise<Uint8Array | undefined>
}

/** DER of the ContentInfo. Throws SigningFailed as the key does. */
export const detachedSignedData = (input: SignerInput): Promise<Buffer> => signedData(input, [])

/** The same with the content in it (RFC 5652 §5.2). */
export const attachedSignedData = ({ content, ...input }: Omit<SignerInput, "contentDigest"> & { readonly content: Uint8Array }): Promise<Buffer> =>
  signedData({ ...input, contentDigest: createHash(input.algorithm.digest).update(content).digest() }, [context(0, octetString(content))])

async function signedData(input: SignerInput, content: readonly Uint8Array[]): Promise<Buffer> {
  const { key, algorithm } = input
  const attributes = setOf(signedAttributes(input))
  // RFC 5652 §5.4: what is signed is the SET OF itself, what is carried has the tag [0]
  const signature = await key.sign(algorithm, der(derTag.set, attributes))
  const token = await input.stamp?.(signature, algorithm.digest)
  const signerInfo = sequence(
    version1,
    issuerAndSerialNumber(key.certificate),
    digestAlgorithm(algorithm.digest),
    context(0, attributes),
    signatureAlgorithm(algorithm),
    octetString(signature),
    ...(token ? [context(1, attribute(timeStampToken, token))] : []),
  )
  const signed = sequence(
    version1,
    der(derTag.set, digestAlgorithm(algorithm.digest)),
    sequence(oid(data), ...content),
    context(0, setOf(key.chain.map((certificate) => certificate.der))),
    der(derTag.set, signerInfo),
  )
  return sequence(oid("1.2.840.113549.1.7.2"), context(0, signed))
}

/** id-data. */
const data = "1.2.840.113549.1.7.1"

/** RFC 5652 §5.1: 1 with nothing but X.509 certificates, id-data and issuerAndSerialNumber. */
const version1 = positiveInteger(Buffer.from([1]))

/** X.690 §11.6: in ascending order of their octets, the shorter one first when it begins the longer. */
const setOf = (elements: readonly Uint8Array[]): Buffer => Buffer.concat(elements.toSorted((a, b) => Buffer.compare(a, b)))

/** id-aa-timeStampToken. */
const timeStampToken = "1.2.840.113549.1.9.16.2.14"

const attribute = (type: string, value: Uint8Array): Buffer => sequence(oid(type), der(derTag.set, value))

function signedAttributes({ key, contentDigest, signingTime }: SignerInput): Buffer[] {
  return [
    attribute("1.2.840.113549.1.9.3", oid(data)),
    attribute("1.2.840.113549.1.9.4", octetString(contentDigest)),
    attribute("1.2.840.113549.1.9.5", time(signingTime)),
    attribute("1.2.840.113549.1.9.16.2.47", signingCertificate(key.certificate)),
  ]
}

/** RFC 5035 §3: SHA-256 is the default and so not written. Nobody can put another certificate of the same key in its place. */
const signingCertificate = (certificate: Certificate): Buffer =>
  sequence(sequence(sequence(octetString(createHash("sha256").update(certificate.der).digest()), issuerSerial(certificate))))

/** RFC 5035 §5: GeneralNames with the one directoryName [4]. */
const issuerSerial = (certificate: Certificate): Buffer => sequence(sequence(context(4, certificate.issuer.der)), serialNumber(certificate))

const issuerAndSerialNumber = (certificate: Certificate): Buffer => sequence(certificate.issuer.der, serialNumber(certificate))

const serialNumber = ({ serialNumber: digits }: Certificate): Buffer => positiveInteger(hexOctets(digits))

const digestOids: Readonly<Record<SigningDigest, string>> = { sha256: "2.16.840.1.101.3.4.2.1", sha384: "2.16.840.1.101.3.4.2.2", sha512: "2.16.840.1.101.3.4.2.3" }

/** RFC 5754 §2: without parameters. */
const digestAlgorithm = (digest: SigningDigest): Buffer => sequence(oid(digestOids[digest]))

const asn1Null = der(derTag.null)

const ecdsaOids: Readonly<Record<SigningDigest, string>> = { sha256: "1.2.840.10045.4.3.2", sha384: "1.2.840.10045.4.3.3", sha512: "1.2.840.10045.4.3.4" }

function signatureAlgorithm({ scheme, digest }: SigningAlgorithm): Buffer {
  switch (scheme) {
    // RFC 3370 §3.2: rsaEncryption says no digest, which stands beside it; the form that every reader knows
    case "rsa": return sequence(oid("1.2.840.113549.1.1.1"), asn1Null)
    case "rsaPss": return pssAlgorithm(digest)
    case "ecdsa": return sequence(oid(ecdsaOids[digest]))
    // RFC 8419 §2.1
    case "ed25519": return sequence(oid("1.3.101.112"))
  }
}
