import { hash, type KeyObject } from "node:crypto"
import { readAsn1, sequenceItems, taggedItem } from "../../src/pki/asn1.ts"
import type { Certificate } from "../../src/pki/certificate.ts"
import { bitString, context, contextPrimitive, der, derTag, octetString, oid, sequence } from "../../src/pki/der.ts"
import { signatureAlgorithmDer, signBytes } from "../../src/pki/signature-algorithm.ts"
import { extension } from "../../src/pki/write-extensions.ts"

/** OCSP responses (RFC 6960 §4.2), right ones and any wrong one that a test asks for. */
export interface OcspReply {
  /** As the request had it. */
  readonly certId: Uint8Array
  readonly status: "good" | "unknown" | { readonly revokedAt: number; readonly reason?: number }
  readonly thisUpdate: number
  readonly nextUpdate?: number | undefined
  readonly producedAt?: number
  readonly nonce?: Uint8Array | null
  readonly signer: { readonly certificate: Certificate; readonly privateKey: KeyObject }
  /** Sent along; the signer's own when absent. */
  readonly certificates?: readonly Uint8Array[]
  readonly byName?: boolean
  readonly digest?: "sha1" | "sha256"
}

/** RFC 6960 §4.2.1: GeneralizedTime whatever the year. */
const generalized = (ms: number): Buffer => der(derTag.generalizedTime, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`))

export function ocspReply(reply: OcspReply): Buffer {
  const { certId, status, thisUpdate, nextUpdate, producedAt = thisUpdate, nonce = null, signer, digest = "sha256" } = reply
  const key = readAsn1(signer.certificate.publicKeyInfo).items[1]?.octets.subarray(1) ?? Buffer.alloc(0)
  const data = sequence(
    reply.byName ? context(1, signer.certificate.subject.der) : context(2, octetString(hash("sha1", key, "buffer"))),
    generalized(producedAt),
    sequence(sequence(certId, certStatus(status), generalized(thisUpdate), ...(nextUpdate === undefined ? [] : [context(0, generalized(nextUpdate))]))),
    ...(nonce ? [context(1, sequence(extension("1.3.6.1.5.5.7.48.1.2", false, octetString(nonce))))] : []),
  )
  const how = { privateKey: signer.privateKey, digest }
  const certificates = reply.certificates ?? [signer.certificate.der]
  const basic = sequence(data, signatureAlgorithmDer(how), bitString(signBytes(data, how)), ...(certificates.length > 0 ? [context(0, sequence(...certificates))] : []))
  return sequence(der(derTag.enumerated, Buffer.from([0])), context(0, sequence(oid("1.3.6.1.5.5.7.48.1.1"), octetString(basic))))
}

/** RFC 6960 §4.2.1: an answer without a status of any certificate. */
export const ocspRefusal = (code: number): Buffer => sequence(der(derTag.enumerated, Buffer.from([code])))

function certStatus(status: OcspReply["status"]): Buffer {
  if (status === "good") return contextPrimitive(0, Buffer.alloc(0))
  if (status === "unknown") return contextPrimitive(2, Buffer.alloc(0))
  return context(1, generalized(status.revokedAt), ...(status.reason === undefined ? [] : [context(0, der(derTag.enumerated, Buffer.from([status.reason])))]))
}

export interface OcspRequest {
  readonly certId: Uint8Array
  /** Hex, as `Certificate.serialNumber`. */
  readonly serialNumber: string
  readonly nonce: Uint8Array | null
}

export function readOcspRequest(bytes: Uint8Array): OcspRequest {
  const [body] = sequenceItems(readAsn1(bytes), "request")
  const items = sequenceItems(body, "body")
  const certId = sequenceItems(sequenceItems(items[0], "list")[0], "one")[0]
  const serial = certId?.items[3]
  if (!certId || !serial) throw new Error("is not an OCSP request")
  const nonce = taggedItem(items, 2)?.items[0]?.items[0]?.items.at(-1)
  return {
    certId: certId.der,
    serialNumber: Buffer.from(serial.octets).toString("hex").replace(/^(?:00)+(?=..)/, ""),
    nonce: nonce ? readAsn1(nonce.octets).octets : null,
  }
}
