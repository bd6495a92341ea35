import { parameterText, parameterValue } from "../../mail/mime-parameter.ts"
import type { MimeFields, ScannedPart } from "../../mail/mime-part.ts"

/** Where in a message the outermost S/MIME layer is. Pure. */
export interface SignedLayer {
  readonly form: "multipart" | "opaque"
  readonly part: ScannedPart
  /** Multiparts from the message's root down to the layer; empty when the layer is the root. */
  readonly around: readonly ScannedPart[]
}

const signatureTypes = new Set(["pkcs7-signature", "x-pkcs7-signature"])
const messageTypes = new Set(["pkcs7-mime", "x-pkcs7-mime"])

/** RFC 8551 §3.5.3.1 and the name of early senders. */
export const isSignaturePart = ({ type, subtype }: MimeFields): boolean => type === "application" && signatureTypes.has(subtype)

export const isCmsPart = ({ type, subtype }: MimeFields): boolean => type === "application" && messageTypes.has(subtype)

/** RFC 8551 §3.10: gateways that do not know the type leave only the file name. */
const isCmsFile = (mime: MimeFields): boolean => {
  if (mime.type !== "application" || mime.subtype !== "octet-stream") return false
  const name = (mime.disposition && parameterText(mime.disposition.parameters, "filename")) ?? parameterText(mime.parameters, "name") ?? ""
  return name.toLowerCase().endsWith(".p7m")
}

/** `protocol` of multipart/signed (RFC 1847 §2.1), lower case; empty when absent. */
export const protocolOf = (mime: MimeFields): string => (parameterValue(mime.parameters, "protocol") ?? "").trim().toLowerCase()

const isSigned = (part: ScannedPart): boolean => {
  const { mime, children } = part
  if (mime.type !== "multipart" || mime.subtype !== "signed") return false
  const protocol = protocolOf(mime)
  // Either is enough for some reader to show a seal; PGP/MIME has neither.
  return protocol.endsWith("pkcs7-signature") || children.some((child) => isSignaturePart(child.mime))
}

/**
 * The first S/MIME layer in reading order; undefined when there is none. Messages that are attached are not looked into: what they are is
 * their senders' affair, and says nothing of who sent this one.
 */
export function findLayer(root: ScannedPart): SignedLayer | undefined {
  const found = search(root, [])
  if (found) return found
  return isCmsFile(root.mime) ? { form: "opaque", part: root, around: [] } : undefined
}

function search(part: ScannedPart, around: readonly ScannedPart[]): SignedLayer | undefined {
  if (isSigned(part)) return { form: "multipart", part, around }
  if (isCmsPart(part.mime)) return { form: "opaque", part, around }
  if (part.kind !== "multipart") return undefined
  const inside = [...around, part]
  for (const child of part.children) {
    const found = search(child, inside)
    if (found) return found
  }
  return undefined
}
