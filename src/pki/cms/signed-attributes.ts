import { type DigestName, algorithmOf, digestName } from "./algorithms.ts"
import { type Asn1Node, isUniversal, octetsOf, oidOf, parseAsn1, sequenceOf, setOf, timeOf } from "./asn1.ts"
import { CmsError } from "./cms-error.ts"
import { cmsLimits } from "./cms-limits.ts"
import { toDer } from "./der-encoding.ts"
import { oids } from "./oid.ts"

/** The attributes that a signature covers (RFC 5652 §5.3, §11). */
export interface SignedAttributes {
  /** DER of the SET OF: what is signed (RFC 5652 §5.4). */
  readonly der: Buffer
  readonly contentType: string
  readonly messageDigest: Buffer
  /** Claimed by the signer, ms; null when absent. */
  readonly signingTime: number | null
  /** Hash of the signer's certificate by signingCertificate or signingCertificateV2 (RFC 5035), each that is there. */
  readonly certificateHashes: readonly CertificateHash[]
  /** Content type of what is innermost, by contentHints (RFC 2634 §2.9); null when absent. */
  readonly contentHint: string | null
}

export interface CertificateHash {
  /** null: an algorithm that cannot be computed here. */
  readonly algorithm: DigestName | "sha1" | null
  readonly hash: Buffer
}

const malformed = (detail: string): CmsError => new CmsError("malformed", detail)

/** These must have one value; another instance could be the one that another reader believes. */
const single = new Set<string>([oids.contentType, oids.messageDigest, oids.signingTime, oids.signingCertificate, oids.signingCertificateV2, oids.contentHints])

/** `encoded` is the `[0] IMPLICIT SET OF Attribute` of a SignerInfo, BER or DER. Throws `CmsError`. */
export function readSignedAttributes(encoded: Buffer): SignedAttributes {
  const asSet = Buffer.from(encoded)
  // RFC 5652 §5.4: not the IMPLICIT [0] tag but an EXPLICIT SET OF tag is digested.
  asSet[0] = 0x31
  const der = toDer(asSet, cmsLimits.maxDepth)
  const attributes = setOf(parseAsn1(der))
  if (attributes.length > cmsLimits.maxAttributes) throw new CmsError("tooLarge", "too many attributes")
  const values = new Map<string, Asn1Node>()
  for (const attribute of attributes) {
    const [type, set, ...rest] = sequenceOf(attribute)
    const oid = oidOf(type)
    const [value, ...others] = setOf(set)
    if (rest.length > 0 || !value) throw malformed("attribute")
    if (!single.has(oid)) continue
    // RFC 5652 §11: one instance, one value
    if (values.has(oid) || others.length > 0) throw malformed(`attribute ${oid} is repeated`)
    values.set(oid, value)
  }
  const contentType = values.get(oids.contentType)
  const messageDigest = values.get(oids.messageDigest)
  // RFC 5652 §5.3: both must be there when any are.
  if (!contentType || !messageDigest) throw malformed("content-type or message-digest is missing")
  const signingTime = values.get(oids.signingTime)
  const hint = values.get(oids.contentHints)
  return {
    der, contentType: oidOf(contentType), messageDigest: octetsOf(messageDigest), signingTime: signingTime ? timeOf(signingTime) : null,
    certificateHashes: [...certificateHash(values.get(oids.signingCertificate), 1), ...certificateHash(values.get(oids.signingCertificateV2), 2)],
    contentHint: hint ? oidOf(sequenceOf(hint).find((item) => isUniversal(item, 6))) : null,
  }
}

/** RFC 5035 §6 and §4: the first ESSCertID is the signer's; its hash is SHA-1 in version 1, SHA-256 by default in version 2. */
function certificateHash(value: Asn1Node | undefined, version: 1 | 2): CertificateHash[] {
  if (!value) return []
  const [first] = sequenceOf(sequenceOf(value)[0])
  const items = sequenceOf(first)
  const named = version === 2 && isUniversal(items[0], 16) ? digestName(algorithmOf(items[0]).oid) ?? null : undefined
  return [{ algorithm: named === undefined ? (version === 1 ? "sha1" : "sha256") : named, hash: octetsOf(items[named === undefined ? 0 : 1]) }]
}
