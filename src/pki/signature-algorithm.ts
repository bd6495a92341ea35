/** AlgorithmIdentifiers of signatures (RFC 8017, RFC 4055, RFC 5758, RFC 8410), read and written. Pure. Must not know: which of them are good enough. */
import { type KeyObject, constants, sign } from "node:crypto"
import { type Asn1, Asn1SyntaxError, oidText, sequenceItems, taggedItem } from "./asn1.ts"
import type { SignatureAlgorithm } from "./certificate.ts"
import { context, der, derTag, oid, positiveInteger, sequence } from "./der.ts"

const pssOid = "1.2.840.113549.1.1.10"
const mgf1Oid = "1.2.840.113549.1.1.8"

const byOid: Readonly<Record<string, readonly [SignatureAlgorithm["scheme"], string]>> = {
  "1.2.840.113549.1.1.4": ["rsa", "md5"],
  "1.2.840.113549.1.1.5": ["rsa", "sha1"],
  "1.3.14.3.2.29": ["rsa", "sha1"],
  "1.2.840.113549.1.1.14": ["rsa", "sha224"],
  "1.2.840.113549.1.1.11": ["rsa", "sha256"],
  "1.2.840.113549.1.1.12": ["rsa", "sha384"],
  "1.2.840.113549.1.1.13": ["rsa", "sha512"],
  "1.2.840.10045.4.1": ["ecdsa", "sha1"],
  "1.2.840.10045.4.3.1": ["ecdsa", "sha224"],
  "1.2.840.10045.4.3.2": ["ecdsa", "sha256"],
  "1.2.840.10045.4.3.3": ["ecdsa", "sha384"],
  "1.2.840.10045.4.3.4": ["ecdsa", "sha512"],
  "1.3.101.112": ["ed25519", ""],
  "1.3.101.113": ["ed448", ""],
}

const digestOids: Readonly<Record<string, string>> = {
  "1.2.840.113549.2.5": "md5",
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.4": "sha224",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
}

/** A digest's name in node:crypto; empty when it is not known. */
export const digestName = (dotted: string): string => digestOids[dotted] ?? ""

/** RFC 5280 §4.1.1.2. Throws Asn1SyntaxError. */
export function readSignatureAlgorithm(node: Asn1 | undefined): SignatureAlgorithm {
  const [algorithm, parameters] = sequenceItems(node, "signature algorithm")
  const dotted = oidText(algorithm)
  if (dotted === pssOid) return { scheme: "rsaPss", digest: pssDigest(parameters), oid: dotted }
  const [scheme, digest] = byOid[dotted] ?? ["other", ""]
  return { scheme, digest, oid: dotted }
}

/** RFC 4055 §3.1: SHA-1 where nothing is said. The weaker of hash and mask decides, so both must be the same to count as known. */
function pssDigest(parameters: Asn1 | undefined): string {
  if (!parameters) return "sha1"
  const items = sequenceItems(parameters, "PSS parameters")
  const hash = taggedItem(items, 0)
  const mask = taggedItem(items, 1)
  const digest = hash ? digestName(oidText(sequenceItems(hash.items[0], "hash algorithm")[0])) : "sha1"
  if (!mask) return digest === "sha1" ? digest : ""
  const [mgf, mgfHash] = sequenceItems(mask.items[0], "mask algorithm")
  if (oidText(mgf) !== mgf1Oid) throw new Asn1SyntaxError("has a mask generation function that is not MGF1")
  return digestName(oidText(sequenceItems(mgfHash, "hash algorithm")[0])) === digest ? digest : ""
}

export interface SigningChoice {
  readonly privateKey: KeyObject
  /** For RSA and ECDSA; SHA-256 when absent. */
  readonly digest?: "sha1" | "sha256" | "sha384" | "sha512"
  /** PSS instead of PKCS #1 v1.5, for an RSA key. */
  readonly pss?: boolean
}

/** AlgorithmIdentifier of what `signBytes` makes. */
export function signatureAlgorithmDer({ privateKey, digest = "sha256", pss = false }: SigningChoice): Buffer {
  const type = privateKey.asymmetricKeyType
  if (pss) return pssAlgorithm(digest)
  const scheme = type === "ec" ? "ecdsa" : type === "rsa" ? "rsa" : type
  const wanted = scheme === "ecdsa" || scheme === "rsa" ? digest : ""
  const found = Object.entries(byOid).find(([, [known, hash]]) => known === scheme && hash === wanted)
  if (!found) throw new Error(`cannot sign with ${String(type)} and ${digest}`)
  // RFC 4055 §5: NULL for RSA; RFC 5758 §3.2, RFC 8410 §3: nothing for the others
  return sequence(oid(found[0]), ...(scheme === "rsa" ? [der(derTag.null)] : []))
}

/** Octets of the digest, which are also those of the PSS salt (RFC 4056 §3). */
export const saltOctets = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const

export function pssAlgorithm(digest: keyof typeof saltOctets): Buffer {
  const hash = sequence(oid(Object.entries(digestOids).find(([, name]) => name === digest)?.[0] ?? ""), der(derTag.null))
  return sequence(oid(pssOid), sequence(context(0, hash), context(1, sequence(oid(mgf1Oid), hash)), context(2, positiveInteger(Buffer.from([saltOctets[digest]])))))
}

export function signBytes(bytes: Uint8Array, { privateKey, digest = "sha256", pss = false }: SigningChoice): Buffer {
  if (pss) return sign(digest, bytes, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: saltOctets[digest] })
  return sign(privateKey.asymmetricKeyType === "ed25519" || privateKey.asymmetricKeyType === "ed448" ? null : digest, bytes, privateKey)
}
