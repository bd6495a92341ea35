import { createHash } from "node:crypto"
import { certificatesOnly } from "../pki/certificates-only.ts"
import type { AddressBookEntry } from "../store/address-book-source.ts"
import { withoutDiacritics } from "../base/folded-name.ts"
import { recipientCertificates } from "./recipient-certificates.ts"

/**
 * An entry of the address book as LDAP has it: inetOrgPerson (RFC 2798) with pkiUser (RFC 4523 §3.1). Pure. Only what the schema
 * takes is in it, so that one odd name or address cannot make the server refuse the rest of the entry.
 */
export interface LdapEntry {
  /** The account's address, by which the entry is named. */
  readonly uid: string
  readonly attributes: LdapAttributes
}

export type LdapAttributes = Readonly<Partial<Record<ManagedAttribute, readonly LdapValue[]>>>
export type LdapValue = string | Uint8Array

/**
 * All that is written, and compared; an attribute that has no value is absent. Certificates are transferred with `;binary`
 * (RFC 4523 §2.1); OpenLDAP takes userSMIMECertificate without it, as its syntax is binary already.
 */
export const managedAttributes = [
  "objectClass", "uid", "cn", "sn", "givenName", "displayName", "mail", "title", "telephoneNumber", "ou", "o", "userCertificate;binary", "userSMIMECertificate",
] as const

export type ManagedAttribute = (typeof managedAttributes)[number]

export const binaryAttributes: readonly string[] = ["userCertificate;binary", "userSMIMECertificate"] satisfies readonly ManagedAttribute[]

export interface EntryOptions {
  readonly showPhones: boolean
}

const objectClasses = ["top", "person", "organizationalPerson", "inetOrgPerson", "pkiUser"]
/** More than anybody holds; a bound on the entry. */
const maxCertificates = 16
const maxTextChars = 256

export function ldapEntry(entry: AddressBookEntry, { showPhones }: EntryOptions): LdapEntry {
  const name = clean(entry.displayName) || entry.address
  // family name first, own name last
  const words = name.split(" ")
  const person = entry.kind === "personal" && words.length > 1
  const units = texts(...entry.units)
  const certificates = recipientCertificates(entry.certificates).slice(0, maxCertificates)
  const attributes: Record<ManagedAttribute, readonly LdapValue[]> = {
    objectClass: objectClasses,
    uid: [entry.address],
    // the first is shown, both are searched
    cn: texts(name, withoutDiacritics(name)),
    sn: texts((person && words[0]) || name),
    givenName: texts((person && words.at(-1)) || ""),
    displayName: [name],
    mail: texts(entry.address, ...entry.aliases).filter(isIa5),
    title: texts(entry.title),
    telephoneNumber: showPhones && isPhone(entry.phone) ? [entry.phone.trim()] : [],
    ou: units.slice(0, Math.max(units.length - 1, 1)),
    o: units.slice(-1),
    "userCertificate;binary": certificates,
    userSMIMECertificate: certificates.length > 0 ? [certificatesOnly(certificates)] : [],
  }
  return { uid: entry.address, attributes: Object.fromEntries(Object.entries(attributes).filter(([, values]) => values.length > 0)) }
}

/** SHA-256 over the managed attributes, whatever the order of values: the same for an entry and for what the server made of it. */
export function entryDigest(attributes: LdapAttributes): string {
  const hash = createHash("sha256")
  for (const name of managedAttributes) {
    const values = (attributes[name] ?? []).map((value) => (typeof value === "string" ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength)))
    hash.update(`${name}\0${values.length}\0`)
    for (const value of values.toSorted(Buffer.compare)) hash.update(`${value.length}\0`).update(value)
  }
  return hash.digest("base64url")
}

/** RFC 4517 §3.3.6: a Directory String is not empty. Values that the matching rule takes for the same (RFC 4518 §2) may be there once only. */
const texts = (...values: readonly string[]): string[] => [...new Map(values.map(clean).filter(Boolean).map((text) => [matched(text), text])).values()]

const matched = (text: string): string => text.normalize("NFKC").toLowerCase()

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const clean = (text: string): string => text.normalize("NFC").replace(/[\s\u0000-\u001f\u007f]+/g, " ").trim().slice(0, maxTextChars).toWellFormed().trim()

/** RFC 4524 §2.16: `mail` is an IA5 String; an address in UTF-8 (RFC 6531) has no attribute there and is found by its uid. */
// oxlint-disable-next-line no-control-regex -- exactly the IA5 range
const isIa5 = (text: string): boolean => /^[\x01-\x7f]+$/.test(text)

/** RFC 4517 §3.3.31: characters of a PrintableString. */
const isPhone = (text: string): boolean => /^[0-9+() .-]{3,32}$/.test(text.trim())
