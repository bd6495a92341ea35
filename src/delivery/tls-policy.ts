/**
 * What a destination's transport must be like before a message is handed to one of its hosts. Purpose: one answer from all who may have a
 * say: the administrator, the sender (REQUIRETLS, TLS-Required), the domain (DANE, MTA-STS). Invariants: an administrator's rule is never
 * relaxed; what cannot be known now is no reason for less. Must not know: sockets, messages' content, outcomes.
 */
import { isIP } from "node:net"
import type { Clock } from "../base/clock.ts"
import type { DnsResolver } from "../dns/resolver.ts"
import type { StoredTlsPolicy, TlsSessions } from "../store/tls-policy-store.ts"
import { type Tlsa, tlsaText, usableRecords } from "./dane.ts"
import type { MtaStsPolicies } from "./mta-sts.ts"
import { permitsHost, policyLines } from "./mta-sts-policy.ts"
import type { MailHost } from "./mx-lookup.ts"
import type { Partners } from "./partners.ts"
import type { PeerCheck } from "./peer-check.ts"
import { type TlsFault, tlsFault } from "./tls-fault.ts"

/** `reason` says for people who wants it: "MTA-STS of x.example says enforce". */
export type TlsPolicy =
  /** RFC 7435: encrypt when it can be had, whoever it is; in clear otherwise. `watched` is only looked at and counted. */
  | { readonly kind: "opportunistic"; readonly reason: string; readonly counted?: CountedPolicy; readonly watched?: PeerCheck | TlsFault }
  /** Never in clear, whoever it is. */
  | { readonly kind: "encrypted"; readonly reason: string; readonly counted?: CountedPolicy }
  /** Never in clear, and only to who proves it. */
  | { readonly kind: "verified"; readonly reason: string; readonly check: PeerCheck; /** For SNI. */ readonly serverName: string; readonly counted?: CountedPolicy }
  /** This host is not to be used now; `lasting`: waiting will not change it. */
  | { readonly kind: "unusable"; readonly reason: string; readonly fault: TlsFault; readonly lasting?: true; readonly counted?: CountedPolicy }

/** Whose policy it is, as reports count it (RFC 8460). */
export type CountedPolicy = Pick<TlsSessions, "domain" | "policyType" | "policyString" | "mxPatterns">

export interface TlsDestination {
  /** A-labels, lower case; a smarthost's name where there is one. */
  readonly domain: string
  /** See `Route`. */
  readonly domainNames: readonly string[]
  /** The envelope asks for REQUIRETLS (RFC 8689). */
  readonly requireTls: boolean
  /** Whether the message says `TLS-Required: No` (RFC 8689 §3). */
  readonly tlsNotRequired: () => Promise<boolean>
}

export type TlsPolicyFor = (destination: TlsDestination, host: MailHost, port: number) => Promise<TlsPolicy>

export interface TlsPolicyParts {
  readonly resolver: DnsResolver
  readonly mtaSts: Pick<MtaStsPolicies, "of">
  readonly partners: Partners
  readonly clock: Clock
}

export function createTlsPolicy({ resolver, mtaSts, partners, clock }: TlsPolicyParts): TlsPolicyFor {
  return async (destination, host, port) => {
    const { domain, requireTls, tlsNotRequired } = destination
    const partner = partners(domain)
    if (partner) {
      const { require, names, context } = partner
      return { kind: "verified", reason: `this server's rule for ${domain} says ${require}`, check: { kind: "pkix", names, context }, serverName: host.name }
    }
    const published = await publishedPolicy(destination, host, await tlsaOf(host, port, resolver), { mtaSts, clock })
    if (requireTls) return atLeastVerified(published, host)
    // RFC 8689 §4.2.2: the sender would rather have it read on the way than not arrive
    if (published.kind !== "opportunistic" && (await tlsNotRequired())) return { kind: "opportunistic", reason: "the message says TLS-Required: No" }
    return published
  }
}

/** Nobody is asked: for tests, and for whoever has no DNS to ask. */
export const opportunisticTls: TlsPolicyFor = async ({ requireTls, domain }, host) => {
  const policy = unpublished(domain)
  return requireTls ? atLeastVerified(policy, { ...host, certain: true }) : policy
}

const unpublished = (domain: string): TlsPolicy => ({ kind: "opportunistic", reason: "nobody asks for TLS", counted: { domain, policyType: "no-policy-found", policyString: [], mxPatterns: [] } })

/** RFC 8461 §2: where there are both, MTA-STS never stands in for DANE that fails. */
async function publishedPolicy(destination: TlsDestination, host: MailHost, tlsa: FoundTlsa, { mtaSts, clock }: Pick<TlsPolicyParts, "mtaSts" | "clock">): Promise<TlsPolicy> {
  const dane = daneOf(destination, host, tlsa, clock)
  if (dane && dane.kind !== "encrypted") return dane
  // RFC 8461 §3.4: addresses have no policy, a smarthost's own is the one that counts
  const sts = isIP(host.name) === 0 ? await mtaSts.of(destination.domain) : undefined
  // what is only being tested does not take back that there is TLS
  if (sts && (sts.mode === "enforce" || (sts.mode === "testing" && !dane))) return mtaStsOf(sts, host)
  return dane ?? unpublished(destination.domain)
}

function daneOf({ domain, domainNames }: TlsDestination, host: MailHost, tlsa: FoundTlsa, clock: Clock): TlsPolicy | undefined {
  if (tlsa.kind === "none") return undefined
  const told = (records: readonly Tlsa[]): { readonly reason: string; readonly counted: CountedPolicy } => ({
    reason: `DANE of ${tlsa.base} asks for it`,
    counted: { domain, policyType: "tlsa", policyString: records.map(tlsaText), mxPatterns: [] },
  })
  if (tlsa.kind === "unknown") return { kind: "unusable", fault: tlsFault("dnssec-invalid", `cannot be judged: ${tlsa.detail}`), ...told([]) }
  const records = usableRecords(tlsa.records)
  // RFC 7672 §2.2: records that nobody can use still say that there is TLS
  if (records.length === 0) return { kind: "encrypted", ...told(tlsa.records) }
  // RFC 7672 §3.2.2, §8.1: the TLSA base domain goes into SNI; certificates below an anchor may be for any name that led here
  const names = [...new Set([tlsa.base, host.name, ...domainNames])]
  return { kind: "verified", check: { kind: "dane", records, names, at: clock.now() }, serverName: tlsa.base, ...told(tlsa.records) }
}

function mtaStsOf(sts: StoredTlsPolicy, host: MailHost): TlsPolicy {
  const counted: CountedPolicy = { domain: sts.domain, policyType: "sts", policyString: policyLines(sts), mxPatterns: sts.mx }
  const reason = `MTA-STS of ${sts.domain} says ${sts.mode}`
  const check: PeerCheck | TlsFault = permitsHost(sts, host.name) ? { kind: "pkix", names: [host.name] } : tlsFault("validation-failure", "is not among the hosts that the policy names")
  if (sts.mode !== "enforce") return { kind: "opportunistic", reason, counted, watched: check }
  return "type" in check ? { kind: "unusable", reason, fault: check, counted } : { kind: "verified", reason, check, serverName: host.name, counted }
}

const required = "the message asks for REQUIRETLS"

/**
 * RFC 8689 §4.2.1: a certificate that can be verified, by DANE or for the host's name; and a host that DNSSEC or MTA-STS vouches for, because
 * whoever forges an MX record has a good certificate for the name that he puts there. What the sender alone demands is not counted as the domain's.
 */
function atLeastVerified(policy: TlsPolicy, host: MailHost): TlsPolicy {
  if (policy.kind === "verified" || policy.kind === "unusable") return policy
  // a policy that is only being tested was fetched from the domain all the same
  const namedByPolicy = policy.kind === "opportunistic" && policy.watched !== undefined && !("type" in policy.watched)
  if (host.certain || namedByPolicy) return { kind: "verified", reason: required, check: { kind: "pkix", names: [host.name] }, serverName: host.name }
  return { kind: "unusable", reason: required, fault: tlsFault("validation-failure", "may not be the domain's server: neither DNSSEC nor MTA-STS vouches for its name"), lasting: true }
}

type FoundTlsa =
  | { readonly kind: "records"; readonly base: string; readonly records: readonly Tlsa[] }
  | { readonly kind: "none" }
  /** RFC 7672 §2.1.2: somebody may be hiding them, so the host is not used. */
  | { readonly kind: "unknown"; readonly base: string; readonly detail: string }

/** RFC 7672 §2.2.3: the first name that has records that DNSSEC vouches for. */
async function tlsaOf({ tlsaBases }: MailHost, port: number, resolver: DnsResolver): Promise<FoundTlsa> {
  for (const base of tlsaBases) {
    const answer = await resolver.resolve(`_${port}._tcp.${base}`, "TLSA")
    if (answer.kind === "failed") return { kind: "unknown", base, detail: answer.detail }
    if (answer.kind === "records" && answer.secure) return { kind: "records", base, records: answer.records }
  }
  return { kind: "none" }
}
