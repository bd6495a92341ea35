import { constants, createPublicKey, type KeyObject, verify, type VerifyKeyObjectInput } from "node:crypto"
import { promisify } from "node:util"
import { Asn1SyntaxError, readAsn1 } from "../asn1.ts"
import type { SignatureAlgorithm } from "../certificate.ts"
import { derTag } from "../der.ts"
import { readSignatureAlgorithm } from "../signature-algorithm.ts"
import { childrenOf, type DerElement, elementAt, wholeOf } from "./der-walk.ts"

/**
 * `SEQUENCE { toBeSigned, AlgorithmIdentifier, BIT STRING, … }`: how CRLs and OCSP responses are signed (RFC 5280 §5.1.1, RFC 6960 §4.2.1).
 * The signature is checked over the very bytes, in libuv's threads: a CRL has megabytes. MD5, SHA-1 and SHA-224 prove nothing here.
 */
export interface SignedStructure {
  readonly toBeSigned: Uint8Array
  readonly algorithm: SignatureAlgorithm
  readonly signature: Uint8Array
}

/** The elements of the outermost SEQUENCE when `bytes` is that and nothing behind it. */
export function outerElements(bytes: Uint8Array, limit: number): readonly DerElement[] | undefined {
  const outer = elementAt(bytes, 0, bytes.length)
  return outer?.tag === derTag.sequence && outer.end === bytes.length ? childrenOf(bytes, outer, limit) : undefined
}

/** Undefined when the first three elements are not those of a signed structure. */
export function signedStructure(bytes: Uint8Array, [body, algorithm, signature]: readonly DerElement[]): SignedStructure | undefined {
  if (body?.tag !== derTag.sequence || !algorithm || signature?.tag !== derTag.bitString || bytes[signature.content] !== 0) return undefined
  try {
    return { toBeSigned: wholeOf(bytes, body), algorithm: readSignatureAlgorithm(readAsn1(wholeOf(bytes, algorithm))), signature: bytes.subarray(signature.content + 1, signature.end) }
  } catch (error) {
    if (error instanceof Asn1SyntaxError) return undefined
    throw error
  }
}

const verifyInThreadPool = promisify(verify) as (digest: string | null, data: Uint8Array, key: VerifyKeyObjectInput, signature: Uint8Array) => Promise<boolean>

const keyTypes: Readonly<Record<SignatureAlgorithm["scheme"], readonly KeyObject["asymmetricKeyType"][]>> = {
  rsa: ["rsa"], rsaPss: ["rsa", "rsa-pss"], ecdsa: ["ec"], ed25519: ["ed25519"], ed448: ["ed448"], other: [],
}
const strongDigests: readonly string[] = ["sha256", "sha384", "sha512"]

/** `publicKeyInfo`: DER of the signer's SubjectPublicKeyInfo. Null when the signature is good, otherwise what is wrong, as a phrase after "the list" or "the response". */
export async function verifySigned({ toBeSigned, algorithm, signature }: SignedStructure, publicKeyInfo: Uint8Array): Promise<string | null> {
  const ownDigest = algorithm.scheme === "ed25519" || algorithm.scheme === "ed448"
  if (!ownDigest && !strongDigests.includes(algorithm.digest)) return `is signed with ${algorithm.digest || "an algorithm that is not known"} (${algorithm.oid})`
  try {
    const key = createPublicKey({ key: Buffer.from(publicKeyInfo), format: "der", type: "spki" })
    if (!keyTypes[algorithm.scheme].includes(key.asymmetricKeyType)) return "names a signature algorithm that is not its key's"
    const padding = algorithm.scheme === "rsaPss" ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO } : {}
    return (await verifyInThreadPool(ownDigest ? null : algorithm.digest, toBeSigned, { key, ...padding }, signature)) ? null : "has a broken signature"
  } catch {
    // a key or a signature that OpenSSL does not take
    return "has a broken signature"
  }
}
