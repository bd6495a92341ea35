import { der, oid } from "../der.ts"
import { type AlgorithmIdentifier, algorithmOf } from "./algorithms.ts"
import { type Asn1Node, encodingOf, implicitOctets, integerOctets, isContext, octetsOf, parseAsn1, sequenceOf, serialText } from "./asn1.ts"
import { CmsError } from "./cms-error.ts"
import { cmsLimits } from "./cms-limits.ts"
import { partsOf } from "./der-encoding.ts"
import { oids } from "./oid.ts"
import { readSignedAttributes, type SignedAttributes } from "./signed-attributes.ts"

/** One signer of SignedData (RFC 5652 §5.3). */
export interface SignerInfo {
  readonly identifier: SignerIdentifier
  readonly digestAlgorithm: string
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly attributes: SignedAttributes | null
  readonly signature: Buffer
  /** RFC 3161 tokens, as they came. */
  readonly timestamps: readonly Buffer[]
}

export type SignerIdentifier =
  | { readonly kind: "issuerAndSerial"; readonly issuerDer: Buffer; readonly serialNumber: string }
  /** Lower case hex. */
  | { readonly kind: "keyIdentifier"; readonly keyIdentifier: string }

const signedAttributesTag = 0xa0
const unsignedAttributesTag = 0xa1

/** Nodes of unsigned attributes are not built: time stamps and countersignatures are larger than all the rest. */
export function readSignerInfo(elements: readonly Buffer[]): SignerInfo {
  const plain = elements.filter((element) => element[0] !== signedAttributesTag && element[0] !== unsignedAttributesTag)
  const [version, identifier, digest, signature, value, ...rest] = sequenceOf(parseAsn1(der(0x30, ...plain)))
  if (!version || rest.length > 0) throw new CmsError("malformed", "SignerInfo")
  const signed = elements[3]?.[0] === signedAttributesTag ? elements[3] : undefined
  const unsigned = elements.at(-1)?.[0] === unsignedAttributesTag ? elements.at(-1) : undefined
  if (plain.length + (signed ? 1 : 0) + (unsigned ? 1 : 0) !== elements.length) throw new CmsError("malformed", "attributes out of place")
  return {
    identifier: signerIdentifier(identifier),
    digestAlgorithm: algorithmOf(digest).oid,
    signatureAlgorithm: algorithmOf(signature),
    attributes: signed ? readSignedAttributes(signed) : null,
    signature: octetsOf(value),
    timestamps: unsigned ? timestampsOf(unsigned) : [],
  }
}

function signerIdentifier(node: Asn1Node | undefined): SignerIdentifier {
  if (isContext(node, 0)) {
    return { kind: "keyIdentifier", keyIdentifier: implicitOctets(node).toString("hex") }
  }
  const [issuer, serial] = sequenceOf(node)
  if (!issuer) throw new CmsError("malformed", "signer identifier")
  return { kind: "issuerAndSerial", issuerDer: encodingOf(issuer), serialNumber: serialText(integerOctets(serial)) }
}

/** Countersignatures and the like are only counted (RFC 5652 §11.4: they say nothing of the content). */
function timestampsOf(unsigned: Buffer): Buffer[] {
  const attributes = partsOf(unsigned, cmsLimits.maxDepth)
  if (attributes.length > cmsLimits.maxAttributes) throw new CmsError("tooLarge", "too many attributes")
  return attributes.flatMap((attribute) => {
    const [type, values] = partsOf(attribute, cmsLimits.maxDepth)
    if (!type || !values || !type.equals(timeStampToken)) return []
    const tokens = partsOf(values, cmsLimits.maxDepth)
    if (tokens.length > cmsLimits.maxAttributes) throw new CmsError("tooLarge", "too many time stamps")
    return tokens
  })
}

const timeStampToken = oid(oids.timeStampToken)
