/**
 * Addresses of SMTP paths (RFC 5321 §4.1.2) and of header fields (RFC 5322 §3.4), with the UTF-8 of RFC 6531 and RFC 6532.
 * Must not know: accounts.
 */
import { domainToASCII, domainToUnicode } from "node:url"
import { trimWhite } from "./header.ts"
import { closingQuote, stripComments, unescapeQuoted } from "./mime-parameter.ts"

export interface AddressParts {
  readonly localPart: string
  readonly domain: string
}

/** Splits at the last "@"; undefined when either side is empty. */
export const splitAddress = (address: string): AddressParts | undefined => {
  const at = address.lastIndexOf("@")
  if (at <= 0 || at === address.length - 1) return undefined
  return { localPart: address.slice(0, at), domain: address.slice(at + 1) }
}

/** RFC 5321 §4.5.3.1.1, §4.5.3.1.2 and §4.5.3.1.3 (a path is at most 256 octets with its angle brackets). */
const maxLocalPartOctets = 64
const maxDomainOctets = 255
export const maxMailboxOctets = 254
/** An address rewritten by a server that passed the message on holds another one whole (see srs.ts): bounces to it must be taken. */
const rewritten = /^SRS[01][=+-]/i

const atext = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\u{10ffff}-]"
const dotString = new RegExp(`^${atext}+(?:\\.${atext}+)*$`, "u")
const quotedString = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e\u0080-\u{10ffff}]|\\[\x20-\x7e])*"$/u
/** RFC 5321 §4.1.2 sub-domain, with the U-labels of RFC 5890. */
const label = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?$/u
const ipv4 = /^\[(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!\])|(?=\]))){4}\]$/
const ipv6 = /^\[ipv6:[0-9a-f:.]{2,45}\]$/i

const isDomain = (domain: string): boolean => {
  if (domain.startsWith("[")) return ipv4.test(domain) || ipv6.test(domain)
  return domain.split(".").every((part) => label.test(part))
}

/** True for a Mailbox within the limits of RFC 5321 §4.5.3.1. UTF-8 is allowed; whether it may travel is `needsSmtpUtf8`'s question. */
export const isValidMailbox = (address: string): boolean => {
  if (address.length > maxMailboxOctets || Buffer.byteLength(address) > maxMailboxOctets) return false
  const parts = splitAddress(address)
  if (!parts) return false
  if ((Buffer.byteLength(parts.localPart) > maxLocalPartOctets && !rewritten.test(parts.localPart)) || Buffer.byteLength(parts.domain) > maxDomainOctets) return false
  return (dotString.test(parts.localPart) || quotedString.test(parts.localPart)) && isDomain(parts.domain)
}

/**
 * The mailbox of a reverse-path or forward-path with its angle brackets: "" for `<>`, undefined when it is no path.
 * A source route is accepted and dropped (RFC 5321 §4.1.1.3). `<Postmaster>` stays without a domain (RFC 5321 §4.5.1).
 */
export const parsePath = (path: string): string | undefined => {
  if (!path.startsWith("<") || !path.endsWith(">")) return undefined
  let inner = path.slice(1, -1)
  if (inner === "") return ""
  if (inner.startsWith("@")) {
    const colon = inner.indexOf(":")
    if (colon === -1) return undefined
    inner = inner.slice(colon + 1)
  }
  return isValidMailbox(inner) || inner.toLowerCase() === "postmaster" ? inner : undefined
}

// oxlint-disable-next-line no-control-regex -- exactly the ASCII range
const ascii = /^[\x00-\x7f]*$/
const plainDomain = /^[a-z0-9.-]*$/

/** The dot of the DNS's root at the end changes nothing. */
const canonicalDomain = (domain: string): string => {
  const lower = domain.toLowerCase().replace(/(?<=[^.])\.+$/, "")
  if (lower.startsWith("[") || (plainDomain.test(lower) && !lower.includes("xn--"))) return lower
  // Only hosts: domainToASCII would read percent signs and numbers as a URL does.
  if (/[%/?#@:\s]/.test(lower)) return lower
  const aLabels = domainToASCII(lower)
  return aLabels === "" ? lower.normalize("NFC") : domainToUnicode(aLabels)
}

/** RFC 5321 §4.1.2: quotes that need not be there change nothing. */
const unquoted = (local: string): string => {
  if (!quotedString.test(local)) return local
  const inner = unescapeQuoted(local.slice(1, -1))
  return dotString.test(inner) ? inner : local
}

/** The form under which accounts are stored and compared: lower case NFC local part, lower case domain in U-labels (RFC 5890 §2.3.2.1). */
export const canonicalAddress = (address: string): string => {
  const parts = splitAddress(address.trim())
  if (!parts) return address.trim().toLowerCase().normalize("NFC")
  const local = unquoted(parts.localPart).toLowerCase()
  return `${ascii.test(local) ? local : local.normalize("NFC")}@${canonicalDomain(parts.domain)}`
}

/** A domain as the DNS and old servers know it: A-labels, lower case; undefined when it is no domain. */
export const asciiDomain = (domain: string): string | undefined => {
  const lower = domain.toLowerCase()
  if (plainDomain.test(lower)) return lower
  return /[%/?#@:\s[\]]/.test(lower) ? undefined : domainToASCII(lower) || undefined
}

/** True when the address can only travel with SMTPUTF8 (RFC 6531 §3.4): its local part is not ASCII. */
export const needsSmtpUtf8 = (address: string): boolean => !ascii.test(splitAddress(address)?.localPart ?? address)

export type HeaderAddress =
  | { readonly kind: "mailbox"; readonly name: string; readonly route: string; readonly localPart: string; readonly domain: string }
  | { readonly kind: "group"; readonly name: string; readonly members: readonly HeaderAddress[] }

/** Index of the first of `stops` outside quoted strings and angle brackets from `at`, or the length. */
const findOutside = (text: string, stops: string, at: number): number => {
  let inBrackets = false
  for (; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '"') at = closingQuote(text, at)
    else if (char === "\\") at++
    else if (stops.includes(char) && !(inBrackets && char !== ">")) return at
    else if (char === "<") inBrackets = true
    else if (char === ">") inBrackets = false
  }
  return text.length
}

/** A display-name as shown: quotes removed, white space runs of unquoted words made one space (RFC 5322 §3.2.5). */
const phrase = (text: string): string => {
  const trimmed = trimWhite(text)
  if (!trimmed.includes('"')) return trimmed.replace(/[\t ]+/g, " ")
  let shown = ""
  for (let at = 0; at < trimmed.length; ) {
    const quote = trimmed.indexOf('"', at)
    const end = quote === -1 ? trimmed.length : quote
    shown += trimmed.slice(at, end).replace(/[\t ]+/g, " ")
    if (quote === -1) break
    const close = closingQuote(trimmed, quote)
    shown += unescapeQuoted(trimmed.slice(quote + 1, close))
    at = close + 1
  }
  return trimWhite(shown)
}

const localPartOf = (text: string): string => {
  const local = trimWhite(text)
  return local.startsWith('"') && local.endsWith('"') && local.length > 1 ? unescapeQuoted(local.slice(1, -1)) : local.replace(/[\t ]+/g, "")
}

const mailbox = (text: string): HeaderAddress | undefined => {
  const open = findOutside(text, "<", 0)
  const bracketed = open < text.length
  const close = bracketed ? text.indexOf(">", findOutside(text, ">", open + 1)) : -1
  let spec = trimWhite(bracketed ? text.slice(open + 1, close === -1 ? text.length : close) : text)
  let name = bracketed ? phrase(text.slice(0, open)) : ""
  let route = ""
  if (spec.startsWith("@")) {
    // RFC 5322 §4.4: an obsolete route, "@a,@b:" before the address.
    const colon = spec.indexOf(":")
    if (colon !== -1) {
      route = spec.slice(0, colon)
      spec = trimWhite(spec.slice(colon + 1))
    }
  }
  if (spec === "" && name === "") return undefined
  const at = spec.lastIndexOf("@")
  if (at === -1) return { kind: "mailbox", name, route, localPart: localPartOf(spec), domain: "" }
  const domain = spec.slice(at + 1).replace(/[\t ]+/g, "")
  return { kind: "mailbox", name, route, localPart: localPartOf(spec.slice(0, at)), domain }
}

/** The name an old sender writes as a comment, "user@host (Name)". */
const commentName = (text: string): string => {
  const open = findOutside(text, "(", 0)
  const close = text.lastIndexOf(")")
  return open < close ? phrase(text.slice(open + 1, close)) : ""
}

const mailboxWithComment = (text: string): HeaderAddress | undefined => {
  if (!text.includes("(")) return mailbox(text)
  const found = mailbox(stripComments(text))
  return found?.kind === "mailbox" && found.name === "" ? { ...found, name: commentName(text) } : found
}

/** More than any client shows; keeps a header of commas alone from becoming a million objects. */
const maxAddresses = 20_000

/** A list of mailboxes and groups (RFC 5322 §3.4); tolerant: what is no address is left out. Works on text and on byte strings alike. */
export const parseAddressList = (value: string): HeaderAddress[] => {
  const list: HeaderAddress[] = []
  let group: { name: string; members: HeaderAddress[] } | undefined
  let count = 0
  const endGroup = (): void => {
    if (group) list.push({ kind: "group", ...group })
    group = undefined
  }
  const hasComments = value.includes("(")
  for (let at = 0; at < value.length && count < maxAddresses; ) {
    const end = hasComments ? findItemEnd(value, at) : findOutside(value, ",;:", at)
    const item = value.slice(at, end)
    const stop = value[end]
    if (stop === ":" && !group) {
      group = { name: phrase(stripComments(item)), members: [] }
      count++
    } else {
      const found = trimWhite(item) === "" ? undefined : mailboxWithComment(item)
      if (found) {
        count++
        if (group) group.members.push(found)
        else list.push(found)
      }
      if (stop === ";") endGroup()
    }
    at = end + 1
  }
  endGroup()
  return list
}

/** `findOutside` for lists that hold comments, in which a comma means nothing. */
const findItemEnd = (text: string, start: number): number => {
  let depth = 0
  let inBrackets = false
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (char === "\\") at++
    else if (char === "(") depth++
    else if (char === ")" && depth > 0) depth--
    else if (depth > 0) continue
    else if (char === '"') at = closingQuote(text, at)
    else if (char === "<") inBrackets = true
    else if (char === ">") inBrackets = false
    else if (!inBrackets && (char === "," || char === ";" || char === ":")) return at
  }
  return text.length
}

/** Every mailbox of a list as `local@domain`, groups opened; those without a domain are left out. */
export const addressesIn = (list: readonly HeaderAddress[]): string[] =>
  list.flatMap((item) => (item.kind === "group" ? addressesIn(item.members) : item.domain === "" ? [] : [`${quoteLocalPart(item.localPart)}@${item.domain}`]))

/** Puts the quotes back that a local part needs (RFC 5321 §4.1.2 Quoted-string). */
const quoteLocalPart = (local: string): string =>
  // oxlint-disable-next-line no-control-regex -- RFC 6531 §3.3 adds everything above ASCII to atext
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u0080-\u{10ffff}-]+$/u.test(local) ? local : `"${local.replace(/["\\]/g, "\\$&")}"`
