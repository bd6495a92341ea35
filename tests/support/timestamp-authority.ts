import { hash, type KeyObject, randomBytes } from "node:crypto"
import { expectTag, readAsn1, sequenceItems } from "../../src/pki/asn1.ts"
import type { Certificate } from "../../src/pki/certificate.ts"
import { context, der, derTag, octetString, oid, positiveInteger, sequence } from "../../src/pki/der.ts"
import { signatureAlgorithmDer, signBytes } from "../../src/pki/signature-algorithm.ts"

/** Time-stamp tokens (RFC 3161 §2.4.2, RFC 5816), right ones and any wrong one that a test asks for. */
export interface TestStamp {
  readonly signer: { readonly certificate: Certificate; readonly privateKey: KeyObject }
  readonly at: number
  /** SHA-256 of what is stamped. */
  readonly imprint: Uint8Array
  readonly nonce?: Uint8Array
  /** Named by the signed attribute; the signer's when absent, none when null. */
  readonly named?: Certificate | null
  readonly certificates?: readonly Uint8Array[]
  readonly infoType?: string
  readonly fraction?: string
  readonly extensions?: readonly Buffer[]
}

const sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"), der(derTag.null))
const set = (...items: readonly Uint8Array[]): Buffer => der(derTag.set, ...[...items].sort(Buffer.compare))
const attribute = (type: string, value: Buffer): Buffer => sequence(oid(type), set(value))

export function stampToken({ signer, at, imprint, nonce, named = signer.certificate, certificates = [signer.certificate.der], infoType = "1.2.840.113549.1.9.16.1.4", fraction = "", extensions = [] }: TestStamp): Buffer {
  const time = der(derTag.generalizedTime, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]/g, "").slice(0, 14)}${fraction}Z`))
  const info = sequence(
    positiveInteger(Buffer.from([1])), oid("1.3.6.1.4.1.99999.2"), sequence(sha256, octetString(imprint)), positiveInteger(randomBytes(8)), time,
    sequence(positiveInteger(Buffer.from([1]))), ...(nonce ? [der(derTag.integer, nonce)] : []), ...(extensions.length > 0 ? [context(1, ...extensions)] : []),
  )
  const attributes = set(
    attribute("1.2.840.113549.1.9.3", oid(infoType)),
    attribute("1.2.840.113549.1.9.4", octetString(hash("sha256", info, "buffer"))),
    ...(named ? [attribute("1.2.840.113549.1.9.16.2.47", sequence(sequence(sequence(octetString(hash("sha256", named.der, "buffer"))))))] : []),
  )
  const how = { privateKey: signer.privateKey }
  const signerInfo = sequence(
    positiveInteger(Buffer.from([1])), sequence(signer.certificate.issuer.der, positiveInteger(Buffer.from(signer.certificate.serialNumber, "hex"))), sha256,
    context(0, readAsn1(attributes).octets), signatureAlgorithmDer(how), octetString(signBytes(attributes, how)),
  )
  const signedData = sequence(positiveInteger(Buffer.from([3])), set(sha256), sequence(oid(infoType), context(0, octetString(info))), context(0, ...certificates), set(signerInfo))
  return sequence(oid("1.2.840.113549.1.7.2"), context(0, signedData))
}

/** TimeStampResp to a TimeStampReq. */
export function stampReply({ request, ...stamp }: Pick<TestStamp, "signer" | "at"> & { readonly request: Uint8Array }): Buffer {
  const [, imprint, ...rest] = sequenceItems(readAsn1(request), "request")
  const [, digest] = sequenceItems(imprint, "imprint")
  const nonce = rest.find(({ tag }) => tag === derTag.integer)
  const token = stampToken({ ...stamp, imprint: expectTag(digest, derTag.octetString, "imprint").octets, ...(nonce && { nonce: nonce.octets }) })
  return sequence(sequence(positiveInteger(Buffer.from([0]))), token)
}
