import { hash } from "node:crypto"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Asn1, Asn1SyntaxError, expectTag, hex, oidText, readAsn1, sequenceItems, taggedItem, timeOf } from "../asn1.ts"
import type { Certificate } from "../certificate.ts"
import { context, der, derTag, octetString, oid, positiveInteger, sequence } from "../der.ts"
import { parseCertificate, serialText } from "../parse-certificate.ts"
import { digestName } from "../signature-algorithm.ts"
import { type StatedStatus, statedGood, statedUnknown } from "./crl.ts"
import { reasonName } from "./revoked-list.ts"
import { outerElements, type SignedStructure, signedStructure, verifySigned } from "./signed-structure.ts"

/**
 * The Online Certificate Status Protocol (RFC 6960): one request for one certificate, and what a response proves of it. A response counts
 * when the issuer signed it, or a responder whom that very issuer made one (§4.2.2.2). Must not know: how it travels, what time it is.
 */
export interface OcspQuestion {
  readonly certificate: Certificate
  readonly issuer: Certificate
  /** Sent along and compared when the response has one; null: none was sent. RFC 9654 §2.1: 32 octets. */
  readonly nonce: Uint8Array | null
}

export interface OcspAnswer extends StatedStatus {
  readonly thisUpdate: number
  readonly nextUpdate: number | null
  /** A delegated responder that may itself have been revoked: RFC 6960 §4.2.2.2.1, without id-pkix-ocsp-nocheck. */
  readonly uncheckedResponder: Certificate | null
}

export const maxOcspBytes = 128 * 1024

const id = {
  basic: "1.3.6.1.5.5.7.48.1.1", nonce: "1.3.6.1.5.5.7.48.1.2", noCheck: "1.3.6.1.5.5.7.48.1.5", signing: "1.3.6.1.5.5.7.3.9", sha1: "1.3.14.3.2.26",
} as const

/** SHA-1 names the certificate and protects nothing: RFC 5019 §2.1.1 and many responders know no other CertID. */
export function writeOcspRequest({ certificate, issuer, nonce }: OcspQuestion): Buffer {
  const certId = sequence(
    sequence(oid(id.sha1), der(derTag.null)),
    octetString(hash("sha1", issuer.subject.der, "buffer")),
    octetString(hash("sha1", keyBits(issuer), "buffer")),
    positiveInteger(Buffer.from(certificate.serialNumber, "hex")),
  )
  const extensions = nonce ? [context(2, sequence(sequence(oid(id.nonce), octetString(octetString(nonce)))))] : []
  return sequence(sequence(sequence(sequence(certId)), ...extensions))
}

/** RFC 6960 §3.2 but for the times, which the caller judges. Failure: a phrase after "the response". Never throws on hostile bytes. */
export async function verifyOcspResponse(bytes: Uint8Array, question: OcspQuestion): Promise<Result<OcspAnswer, string>> {
  const read = readOcspResponse(bytes)
  if (!read.ok) return read
  const { data, signed, certificates } = read.value
  const single = data.responses.find((response) => isAbout(response.certId, question))
  if (!single) return failed("is about another certificate")
  if (data.nonce !== null && question.nonce !== null && Buffer.compare(data.nonce, question.nonce) !== 0) return failed("has another nonce than the request")
  const { issuer } = question
  const byIssuer = isResponder(data.responderId, issuer)
  const signer = byIssuer ? ok(issuer) : await delegatedResponder(certificates, data, issuer)
  if (!signer.ok) return signer
  const problem = await verifySigned(signed, signer.value.publicKeyInfo)
  if (problem !== null) return failed(problem)
  const unchecked = !byIssuer && !signer.value.extensions.has(id.noCheck)
  return ok({ ...single.status, thisUpdate: single.thisUpdate, nextUpdate: single.nextUpdate, uncheckedResponder: unchecked ? signer.value : null })
}

interface OcspResponse {
  readonly data: ResponseData
  readonly signed: SignedStructure
  readonly certificates: readonly Uint8Array[]
}

interface ResponseData {
  readonly responderId: Asn1
  readonly producedAt: number
  readonly responses: readonly SingleResponse[]
  readonly nonce: Uint8Array | null
}

interface CertId {
  /** As node:crypto names it. */
  readonly digest: string
  readonly nameHash: string
  readonly keyHash: string
  readonly serialNumber: string
}

interface SingleResponse {
  readonly certId: CertId
  readonly status: StatedStatus
  readonly thisUpdate: number
  readonly nextUpdate: number | null
}

const context0 = 0xa0
const context1 = 0xa1
const maxResponses = 100
const maxCertificates = 10
/** RFC 6960 §4.2.1. */
const failures: Readonly<Record<number, string>> = { 1: "says that the request is malformed", 2: "says that the responder failed", 3: "says to try later", 5: "wants a signed request", 6: "says that we may not ask" }

function readOcspResponse(bytes: Uint8Array): Result<OcspResponse, string> {
  if (bytes.length > maxOcspBytes) return failed(`is larger than ${maxOcspBytes} bytes`)
  try {
    const [status, responseBytes] = sequenceItems(readAsn1(bytes), "response")
    const code = expectTag(status, derTag.enumerated, "response status").octets[0] ?? 2
    if (code !== 0) return failed(failures[code] ?? "has a status that is not known")
    const [type, response] = sequenceItems(expectTag(responseBytes, context0, "response bytes").items[0], "response bytes")
    if (oidText(type) !== id.basic) return failed("is of a type that is not known")
    return ok(readBasicResponse(expectTag(response, derTag.octetString, "basic response").octets))
  } catch (error) {
    if (error instanceof Asn1SyntaxError) return failed(error.message)
    throw error
  }
}

function readBasicResponse(basic: Uint8Array): OcspResponse {
  const [data, , , certificates] = sequenceItems(readAsn1(basic), "basic response")
  const signed = signedStructure(basic, outerElements(basic, 4) ?? [])
  if (!signed) throw new Asn1SyntaxError("is not signed")
  return { data: readResponseData(data), signed, certificates: certificates ? sequenceItems(expectTag(certificates, context0, "certificates").items[0], "certificates").slice(0, maxCertificates).map((one) => one.der) : [] }
}

function readResponseData(node: Asn1 | undefined): ResponseData {
  const items = sequenceItems(node, "response data")
  const [responderId, producedAt, responses, extensions] = items[0]?.tag === context0 ? items.slice(1) : items
  const singles = sequenceItems(responses, "list of responses")
  if (!responderId || singles.length > maxResponses) throw new Asn1SyntaxError("has too many answers")
  return {
    responderId,
    producedAt: timeOf(producedAt),
    responses: singles.map(readSingleResponse),
    nonce: extensions?.tag === context1 ? readNonce(sequenceItems(extensions.items[0], "extensions")) : null,
  }
}

function readNonce(extensions: readonly Asn1[]): Uint8Array | null {
  const value = extensions.find(({ items }) => oidText(items[0]) === id.nonce)?.items.at(-1)
  if (!value) return null
  // RFC 6960 §4.4.1 wraps it in an OCTET STRING; some responders do not
  return value.octets[0] === derTag.octetString && value.octets[1] === value.octets.length - 2 ? value.octets.subarray(2) : value.octets
}

function readSingleResponse(node: Asn1): SingleResponse {
  const [certId, status, thisUpdate, ...more] = sequenceItems(node, "answer")
  const nextUpdate = taggedItem(more, 0)
  const strange = taggedItem(more, 1)?.items[0]?.items.find(({ items }) => items[1]?.tag === derTag.boolean && items[1].octets[0] !== 0)
  if (!certId || !status) throw new Asn1SyntaxError("is cut short")
  // an extension that must be understood and is not (RFC 6960 §4.4): the answer says nothing
  return { certId: readCertId(certId), status: strange ? statedUnknown : readStatus(status), thisUpdate: timeOf(thisUpdate), nextUpdate: nextUpdate ? timeOf(nextUpdate.items[0]) : null }
}

/** CertStatus: good [0], revoked [1], unknown [2]. */
function readStatus({ tag, items }: Asn1): StatedStatus {
  if (tag === 0x80) return statedGood
  if (tag !== context1) return statedUnknown
  const reason = taggedItem(items, 0)?.items[0]
  return { status: "revoked", revokedAt: timeOf(items[0]), reason: reason ? reasonName(reason.octets) : "" }
}

/** The BIT STRING of the public key, without its count of unused bits. */
const keyBits = ({ publicKeyInfo }: Certificate): Uint8Array => (readAsn1(publicKeyInfo).items[1]?.octets ?? new Uint8Array(1)).subarray(1)

function readCertId(node: Asn1): CertId {
  const [algorithm, nameHash, keyHash, serial] = sequenceItems(node, "certificate id")
  return {
    digest: digestName(oidText(sequenceItems(algorithm, "hash algorithm")[0])),
    nameHash: hex(expectTag(nameHash, derTag.octetString, "hash of the issuer's name").octets),
    keyHash: hex(expectTag(keyHash, derTag.octetString, "hash of the issuer's key").octets),
    serialNumber: serialText(expectTag(serial, derTag.integer, "serial number")),
  }
}

/** Whichever digest the responder names it by (RFC 5019 §2.1.1: SHA-1; RFC 6960 allows any). */
const isAbout = ({ digest, nameHash, keyHash, serialNumber }: CertId, { certificate, issuer }: OcspQuestion): boolean =>
  digest !== "" && serialNumber === certificate.serialNumber && nameHash === hash(digest, issuer.subject.der) && keyHash === hash(digest, keyBits(issuer))

/** ResponderID: byName [1], byKey [2] (SHA-1 of the key's bits). */
function isResponder({ tag, items }: Asn1, certificate: Certificate): boolean {
  const [value] = items
  if (!value) return false
  return tag === context1 ? Buffer.compare(value.der, certificate.subject.der) === 0 : hex(value.octets) === hash("sha1", keyBits(certificate))
}

const minRsaBits = 2_048

/** RFC 6960 §4.2.2.2: issued by the issuer itself for this purpose. Its validity is looked at for when the response was made, so that kept responses stay good. */
async function delegatedResponder(certificates: readonly Uint8Array[], { responderId, producedAt }: ResponseData, issuer: Certificate): Promise<Result<Certificate, string>> {
  for (const bytes of certificates) {
    const parsed = parseCertificate(bytes)
    if (!parsed.ok || !isResponder(responderId, parsed.value)) continue
    const responder = parsed.value
    if (!responder.extendedKeyUsage?.has(id.signing) || (responder.keyUsage && !responder.keyUsage.has("digitalSignature"))) return failed("is signed by a certificate that may not sign responses")
    if (producedAt < responder.notBefore || producedAt > responder.notAfter) return failed("is signed by a certificate that was not valid then")
    if (responder.key.kind === "rsa" && responder.key.bits < minRsaBits) return failed("is signed with a weak key")
    const signed = signedStructure(responder.der, outerElements(responder.der, 3) ?? [])
    const byIssuer = Buffer.compare(responder.issuer.der, issuer.subject.der) === 0 && signed !== undefined && (await verifySigned(signed, issuer.publicKeyInfo)) === null
    return byIssuer ? ok(responder) : failed("is signed by a responder of another issuer")
  }
  return failed("is signed by somebody whose certificate is not in it")
}
