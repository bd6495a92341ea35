/**
 * From a forward-path's domain to the hosts that take its mail, in the order they are to be tried (RFC 5321 §5.1).
 * Must not know: connections, messages. DNS is injected, so that tests own it.
 */
import { isIP } from "node:net"
import type { DnsAnswer, DnsResolver } from "../dns/resolver.ts"
import type { EnhancedStatus } from "../mail/enhanced-status.ts"
import { enhancedStatus } from "../mail/enhanced-status.ts"

export interface RoutingParts {
  readonly resolver: DnsResolver
  /** Our own name: mail must not go round in circles. */
  readonly hostname: string
  /** True for an address on which this server itself answers. */
  readonly isOwnAddress: (address: string) => boolean
  /** From 0 up to 1, for hosts of equal preference. */
  readonly random: () => number
}

export interface MailHost {
  /** As the MX record names it; the address itself for an address literal. */
  readonly name: string
  readonly address: string
  /** Names that DNSSEC vouches for, under which TLSA records may be, best first (RFC 7672 §2.2.2). Empty: DANE says nothing about this host. */
  readonly tlsaBases: readonly string[]
  /** Nobody can have put this name in another's place: DNSSEC vouches for the MX record, or it is the very name that was asked for. */
  readonly certain: boolean
}

interface Exchanger {
  readonly exchange: string
  readonly preference: number
}

export type Unroutable = { readonly kind: "deferred" | "failed"; readonly status: EnhancedStatus; readonly diagnostic: string }
export type Route =
  | {
      readonly kind: "hosts"
      readonly hosts: readonly MailHost[]
      /** Names of the destination that certificates below a DANE trust anchor may be for (RFC 7672 §3.2.2): the domain, and where DNSSEC says that it is an alias, its end. */
      readonly domainNames: readonly string[]
    }
  | Unroutable

/** A domain with more hosts than this is tried at these only. */
const maxHosts = 8
const maxAddressesPerHost = 4

const badName = (domain: string): Unroutable => ({ kind: "failed", status: enhancedStatus.noRoute, diagnostic: `${domain} has no mail server: the name does not exist` })
const loops = (domain: string): Unroutable => ({ kind: "failed", status: enhancedStatus.loopDetected, diagnostic: `mail for ${domain} loops back to this server` })
/** RFC 3463 §3.5 X.4.3: directory server failure. */
const dnsFailed = (domain: string): Unroutable => ({ kind: "deferred", status: "4.4.3", diagnostic: `the DNS did not answer for ${domain}` })

export async function routeTo(domain: string, parts: RoutingParts): Promise<Route> {
  const literal = addressLiteral(domain)
  if (literal !== undefined) return parts.isOwnAddress(literal) ? loops(domain) : byAddress(literal)
  const found = await parts.resolver.resolve(domain, "MX")
  if (found.kind === "noName") return badName(domain)
  if (found.kind === "failed") return dnsFailed(domain)
  const records: readonly Exchanger[] = found.kind === "noData" ? [] : found.records
  // RFC 7505 §3: one record with an empty name says that there is no mail here
  if (records.length > 0 && records.every(({ exchange }) => exchange === "")) return { kind: "failed", status: enhancedStatus.nullMx, diagnostic: `${domain} does not accept mail (null MX)` }
  const canonicalName = found.kind === "records" && found.secure ? found.canonicalName : domain
  // RFC 5321 §5.1: without MX records the domain is its own mail server
  const exchangers = records.length > 0 ? records : [{ exchange: domain, preference: 0 }]
  return hostsOf({ domain, domainNames: [...new Set([domain, canonicalName])], exchangers, secure: found.secure, parts })
}

/** A host given by name: a smarthost. Its own MX records are of no interest. */
export const routeToHost = (name: string, parts: RoutingParts): Promise<Route> => {
  const literal = isIP(name) === 0 ? addressLiteral(name) : name
  if (literal !== undefined) return Promise.resolve(byAddress(literal))
  // whoever configures a smarthost on this very machine means it; nobody but the administrator named it
  return hostsOf({ domain: name, domainNames: [name], exchangers: [{ exchange: name, preference: 0 }], secure: true, parts: { ...parts, isOwnAddress: () => false, hostname: "" } })
}

const byAddress = (address: string): Route => ({ kind: "hosts", hosts: [{ name: address, address, tlsaBases: [], certain: true }], domainNames: [address] })

interface HostsRequest {
  readonly domain: string
  readonly domainNames: readonly string[]
  readonly exchangers: readonly Exchanger[]
  /** Whether the exchangers are known for certain. */
  readonly secure: boolean
  readonly parts: RoutingParts
}

async function hostsOf({ domain, domainNames, exchangers, secure, parts }: HostsRequest): Promise<Route> {
  const hosts: (MailHost & { readonly preference: number })[] = []
  let unanswered = false
  let ownPreference: number | undefined
  const named = inOrder(exchangers, parts.random).slice(0, maxHosts).map(({ exchange, preference }) => ({ name: exchange.replace(/\.$/, "").toLowerCase(), preference })).filter(({ name }) => name !== "")
  // all at once: one after the other, eight that are not answered for would take minutes
  const resolved = await Promise.all(named.map(async (host) => ({ ...host, found: await addressesOf(host.name, parts.resolver) })))
  for (const { name, preference, found: { addresses, incomplete, ...found } } of resolved) {
    // RFC 5321 §5.1: when we are in the list ourselves, only better hosts than us may be tried
    if (ownPreference !== undefined && preference >= ownPreference) break
    unanswered ||= incomplete
    if (name === parts.hostname.toLowerCase() || addresses.some(parts.isOwnAddress)) ownPreference = preference
    else {
      const tlsaBases = secure && addresses.length > 0 ? await tlsaBasesOf(name, found, parts.resolver) : []
      hosts.push(...addresses.map((address) => ({ name, address, tlsaBases, certain: secure || name === domain.toLowerCase(), preference })))
    }
  }
  // equals that came before us in the shuffle are no better than us
  const better = hosts.filter(({ preference }) => ownPreference === undefined || preference < ownPreference)
  if (better.length > 0) return { kind: "hosts", hosts: better.map(({ name, address, tlsaBases, certain }) => ({ name, address, tlsaBases, certain })), domainNames }
  if (ownPreference !== undefined) return loops(domain)
  return unanswered ? dnsFailed(domain) : badName(domain)
}

/** By preference; equals in random order, which spreads the load (RFC 5321 §5.1). */
function inOrder(exchangers: readonly Exchanger[], random: () => number): Exchanger[] {
  return exchangers.map((exchanger) => ({ exchanger, dice: random() })).sort((a, b) => a.exchanger.preference - b.exchanger.preference || a.dice - b.dice).map(({ exchanger }) => exchanger)
}

interface FoundAddresses {
  readonly addresses: readonly string[]
  /** One kind of address could not be asked for. */
  readonly incomplete: boolean
  readonly secure: boolean
  readonly canonicalName: string
}

async function addressesOf(name: string, resolver: DnsResolver): Promise<FoundAddresses> {
  const [six, four] = await Promise.all([resolver.resolve(name, "AAAA"), resolver.resolve(name, "A")])
  const v6 = six.kind === "records" ? six.records : []
  const v4 = four.kind === "records" ? four.records : []
  const mixed = Array.from({ length: Math.max(v6.length, v4.length) }, (_, n) => [v6[n], v4[n]]).flat()
  const canonicalName = six.kind === "records" ? six.canonicalName : four.kind === "records" ? four.canonicalName : name
  return {
    addresses: mixed.filter((address) => address !== undefined).slice(0, maxAddressesPerHost),
    incomplete: six.kind === "failed" || four.kind === "failed",
    secure: [six, four].every(isSecureOrFailed),
    canonicalName,
  }
}

const isSecureOrFailed = (answer: DnsAnswer<string>): boolean => answer.kind === "failed" || answer.secure

/** RFC 7672 §2.2.2: the end of the alias chain first, then the name itself; in an insecure zone nothing is looked for, unless a secure alias leads there. */
async function tlsaBasesOf(name: string, { secure, canonicalName }: Pick<FoundAddresses, "secure" | "canonicalName">, resolver: DnsResolver): Promise<readonly string[]> {
  if (secure) return [...new Set([canonicalName, name])]
  if (canonicalName === name) return []
  const alias = await resolver.resolve(name, "CNAME")
  return alias.kind === "records" && alias.secure ? [name] : []
}

/** RFC 5321 §4.1.3: `[192.0.2.1]` and `[IPv6:2001:db8::1]`. */
const addressLiteral = (domain: string): string | undefined => {
  const inner = /^\[(?:ipv6:)?([0-9a-f.:]+)\]$/i.exec(domain)?.[1]
  return inner !== undefined && isIP(inner) !== 0 ? inner : undefined
}
