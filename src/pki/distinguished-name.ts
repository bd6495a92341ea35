/** Names of subjects and issuers: read for people (RFC 4514), written for certificates (RFC 5280 §4.1.2.4). Pure. */
import { type Asn1, Asn1SyntaxError, expectTag, hex, oidText, sequenceItems, stringOf } from "./asn1.ts"
import type { DistinguishedNameText } from "./certificate.ts"
import { der, derTag, oid, sequence } from "./der.ts"

/** Short names of RFC 4514 §3, then those that people know from certificates. */
const attributeNames: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.6": "C", "2.5.4.9": "STREET",
  "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
  "1.2.840.113549.1.9.1": "emailAddress", "2.5.4.4": "SN", "2.5.4.42": "givenName", "2.5.4.5": "serialNumber", "2.5.4.12": "title", "2.5.4.97": "organizationIdentifier",
}

export const emailAttribute = "1.2.840.113549.1.9.1"
const commonNameAttribute = "2.5.4.3"

export interface NameAttribute {
  readonly type: string
  /** Undefined for a value that is no string. */
  readonly value: string | undefined
  readonly der: Uint8Array
}

/** Many times what any authority writes; a longer one would be work and no name. */
const maxNameOctets = 4_096

/** RDNs in the order of the certificate, each with its attributes. Throws Asn1SyntaxError. */
export function readNameAttributes(node: Asn1 | undefined): readonly (readonly NameAttribute[])[] {
  if ((node?.der.length ?? 0) > maxNameOctets) throw new Asn1SyntaxError(`has a name longer than ${maxNameOctets} octets`)
  return sequenceItems(node, "name").map((rdn) => {
    const attributes = expectTag(rdn, derTag.set, "part of a name").items
    if (attributes.length === 0) throw new Asn1SyntaxError("has an empty part in a name")
    return attributes.map((attribute) => {
      const [type, value] = sequenceItems(attribute, "attribute of a name")
      if (!value) throw new Asn1SyntaxError("has a name attribute without a value")
      return { type: oidText(type), value: stringOf(value), der: value.der }
    })
  })
}

export function nameText(node: Asn1, rdns: readonly (readonly NameAttribute[])[]): DistinguishedNameText {
  // RFC 4514 §2.1: the last RDN comes first
  const text = rdns.toReversed().map(rdnText).join(",")
  return { text, der: node.der, commonName: rdns.flat().findLast(({ type }) => type === commonNameAttribute)?.value ?? "" }
}

const rdnText = (rdn: readonly NameAttribute[]): string => rdn.map(attributeText).join("+")

/** For comparing (RFC 5280 §7.1): without regard to case, string type and runs of spaces. */
const comparable = (text: string): string => text.toLowerCase().normalize("NFC").replace(/\s+/g, " ")

/** Equal for names that are the same (RFC 5280 §7.1). */
export const nameKey = ({ text }: DistinguishedNameText): string => comparable(text)

/** Each RDN in the order of the certificate, for comparing the beginnings of names. */
export const comparableRdns = (node: Asn1 | undefined): readonly string[] => readNameAttributes(node).map((rdn) => comparable(rdnText(rdn)))

const attributeText = ({ type, value, der }: NameAttribute): string => `${attributeNames[type] ?? type}=${value === undefined ? `#${hex(der)}` : escaped(value)}`

/** RFC 4514 §2.4; control characters as well, so that a name cannot rewrite the line it is shown on. */
const escaped = (value: string): string =>
  value
    .replace(/[",+;<>\\]/g, "\\$&")
    // oxlint-disable-next-line no-control-regex -- exactly the characters that must not reach a terminal
    .replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, (char) => [...Buffer.from(char)].map((octet) => `\\${octet.toString(16).padStart(2, "0")}`).join(""))
    .replace(/^[ #]| $/g, "\\$&")

export interface DistinguishedName {
  readonly commonName: string
  readonly organization?: string
  /** From the smallest unit to the largest. */
  readonly organizationalUnits?: readonly string[]
  readonly country?: string
  /** Personal or organizational code, such as `MST:0100000000`. */
  readonly userId?: string
  readonly emailAddress?: string
}

/** DER of a Name, the widest part first. */
export function writeName({ commonName, organization, organizationalUnits = [], country, userId, emailAddress }: DistinguishedName): Buffer {
  const attribute = (type: string, value: string | undefined, tag: number = derTag.utf8String): Buffer[] =>
    value === undefined ? [] : [der(derTag.set, sequence(oid(type), der(tag, Buffer.from(value))))]
  return sequence(
    // RFC 5280 appendix A: countryName is a PrintableString, emailAddress an IA5String
    ...attribute("2.5.4.6", country, derTag.printableString),
    ...attribute("2.5.4.10", organization),
    ...organizationalUnits.toReversed().flatMap((unit) => attribute("2.5.4.11", unit)),
    ...attribute(commonNameAttribute, commonName),
    ...attribute("0.9.2342.19200300.100.1.1", userId),
    ...attribute(emailAttribute, emailAddress, derTag.ia5String),
  )
}
