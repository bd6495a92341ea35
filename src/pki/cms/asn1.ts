import * as asn1js from "asn1js"
import { CmsError } from "./cms-error.ts"
import { cmsLimits } from "./cms-limits.ts"

/** asn1js with its limits set, and the few values read from its tree. Every function throws `CmsError` where the bytes are something else. */
export type Asn1Node = ReturnType<typeof asn1js.fromBER>["result"]

const malformed = (detail: string): CmsError => new CmsError("malformed", detail)

/** Reads exactly one element. Bounded by nodes and depth, hence in time: 1,000 nodes are 2 ms. */
export function parseAsn1(bytes: Uint8Array): Asn1Node {
  const options = { maxDepth: cmsLimits.maxDepth, maxNodes: cmsLimits.maxNodes, maxContentLength: cmsLimits.maxBytes, parseEmbedded: false, copyInput: false }
  let parsed: ReturnType<typeof asn1js.fromBER>
  try {
    parsed = asn1js.fromBER(bytes, options)
  } catch {
    throw malformed("not ASN.1")
  }
  if (parsed.offset === -1 || parsed.result.error) throw malformed(`not ASN.1: ${parsed.result.error}`)
  if (parsed.offset !== bytes.length) throw malformed("bytes behind an element")
  return parsed.result
}

export const isUniversal = (node: Asn1Node | undefined, number: number): boolean => node?.idBlock.tagClass === 1 && node.idBlock.tagNumber === number

export const isContext = (node: Asn1Node | undefined, number: number): boolean => node?.idBlock.tagClass === 3 && node.idBlock.tagNumber === number

/** The elements of a SEQUENCE, a SET or a constructed context tag. */
export function itemsOf(node: Asn1Node | undefined): readonly Asn1Node[] {
  if (node instanceof asn1js.Constructed && node.idBlock.isConstructed) return node.valueBlock.value
  throw malformed("constructed element expected")
}

export function sequenceOf(node: Asn1Node | undefined): readonly Asn1Node[] {
  if (node instanceof asn1js.Sequence) return itemsOf(node)
  throw malformed("SEQUENCE expected")
}

export function setOf(node: Asn1Node | undefined): readonly Asn1Node[] {
  if (node instanceof asn1js.Set) return itemsOf(node)
  throw malformed("SET expected")
}

export function oidOf(node: Asn1Node | undefined): string {
  if (node instanceof asn1js.ObjectIdentifier) return node.getValue()
  throw malformed("OBJECT IDENTIFIER expected")
}

/** The octets of a definite or a segmented OCTET STRING. */
export function octetsOf(node: Asn1Node | undefined): Buffer {
  if (node instanceof asn1js.OctetString) return Buffer.from(node.getValue())
  throw malformed("OCTET STRING expected")
}

/** The octets of a primitive element with a context tag, `[0] IMPLICIT OCTET STRING` and the like. */
export function implicitOctets(node: Asn1Node | undefined): Buffer {
  if (node instanceof asn1js.Primitive) return Buffer.from(node.valueBlock.valueHexView)
  throw malformed("primitive element expected")
}

/** The octets of an INTEGER, two's complement. */
export function integerOctets(node: Asn1Node | undefined): Buffer {
  if (node instanceof asn1js.Integer) return Buffer.from(node.valueBlock.valueHexView)
  throw malformed("INTEGER expected")
}

export function smallInteger(node: Asn1Node | undefined): number {
  const octets = integerOctets(node)
  if (octets.length === 0 || octets.length > 4) throw malformed("INTEGER out of range")
  return octets.readIntBE(0, octets.length)
}

/** A UTCTime or GeneralizedTime, ms. */
export function timeOf(node: Asn1Node | undefined): number {
  if (node instanceof asn1js.UTCTime || node instanceof asn1js.GeneralizedTime) {
    const ms = node.toDate().getTime()
    if (!Number.isNaN(ms)) return ms
  }
  throw malformed("time expected")
}

/** The whole element as it was encoded. */
export const encodingOf = (node: Asn1Node): Buffer => Buffer.from(node.valueBeforeDecodeView)

/** Lower case hex of an INTEGER's magnitude without leading zero octets: how serial numbers are compared. */
export const serialText = (octets: Buffer): string => {
  const start = octets.findIndex((octet) => octet !== 0)
  return start === -1 ? "00" : octets.subarray(start).toString("hex")
}
