/** What is read out of the extensions of a certificate (RFC 5280 §4.2). Pure; everything here throws Asn1SyntaxError for a value that is not what its OID says. */
import { canonicalAddress, isValidMailbox } from "../mail/address.ts"
import { type Asn1, Asn1SyntaxError, bitPositions, expectTag, hex, latin1, maxCertificateNodes, oidText, readAsn1, sequenceItems, smallNumber, taggedItem } from "./asn1.ts"
import type { CertificateExtension, CrlPoint, KeyUsageBit } from "./certificate.ts"
import { derTag } from "./der.ts"

export const extensionOid = {
  subjectKeyIdentifier: "2.5.29.14", keyUsage: "2.5.29.15", subjectAltName: "2.5.29.17", issuerAltName: "2.5.29.18", basicConstraints: "2.5.29.19", nameConstraints: "2.5.29.30",
  crlDistributionPoints: "2.5.29.31", certificatePolicies: "2.5.29.32", policyMappings: "2.5.29.33", authorityKeyIdentifier: "2.5.29.35", policyConstraints: "2.5.29.36",
  extendedKeyUsage: "2.5.29.37", freshestCrl: "2.5.29.46", inhibitAnyPolicy: "2.5.29.54", authorityInfoAccess: "1.3.6.1.5.5.7.1.1",
} as const

type Extensions = ReadonlyMap<string, CertificateExtension>

/** The list after its `[3]`; an OID that comes twice would let two readers see two things (RFC 5280 §4.2). */
export function readExtensions(list: Asn1 | undefined): Extensions {
  const extensions = new Map<string, CertificateExtension>()
  for (const item of sequenceItems(list, "list of extensions")) {
    const parts = sequenceItems(item, "extension")
    const id = oidText(parts[0])
    const critical = parts[1]?.tag === derTag.boolean ? parts[1].octets[0] !== 0 : false
    if (extensions.has(id)) throw new Asn1SyntaxError(`has the extension ${id} twice`)
    extensions.set(id, { critical, value: expectTag(parts.at(-1), derTag.octetString, "value of an extension").octets })
  }
  return extensions
}

/** The parsed value of an extension, undefined when it is absent. */
export function extensionValue(extensions: Extensions, id: string): Asn1 | undefined {
  const extension = extensions.get(id)
  return extension && readAsn1(extension.value, maxCertificateNodes)
}

/** By bit position. */
export const keyUsageBits: readonly KeyUsageBit[] = [
  "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
]

export function readKeyUsage(extensions: Extensions): ReadonlySet<KeyUsageBit> | null {
  const value = extensionValue(extensions, extensionOid.keyUsage)
  return value ? new Set(bitPositions(value).flatMap((at) => keyUsageBits[at] ?? [])) : null
}

export function readExtendedKeyUsage(extensions: Extensions): ReadonlySet<string> | null {
  const value = extensionValue(extensions, extensionOid.extendedKeyUsage)
  return value ? new Set(sequenceItems(value, "list of key purposes").map(oidText)) : null
}

export function readBasicConstraints(extensions: Extensions): { readonly isAuthority: boolean; readonly pathLength: number | null } {
  const value = extensionValue(extensions, extensionOid.basicConstraints)
  const [first, second] = value ? sequenceItems(value, "basic constraints") : []
  const isAuthority = first?.tag === derTag.boolean && first.octets[0] !== 0
  return { isAuthority, pathLength: isAuthority && second ? smallNumber(second) : null }
}

export function readSubjectKeyIdentifier(extensions: Extensions): string | null {
  const value = extensionValue(extensions, extensionOid.subjectKeyIdentifier)
  return value ? hex(expectTag(value, derTag.octetString, "key identifier").octets) : null
}

export function readAuthorityKeyIdentifier(extensions: Extensions): string | null {
  const value = extensionValue(extensions, extensionOid.authorityKeyIdentifier)
  const identifier = value && taggedItem(sequenceItems(value, "authority key identifier"), 0)
  return identifier ? hex(identifier.octets) : null
}

/** Tags of a GeneralName (RFC 5280 §4.2.1.6). */
export const generalNameTag = { otherName: 0, rfc822Name: 1, dnsName: 2, x400Address: 3, directoryName: 4, ediPartyName: 5, uri: 6, ipAddress: 7, registeredId: 8 } as const

const smtpUtf8MailboxOid = "1.3.6.1.5.5.7.8.9"

/** Mailboxes of a subjectAltName as they stand there: rfc822Name, and SmtpUTF8Mailbox (RFC 9598 §3). */
export function alternativeMailboxes(extensions: Extensions): string[] {
  const value = extensionValue(extensions, extensionOid.subjectAltName)
  return (value ? sequenceItems(value, "alternative names") : []).flatMap((name) => {
    if (generalNameNumber(name) === generalNameTag.rfc822Name) return [latin1(name.octets)]
    return generalNameNumber(name) === generalNameTag.otherName ? smtpUtf8Mailbox(name) : []
  })
}

export const generalNameNumber = ({ tag }: Asn1): number => ((tag & 0xc0) === 0x80 ? tag & 0x1f : -1)

function smtpUtf8Mailbox({ items: [type, wrapped] }: Asn1): string[] {
  if (oidText(type) !== smtpUtf8MailboxOid) return []
  return [Buffer.from(expectTag(wrapped?.items[0], derTag.utf8String, "SmtpUTF8Mailbox").octets).toString("utf8")]
}

/** Canonical and each once; what is no mailbox is left out. */
export const canonicalMailboxes = (texts: readonly string[]): readonly string[] => [...new Set(texts.filter(isValidMailbox).map(canonicalAddress))]

const maxUrls = 8
const maxUrlOctets = 2_048

/** Where the lists are (RFC 5280 §4.2.1.13), or the deltas to them (§4.2.1.15). `issuer`: DER of its name. A point whose lister has no name is left out. */
export function readCrlPoints(extensions: Extensions, id: "crlDistributionPoints" | "freshestCrl", issuer: Uint8Array): readonly CrlPoint[] {
  const value = extensionValue(extensions, extensionOid[id])
  const points = value ? sequenceItems(value, "distribution points").slice(0, maxUrls) : []
  return points.flatMap((point) => {
    const lister = listerOf(point, issuer)
    return lister ? [{ lister, urls: pointUrls([point]) }] : []
  })
}

function listerOf(point: Asn1, issuer: Uint8Array): Uint8Array | undefined {
  const named = taggedItem(sequenceItems(point, "distribution point"), 2)
  const names = named ? directoryNames(named.items) : [issuer]
  return names.find((name) => Buffer.compare(name, issuer) === 0) ?? names[0]
}

/** DER of the directoryNames among GeneralNames. */
export const directoryNames = (names: readonly Asn1[]): readonly Uint8Array[] =>
  names.flatMap((name) => (generalNameNumber(name) === generalNameTag.directoryName && name.items[0] ? [name.items[0].der] : []))

/** URLs of the fullName of each. */
export const pointUrls = (points: readonly Asn1[]): readonly string[] =>
  urls(points.flatMap((point) => taggedItem(taggedItem(sequenceItems(point, "distribution point"), 0)?.items ?? [], 0)?.items ?? []))

const accessMethod = { ocsp: "1.3.6.1.5.5.7.48.1", issuer: "1.3.6.1.5.5.7.48.2" } as const

export function readAccessUrls(extensions: Extensions, method: keyof typeof accessMethod): readonly string[] {
  const value = extensionValue(extensions, extensionOid.authorityInfoAccess)
  const descriptions = value ? sequenceItems(value, "access descriptions").map((item) => sequenceItems(item, "access description")) : []
  return urls(descriptions.flatMap(([type, location]) => (location && oidText(type) === accessMethod[method] ? [location] : [])))
}

const urls = (names: readonly Asn1[]): readonly string[] =>
  names
    .filter((name) => generalNameNumber(name) === generalNameTag.uri && name.octets.length <= maxUrlOctets)
    .slice(0, maxUrls)
    .map(({ octets }) => latin1(octets))
