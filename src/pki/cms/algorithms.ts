import type { KeyObject } from "node:crypto"
import type { SignatureProblem } from "../signature-facts.ts"
import { type Asn1Node, integerOctets, isContext, itemsOf, oidOf, sequenceOf, smallInteger } from "./asn1.ts"

/** Which algorithms count, and how node:crypto is asked for them. An algorithm that is not in these tables verifies nothing. */
export type DigestName = "sha256" | "sha384" | "sha512"

export interface SignatureScheme {
  readonly kind: "rsa" | "rsa-pss" | "ecdsa" | "ed25519"
  readonly digest: DigestName
  /** PSS only, bytes. */
  readonly saltLength: number
}

export interface AlgorithmIdentifier {
  readonly oid: string
  readonly parameters: Asn1Node | undefined
}

/** RFC 5754 §2. */
const digests: Readonly<Record<string, DigestName>> = {
  "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512",
}

/** Collisions are made at will or nearly so: MD2, MD4, MD5, SHA-1, and what signs with them. */
const weak: Readonly<Record<string, string>> = {
  "1.2.840.113549.2.2": "md2", "1.2.840.113549.2.4": "md4", "1.2.840.113549.2.5": "md5", "1.3.14.3.2.26": "sha1",
  "1.2.840.113549.1.1.2": "rsa", "1.2.840.113549.1.1.4": "rsa", "1.2.840.113549.1.1.5": "rsa", "1.3.14.3.2.29": "rsa", "1.2.840.10045.4.1": "ecdsa",
}

/** Signature algorithms that name their digest, or leave it to digestAlgorithm (null): rsaEncryption (RFC 3370 §3.2), id-ecPublicKey of early senders. */
const schemes: Readonly<Record<string, { readonly kind: SignatureScheme["kind"]; readonly digest: DigestName | null }>> = {
  "1.2.840.113549.1.1.1": { kind: "rsa", digest: null },
  "1.2.840.113549.1.1.11": { kind: "rsa", digest: "sha256" },
  "1.2.840.113549.1.1.12": { kind: "rsa", digest: "sha384" },
  "1.2.840.113549.1.1.13": { kind: "rsa", digest: "sha512" },
  "1.2.840.113549.1.1.10": { kind: "rsa-pss", digest: null },
  "1.2.840.10045.2.1": { kind: "ecdsa", digest: null },
  "1.2.840.10045.4.3.2": { kind: "ecdsa", digest: "sha256" },
  "1.2.840.10045.4.3.3": { kind: "ecdsa", digest: "sha384" },
  "1.2.840.10045.4.3.4": { kind: "ecdsa", digest: "sha512" },
  // RFC 8419 §3.1: with SHA-512 as digestAlgorithm
  "1.3.101.112": { kind: "ed25519", digest: "sha512" },
}

const mgf1 = "1.2.840.113549.1.1.8"
/** RFC 4056 §2.2 advises the digest's length; OpenSSL fills what room the modulus has. */
const maxSaltLength = 1_024
/** Larger moduli cost the server tens of milliseconds each and nobody issues them. */
const maxRsaBits = 8_192
const curves = new Set(["prime256v1", "secp384r1", "secp521r1"])

/** What people are shown, the OID where there is no name. */
export const digestText = (oid: string): string => digests[oid] ?? weak[oid] ?? oid
export const schemeText = (oid: string): string => schemes[oid]?.kind ?? weak[oid] ?? oid

export const digestName = (oid: string): DigestName | undefined => digests[oid]

export function algorithmOf(node: Asn1Node | undefined): AlgorithmIdentifier {
  const [oid, parameters] = sequenceOf(node)
  return { oid: oidOf(oid), parameters }
}

/** How to verify, or why not. Throws `CmsError` when parameters cannot be read. */
export function schemeFor(digestAlgorithm: string, signature: AlgorithmIdentifier): SignatureScheme | SignatureProblem {
  if (weak[digestAlgorithm] || weak[signature.oid]) return "weakAlgorithm"
  const digest = digests[digestAlgorithm]
  const scheme = schemes[signature.oid]
  if (!digest || !scheme) return "unsupportedAlgorithm"
  // RFC 5754 §3: both must name one digest. OpenSSL and Outlook let them differ; an attacker would choose the weaker.
  if (scheme.digest !== null && scheme.digest !== digest) return "broken"
  if (scheme.kind !== "rsa-pss") return { kind: scheme.kind, digest, saltLength: 0 }
  return pssScheme(digest, signature.parameters)
}

/** RFC 4055 §3.1, RFC 4056 §3: one digest for all of it; node:crypto knows no other MGF1 either. */
function pssScheme(digest: DigestName, parameters: Asn1Node | undefined): SignatureScheme | SignatureProblem {
  const items = parameters ? sequenceOf(parameters) : []
  const field = (number: number): Asn1Node | undefined => {
    const tagged = items.find((item) => isContext(item, number))
    return tagged && itemsOf(tagged)[0]
  }
  const hash = field(0)
  const mask = field(1)
  // The defaults are SHA-1.
  if (!hash || !mask) return "weakAlgorithm"
  const hashOid = algorithmOf(hash).oid
  const maskAlgorithm = algorithmOf(mask)
  const maskHashOid = maskAlgorithm.oid === mgf1 ? algorithmOf(maskAlgorithm.parameters).oid : ""
  if (weak[hashOid] || weak[maskHashOid]) return "weakAlgorithm"
  if (digests[hashOid] === undefined || digests[maskHashOid] === undefined) return "unsupportedAlgorithm"
  if (digests[hashOid] !== digest || digests[maskHashOid] !== digest) return "unsupportedAlgorithm"
  const salt = field(2)
  const saltLength = salt ? smallInteger(salt) : 20
  const trailer = field(3)
  if (saltLength < 0 || saltLength > maxSaltLength || (trailer && integerOctets(trailer).toString("hex") !== "01")) return "unsupportedAlgorithm"
  return { kind: "rsa-pss", digest, saltLength }
}

/** Whether a key is one that the scheme may be used with; null when it is. */
export function keyProblem(scheme: SignatureScheme, key: KeyObject): SignatureProblem | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === "rsa" || type === "rsa-pss") {
    if (scheme.kind !== "rsa-pss" && (scheme.kind !== "rsa" || type === "rsa-pss")) return "broken"
    return (details?.modulusLength ?? Infinity) <= maxRsaBits ? null : "unsupportedAlgorithm"
  }
  if (type === "ec") {
    if (scheme.kind !== "ecdsa") return "broken"
    return curves.has(details?.namedCurve ?? "") ? null : "unsupportedAlgorithm"
  }
  if (type === "ed25519") return scheme.kind === "ed25519" ? null : "broken"
  return "unsupportedAlgorithm"
}
