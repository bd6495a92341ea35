/**
 * DER as a tree of plain values (X.690 §10). asn1js takes the bytes apart; here its tree is checked to be DER and bounded, so that
 * whoever walks it meets neither surprise nor endlessness. Must not know: what the values mean.
 */
import { fromBER } from "asn1js"
import { derTag } from "./der.ts"

export interface Asn1 {
  /** The identifier octet: class, constructed bit and number, as in `derTag`; numbers above 30 do not occur. */
  readonly tag: number
  /** The whole element. */
  readonly der: Uint8Array
  /** What is in it. */
  readonly octets: Uint8Array
  /** What a constructed element is made of; empty for a primitive one. */
  readonly items: readonly Asn1[]
}

/** Not the ASN.1 that was expected: thrown by everything here, caught where the outermost element was handed in. */
export class Asn1SyntaxError extends Error {}

const maxDepth = 24
const fewNodes = 4_000
/** Enough for any certificate and any extension of people and mail; some milliseconds of work. */
export const maxCertificateNodes = 1_000

/** One element that fills `bytes`, of which the tree is views: they must not change afterwards. */
export function readAsn1(bytes: Uint8Array, maxNodes = fewNodes): Asn1 {
  const { offset, result } = parsed(bytes, maxNodes)
  if (offset === -1) throw new Asn1SyntaxError("is cut short, too deep or not ASN.1 at all")
  if (offset !== bytes.length) throw new Asn1SyntaxError("has octets after its end")
  return plain(result)
}

function parsed(bytes: Uint8Array, maxNodes: number): ReturnType<typeof fromBER> {
  try {
    return fromBER(bytes, { maxDepth, maxNodes, parseEmbedded: false, copyInput: false })
  } catch {
    // a time that is none, for example, makes asn1js throw instead of returning an error
    throw new Asn1SyntaxError("is not ASN.1")
  }
}

interface LibraryNode {
  readonly valueBeforeDecodeView: Uint8Array
  readonly valueBlock: object
}

function plain(node: LibraryNode): Asn1 {
  const view = node.valueBeforeDecodeView
  const tag = view[0] ?? 0
  if ((tag & 0x1f) === 0x1f) throw new Asn1SyntaxError("has a tag number above 30")
  const octets = view.subarray(headerLength(view))
  const inner = tag & 0x20 && "value" in node.valueBlock && Array.isArray(node.valueBlock.value) ? (node.valueBlock.value as readonly LibraryNode[]) : []
  return { tag, der: view, octets, items: inner.map(plain) }
}

/** X.690 §10.1: definite, in the fewest octets. */
function headerLength(view: Uint8Array): number {
  const first = view[1] ?? 0x80
  const more = first < 0x80 ? 0 : first & 0x7f
  const length = more === 0 ? first : view.subarray(2, 2 + more).reduce((sum, octet) => sum * 256 + octet, 0)
  const fewest = length < 0x80 ? 0 : Math.ceil(Math.log2(length + 1) / 8)
  if (first === 0x80 || more !== fewest || 2 + more + length !== view.length) throw new Asn1SyntaxError("is not DER")
  return 2 + more
}

/** `node` when it has this tag; throws when it has another or is not there. */
export function expectTag(node: Asn1 | undefined, tag: number, what: string): Asn1 {
  if (node?.tag !== tag) throw new Asn1SyntaxError(`has no ${what} where one must be`)
  return node
}

export const sequenceItems = (node: Asn1 | undefined, what: string): readonly Asn1[] => expectTag(node, derTag.sequence, what).items

/** `[n]`, constructed or primitive; undefined when it is not there. */
export const taggedItem = (items: readonly Asn1[], number: number): Asn1 | undefined => items.find(({ tag }) => (tag & 0xdf) === (0x80 | number))

const maxOidOctets = 64

/** Dotted (X.690 §8.19). */
export function oidText(node: Asn1 | undefined): string {
  const { octets } = expectTag(node, derTag.oid, "object identifier")
  if (octets.length === 0 || octets.length > maxOidOctets || (octets.at(-1) ?? 0) & 0x80) throw new Asn1SyntaxError("has a broken object identifier")
  const arcs: bigint[] = []
  let arc = 0n
  for (const octet of octets) {
    arc = (arc << 7n) | BigInt(octet & 0x7f)
    if (octet & 0x80) continue
    arcs.push(arc)
    arc = 0n
  }
  const [first = 0n, ...rest] = arcs
  const root = first < 80n ? first / 40n : 2n
  return [root, first - root * 40n, ...rest].join(".")
}

/** A small INTEGER that is not negative, such as a path length. */
export function smallNumber(node: Asn1 | undefined): number {
  const { octets } = expectTag(node, derTag.integer, "number")
  return smallNumberOf(octets)
}

export function smallNumberOf(octets: Uint8Array): number {
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0)
  if (octets.length === 0 || octets.length > 4 || (octets[0] ?? 0) & 0x80) throw new Asn1SyntaxError("has a number out of range")
  return value
}

/** Set bits by position, the first being 0 (X.690 §8.6). */
export function bitPositions(node: Asn1 | undefined): readonly number[] {
  const { octets } = expectTag(node, derTag.bitString, "bit string")
  const unused = octets[0] ?? 8
  if (unused > 7 || octets.length > 9 || (unused > 0 && octets.length === 1)) throw new Asn1SyntaxError("has a broken bit string")
  const positions: number[] = []
  for (let at = 0; at < (octets.length - 1) * 8 - unused; at++) {
    if ((octets[1 + (at >> 3)] ?? 0) & (0x80 >> (at & 7))) positions.push(at)
  }
  return positions
}

/** Milliseconds; only the forms of RFC 5280 §4.1.2.5: seconds are given, the zone is Z. */
export function timeOf(node: Asn1 | undefined): number {
  if (node?.tag !== derTag.utcTime && node?.tag !== derTag.generalizedTime) throw new Asn1SyntaxError("has no time where one must be")
  const text = latin1(node.octets)
  const long = node.tag === derTag.generalizedTime ? text : `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}`
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(long)
  const iso = parts ? `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z` : ""
  const ms = Date.parse(iso)
  // the 31st of February would quietly become a day in March
  if (!parts || Number.isNaN(ms) || new Date(ms).getUTCDate() !== Number(parts[3])) throw new Asn1SyntaxError(`has a time that is none: ${JSON.stringify(text.slice(0, 24))}`)
  return ms
}

const decoders: Readonly<Record<number, (octets: Uint8Array) => string>> = {
  [derTag.utf8String]: (octets) => Buffer.from(octets).toString("utf8"),
  [derTag.bmpString]: (octets) => (octets.length % 2 === 0 ? Buffer.from(octets).swap16().toString("utf16le") : ""),
  [derTag.universalString]: (octets) => utf32(octets),
}

/** Any of the ASN.1 string types as text; those older than Unicode are read as Latin-1. Undefined for what is no string. */
export function stringOf({ tag, octets }: Asn1): string | undefined {
  const decoder = decoders[tag]
  if (decoder) return decoder(octets)
  return latinStrings.has(tag) ? latin1(octets) : undefined
}

const latinStrings: ReadonlySet<number> = new Set([derTag.printableString, derTag.teletexString, derTag.ia5String, derTag.numericString, derTag.visibleString])

export const latin1 = (octets: Uint8Array): string => Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("latin1")

function utf32(octets: Uint8Array): string {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length - (octets.length % 4))
  let text = ""
  for (let at = 0; at < view.byteLength; at += 4) text += view.getUint32(at) <= 0x10_ffff ? String.fromCodePoint(view.getUint32(at)) : "\ufffd"
  return text
}

export const hex = (octets: Uint8Array): string => Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("hex")
