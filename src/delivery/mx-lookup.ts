/**
 * From a forward-path's domain to the hosts that take its mail, in the order they are to be tried (RFC 5321 §5.1).
 * Must not know: connections, messages. DNS is injected, so that tests own it.
 */
import { isIP } from "node:net"
import type { EnhancedStatus } from "../mail/enhanced-status.ts"
import { enhancedStatus } from "../mail/enhanced-status.ts"

export interface Exchanger {
  readonly exchange: string
  readonly priority: number
}

/** The part of `node:dns/promises` Resolver that routing needs. */
export interface MailResolver {
  resolveMx(domain: string): Promise<readonly Exchanger[]>
  resolve4(name: string): Promise<readonly string[]>
  resolve6(name: string): Promise<readonly string[]>
}

export interface RoutingParts {
  readonly resolver: MailResolver
  /** Our own name: mail must not go round in circles. */
  readonly hostname: string
  /** True for an address on which this server itself answers. */
  readonly isOwnAddress: (address: string) => boolean
  /** From 0 up to 1, for hosts of equal preference. */
  readonly random: () => number
}

export interface MailHost {
  /** The name its certificate must have; the address itself for an address literal. */
  readonly name: string
  readonly address: string
}

export type Unroutable = { readonly kind: "deferred" | "failed"; readonly status: EnhancedStatus; readonly diagnostic: string }
export type Route = { readonly kind: "hosts"; readonly hosts: readonly MailHost[] } | Unroutable

/** A domain with more hosts than this is tried at these only. */
const maxHosts = 8
const maxAddressesPerHost = 4

const badName = (domain: string): Unroutable => ({ kind: "failed", status: enhancedStatus.noRoute, diagnostic: `${domain} has no mail server: the name does not exist` })
const loops = (domain: string): Unroutable => ({ kind: "failed", status: enhancedStatus.loopDetected, diagnostic: `mail for ${domain} loops back to this server` })
/** RFC 3463 §3.5 X.4.3: directory server failure. */
const dnsFailed = (domain: string): Unroutable => ({ kind: "deferred", status: "4.4.3", diagnostic: `the DNS did not answer for ${domain}` })

export async function routeTo(domain: string, parts: RoutingParts): Promise<Route> {
  const literal = addressLiteral(domain)
  if (literal !== undefined) return parts.isOwnAddress(literal) ? loops(domain) : { kind: "hosts", hosts: [{ name: literal, address: literal }] }
  const found: Answer<readonly Exchanger[]> = await ask(() => parts.resolver.resolveMx(domain))
  if (found.kind === "noName") return badName(domain)
  if (found.kind === "noAnswer") return dnsFailed(domain)
  const records = found.kind === "noData" ? [] : found.value
  // RFC 7505 §3: one record with an empty name says that there is no mail here
  if (records.length > 0 && records.every(({ exchange }) => exchange === "" || exchange === ".")) return { kind: "failed", status: enhancedStatus.nullMx, diagnostic: `${domain} does not accept mail (null MX)` }
  // RFC 5321 §5.1: without MX records the domain is its own mail server
  const exchangers = records.length > 0 ? records : [{ exchange: domain, priority: 0 }]
  return hostsOf({ domain, exchangers, parts })
}

/** A host given by name: a smarthost. Its own MX records are of no interest. */
export const routeToHost = (name: string, parts: RoutingParts): Promise<Route> => {
  const literal = isIP(name) === 0 ? addressLiteral(name) : name
  if (literal !== undefined) return Promise.resolve({ kind: "hosts", hosts: [{ name: literal, address: literal }] })
  // whoever configures a smarthost on this very machine means it
  return hostsOf({ domain: name, exchangers: [{ exchange: name, priority: 0 }], parts: { ...parts, isOwnAddress: () => false, hostname: "" } })
}

interface HostsRequest {
  readonly domain: string
  readonly exchangers: readonly Exchanger[]
  readonly parts: RoutingParts
}

async function hostsOf({ domain, exchangers, parts }: HostsRequest): Promise<Route> {
  const hosts: MailHost[] = []
  let unanswered = false
  let ownPriority: number | undefined
  for (const { exchange, priority } of inOrder(exchangers, parts.random).slice(0, maxHosts)) {
    const name = exchange.replace(/\.$/, "").toLowerCase()
    if (name === "") continue
    // RFC 5321 §5.1: when we are in the list ourselves, only better hosts than us may be tried
    if (ownPriority !== undefined && priority >= ownPriority) break
    const { addresses, incomplete } = await addressesOf(name, parts.resolver)
    unanswered ||= incomplete
    if (name === parts.hostname.toLowerCase() || addresses.some(parts.isOwnAddress)) ownPriority = priority
    else hosts.push(...addresses.map((address) => ({ name, address })))
  }
  // equals that came before us in the shuffle are no better than us
  const better = ownPriority === undefined ? hosts : hosts.filter(({ name }) => exchangers.some(({ exchange, priority }) => exchange.replace(/\.$/, "").toLowerCase() === name && priority < (ownPriority ?? 0)))
  if (better.length > 0) return { kind: "hosts", hosts: better }
  if (ownPriority !== undefined) return loops(domain)
  return unanswered ? dnsFailed(domain) : badName(domain)
}

/** By preference; equals in random order, which spreads the load (RFC 5321 §5.1). */
function inOrder(exchangers: readonly Exchanger[], random: () => number): Exchanger[] {
  return exchangers.map((exchanger) => ({ exchanger, dice: random() })).sort((a, b) => a.exchanger.priority - b.exchanger.priority || a.dice - b.dice).map(({ exchanger }) => exchanger)
}

async function addressesOf(name: string, resolver: MailResolver): Promise<{ readonly addresses: readonly string[]; readonly incomplete: boolean }> {
  const [six, four] = await Promise.all([ask(() => resolver.resolve6(name)), ask(() => resolver.resolve4(name))])
  const v6 = six.kind === "value" ? six.value : []
  const v4 = four.kind === "value" ? four.value : []
  const mixed = Array.from({ length: Math.max(v6.length, v4.length) }, (_, n) => [v6[n], v4[n]]).flat()
  const addresses = mixed.filter((address) => address !== undefined).slice(0, maxAddressesPerHost)
  return { addresses, incomplete: six.kind === "noAnswer" || four.kind === "noAnswer" }
}

type Answer<T> = { readonly kind: "value"; readonly value: T } | { readonly kind: "noName" } | { readonly kind: "noData" } | { readonly kind: "noAnswer" }

async function ask<T>(question: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: "value", value: await question() }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (code === "ENOTFOUND") return { kind: "noName" }
    return code === "ENODATA" ? { kind: "noData" } : { kind: "noAnswer" }
  }
}

/** RFC 5321 §4.1.3: `[192.0.2.1]` and `[IPv6:2001:db8::1]`. */
const addressLiteral = (domain: string): string | undefined => {
  const inner = /^\[(?:ipv6:)?([0-9a-f.:]+)\]$/i.exec(domain)?.[1]
  return inner !== undefined && isIP(inner) !== 0 ? inner : undefined
}
