/**
 * For which domains a message speaks: those of every address that a reader may be shown as its author. Programs read a From: that is not as
 * RFC 5322 §3.6.2 has it each in its own way; where they may see another domain than we do, the message has authors of several domains, and
 * so nobody's word for it counts (RFC 9989 §11.5). Pure.
 */
import { addressesIn, asciiDomain, canonicalAddress, parseAddressList } from "../../mail/address.ts"
import { closingQuote, stripComments } from "../../mail/mime-parameter.ts"

export interface Authors {
  /** Each with its domain in the form that the DNS knows. Empty: there is none, or nobody can tell. */
  readonly from: readonly string[]
  readonly fromFields: number
}

/** More than any From: has. */
const maxAuthors = 20
const maxFromCharacters = 8 * 1024
/** RFC 1035 §2.3.4 */
const maxNameCharacters = 253

/** `values`: of all From: fields, one char per byte. */
export function authorsOf(values: readonly string[]): Authors {
  const isTooMuch = values.length > maxAuthors || values.some((value) => value.length > maxFromCharacters)
  const addresses = isTooMuch ? [] : values.flatMap((value) => withOthersShown(addressesIn(parseAddressList(value)).map(withDnsName), value))
  return { from: addresses.length > maxAuthors || addresses.some(isNoName) ? [] : addresses, fromFields: values.length }
}

/** Beside what was read, whatever else stands where an address does: behind `>`, before a second `@`, in a route, as a group's name. */
function withOthersShown(addresses: readonly string[], value: string): readonly string[] {
  const bare = stripComments(withoutQuoted(value))
    // what stands before `<` is a name, quoted or not
    .replace(/(^|[,;:])[^<>,;:]*</g, "$1<")
  const known = new Set(addresses.map(domainOf))
  return [...addresses, ...Array.from(bare.matchAll(/@([^\s<>,;:@\\]+)/g), ([, domain = ""]) => withDnsName(`?@${domain}`)).filter((address) => !known.has(domainOf(address)))]
}

/** A quotation that does not end is none. */
function withoutQuoted(text: string): string {
  let plain = ""
  let at = 0
  for (let open = text.indexOf('"'); open !== -1; open = text.indexOf('"', at)) {
    const close = closingQuote(text, open)
    if (close === text.length) break
    plain += text.slice(at, open)
    at = close + 1
  }
  return plain + text.slice(at)
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1)

/** Of an address with one char per byte. */
function withDnsName(address: string): string {
  const canonical = canonicalAddress(utf8(address))
  const domain = domainOf(canonical)
  return `${canonical.slice(0, canonical.lastIndexOf("@"))}@${asciiDomain(domain) ?? domain}`
}

/** Empty labels and what no name has in it: of such a domain the DNS says nothing, and a reader may take it for another. */
const isNoName = (address: string): boolean => {
  const domain = domainOf(address)
  return !domain.startsWith("[") && (asciiDomain(domain) === undefined || domain.length > maxNameCharacters || domain.split(".").includes(""))
}

const utf8 = (text: string): string => Buffer.from(text, "latin1").toString("utf8")
