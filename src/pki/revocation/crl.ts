import { failed, ok, type Result } from "../../base/result.ts"
import { type Asn1, Asn1SyntaxError, expectTag, hex, latin1, oidText, readAsn1, sequenceItems, taggedItem, timeOf } from "../asn1.ts"
import type { Certificate } from "../certificate.ts"
import { derTag } from "../der.ts"
import { childrenOf, type DerElement, wholeOf } from "./der-walk.ts"
import { pointUrls } from "../read-extensions.ts"
import { createEntryIssuers } from "./entry-issuers.ts"
import { indexRevoked, type RevokedList } from "./revoked-list.ts"
import { outerElements, type SignedStructure, signedStructure, verifySigned } from "./signed-structure.ts"

/**
 * Certificate revocation lists (RFC 5280 §5, §6.3): complete ones and deltas, by the certificate's own issuer or, indirect ones, by whom the certificate
 * names for it. A list for some reasons only, or one with a critical extension that is not understood says nothing here, never "good". A delta speaks of those that it
 * names and of nobody else; what it says of a complete list is delta-lists.ts' affair.
 * In three steps, so that strangers' bytes cost little: `readCrl` looks at the head, `verifyCrl` checks the signature and only then
 * indexes the entries, `statusByCrl` looks one certificate up. Must not know: where the bytes come from, what time it is.
 */
export interface Crl {
  readonly der: Uint8Array
  readonly issuerDer: Uint8Array
  /** Milliseconds since the epoch. RFC 5280 §5.1.2.5 demands nextUpdate; some lists lack it. */
  readonly thisUpdate: number
  readonly nextUpdate: number | null
  /** RFC 5280 §5.2.3, hex; null when absent. */
  readonly number: string | null
  /** BaseCRLNumber of a delta (RFC 5280 §5.2.4), hex; null: the list is complete. */
  readonly base: string | null
  /** Which of its keys the issuer says that it signed with (RFC 5280 §5.2.1), hex; null when absent. */
  readonly authorityKeyIdentifier: string | null
  /** Where its deltas are said to be (RFC 5280 §5.2.6). */
  readonly deltaUrls: readonly string[]
  readonly scope: CrlScope
  /** The extension that it was read from, hex; empty when absent. */
  readonly scopeHex: string
  readonly entries: DerElement | null
  readonly signed: SignedStructure
}

/** RFC 5280 §5.2.5: whom a list speaks for. `urls` are the names of its distribution point, null when it has none. */
export type CrlScope =
  | { readonly kind: "nobody"; readonly because: string }
  | { readonly kind: "some"; readonly indirect: boolean; readonly users: boolean; readonly authorities: boolean; readonly urls: readonly string[] | null }

export interface VerifiedCrl extends Crl {
  readonly signer: Certificate
  readonly revoked: RevokedList
}

export const maxCrlBytes = 20 * 2 ** 20

/** Failure: a phrase after "the list". */
export function readCrl(der: Uint8Array): Result<Crl, string> {
  if (der.length > maxCrlBytes) return failed(`is larger than ${maxCrlBytes} bytes`)
  try {
    return ok(readHead(der))
  } catch (error) {
    if (error instanceof Asn1SyntaxError) return failed(error.message)
    throw error
  }
}

function readHead(der: Uint8Array): Crl {
  const outer = outerElements(der, 3)
  const signed = outer && signedStructure(der, outer)
  const fields = outer?.[0] && [...(childrenOf(der, outer[0], 7) ?? [])]
  if (!outer?.[1] || !signed || !fields) throw new Asn1SyntaxError("is not a CRL")
  const take = (...tags: readonly number[]): DerElement | undefined => (fields[0] && tags.includes(fields[0].tag) ? fields.shift() : undefined)
  const read = (element: DerElement | undefined): Asn1 | undefined => element && readAsn1(wholeOf(der, element))
  take(derTag.integer)
  const algorithm = take(derTag.sequence)
  const issuer = take(derTag.sequence)
  const thisUpdate = read(take(derTag.utcTime, derTag.generalizedTime))
  const nextUpdate = read(take(derTag.utcTime, derTag.generalizedTime))
  const entries = take(derTag.sequence)
  const extensions = read(take(extensionsTag))
  if (!algorithm || !issuer || fields.length > 0) throw new Asn1SyntaxError("is not a CRL")
  // RFC 5280 §5.1.1.2: what is signed says the same as what is used
  if (Buffer.compare(wholeOf(der, algorithm), wholeOf(der, outer[1])) !== 0) throw new Asn1SyntaxError("names two signature algorithms")
  return {
    der,
    issuerDer: wholeOf(der, issuer),
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: nextUpdate ? timeOf(nextUpdate) : null,
    ...readExtensions(extensions ? sequenceItems(extensions.items[0], "extensions") : []),
    entries: entries ?? null,
    signed,
  }
}

/** More keys of one name than an authority has in use; each costs a pass over the list. */
const maxSigners = 4

/**
 * Whether one of `signers` signed it and may (RFC 5280 §6.3.3 (f), (g)); then indexes the entries, yielding to the event loop. That their paths are good
 * is the caller's affair. Failure: a phrase after "the list".
 */
export async function verifyCrl(crl: Crl, signers: readonly Certificate[]): Promise<Result<VerifiedCrl, string>> {
  if (crl.scope.kind === "nobody") return failed(crl.scope.because)
  const named = signers.filter(({ subject }) => Buffer.compare(crl.issuerDer, subject.der) === 0)
  if (named.length === 0) return failed("is of another issuer")
  const likeliest = named.filter(maySignLists).toSorted((a, b) => Number(isPointedTo(crl, b)) - Number(isPointedTo(crl, a)))
  let problem = "is signed by a certificate that may not sign lists"
  for (const signer of likeliest.slice(0, maxSigners)) {
    const wrong = await verifySigned(crl.signed, signer.publicKeyInfo)
    if (wrong === null) return indexed(crl, signer, crl.scope.indirect)
    problem = wrong
  }
  return failed(problem)
}

const maySignLists = ({ keyUsage }: Certificate): boolean => keyUsage === null || keyUsage.has("cRLSign")

const isPointedTo = ({ authorityKeyIdentifier }: Crl, { subjectKeyIdentifier }: Certificate): boolean => authorityKeyIdentifier !== null && authorityKeyIdentifier === subjectKeyIdentifier

async function indexed(crl: Crl, signer: Certificate, indirect: boolean): Promise<Result<VerifiedCrl, string>> {
  const revoked = await indexRevoked(crl.der, crl.entries, indirect ? createEntryIssuers(crl.der, crl.issuerDer) : null)
  return revoked ? ok({ ...crl, signer, revoked }) : failed("has entries that cannot be used")
}

/** What a CRL or an OCSP response says of one certificate. */
export interface StatedStatus {
  readonly status: "good" | "revoked" | "unknown"
  readonly revokedAt: number | null
  /** RFC 5280 §5.3.1 by name; empty when not given. */
  readonly reason: string
}

export const statedGood: StatedStatus = { status: "good", revokedAt: null, reason: "" }
export const statedUnknown: StatedStatus = { status: "unknown", revokedAt: null, reason: "" }

/** The caller judges whether the list is recent enough. */
export function statusByCrl(crl: VerifiedCrl, certificate: Certificate): StatedStatus {
  if (!speaksFor(crl, certificate)) return statedUnknown
  const entry = crl.revoked.find(certificate.serialNumber, certificate.issuer)
  // RFC 5280 §5.3.1: no longer on hold
  if (entry && entry.reason !== "removeFromCRL") return { status: "revoked", ...entry }
  // RFC 5280 §3.3: an entry may go once the certificate has expired, so its absence proves nothing any more
  if (crl.thisUpdate > certificate.notAfter) return statedUnknown
  return crl.base === null || entry ? statedGood : statedUnknown
}

/** RFC 5280 §6.3.3 (b): by the issuer itself, or indirect and by whom a distribution point names; a list of one distribution point must be that one's. */
function speaksFor({ scope, issuerDer }: Crl, certificate: Certificate): boolean {
  if (scope.kind === "nobody" || !(certificate.isAuthority ? scope.authorities : scope.users)) return false
  const points = certificate.crlPoints.filter(({ lister }) => Buffer.compare(lister, issuerDer) === 0)
  const isOwn = Buffer.compare(issuerDer, certificate.issuer.der) === 0
  if (!isOwn && (!scope.indirect || points.length === 0)) return false
  return scope.urls === null || scope.urls.some((url) => points.some(({ urls }) => urls.includes(url)))
}

const extensionsTag = 0xa0
const extensionId = { crlNumber: "2.5.29.20", authorityKeyIdentifier: "2.5.29.35", deltaCrlIndicator: "2.5.29.27", issuingDistributionPoint: "2.5.29.28", freshestCrl: "2.5.29.46" } as const

/** RFC 5280 §5.2. */
function readExtensions(extensions: readonly Asn1[]): Pick<Crl, "number" | "base" | "authorityKeyIdentifier" | "deltaUrls" | "scope" | "scopeHex"> {
  let number: string | null = null
  let base: string | null = null
  let authorityKeyIdentifier: string | null = null
  let deltaUrls: readonly string[] = []
  let scopeHex = ""
  let scope: CrlScope = { kind: "some", indirect: false, users: true, authorities: true, urls: null }
  const seen = new Set<string>()
  for (const { items } of extensions) {
    const id = oidText(items[0])
    const value = readAsn1(expectTag(items.at(-1), derTag.octetString, "extension value").octets)
    if (seen.has(id)) throw new Asn1SyntaxError("has an extension twice")
    seen.add(id)
    if (id === extensionId.crlNumber) number = hex(expectTag(value, derTag.integer, "CRL number").octets)
    else if (id === extensionId.deltaCrlIndicator) base = hex(expectTag(value, derTag.integer, "number of the list that it is a delta to").octets)
    else if (id === extensionId.freshestCrl) deltaUrls = pointUrls(sequenceItems(value, "distribution points"))
    else if (id === extensionId.issuingDistributionPoint) {
      scopeHex = hex(value.der)
      if (scope.kind === "some") scope = readScope(sequenceItems(value, "distribution point"))
    }
    // never critical (RFC 5280 §5.2.1)
    else if (id === extensionId.authorityKeyIdentifier && !isCritical(items)) authorityKeyIdentifier = hex(taggedItem(value.items, 0)?.octets ?? new Uint8Array())
    else if (isCritical(items) && scope.kind === "some") scope = { kind: "nobody", because: `has the critical extension ${id}, which is not understood` }
  }
  return { number, base, authorityKeyIdentifier, deltaUrls, scope, scopeHex }
}

const isCritical = (items: readonly Asn1[]): boolean => items[1]?.tag === derTag.boolean && items[1].octets[0] !== 0

const uniformResourceIdentifier = 0x86

/** IssuingDistributionPoint (RFC 5280 §5.2.5). */
function readScope(items: readonly Asn1[]): CrlScope {
  // DER writes TRUE as ff; whoever writes it otherwise means it none the less
  const isSet = (number: number): boolean => taggedItem(items, number)?.octets.some((octet) => octet !== 0) ?? false
  if (items.some(({ tag }) => (tag & 0xc0) !== 0x80 || (tag & 0x1f) > 5)) return { kind: "nobody", because: "has a scope that is not understood" }
  if (isSet(5)) return { kind: "nobody", because: "is for attribute certificates" }
  if (taggedItem(items, 3)) return { kind: "nobody", because: "is for some reasons only" }
  const point = taggedItem(items, 0)
  const fullName = point && taggedItem(point.items, 0)
  // a name relative to the issuer's is compared with nothing that a certificate here carries
  if (point && !fullName) return { kind: "nobody", because: "has a distribution point by relative name" }
  const urls = fullName?.items.filter(({ tag }) => tag === uniformResourceIdentifier).map(({ octets }) => latin1(octets)) ?? null
  return { kind: "some", indirect: isSet(4), users: !isSet(2), authorities: !isSet(1), urls }
}
