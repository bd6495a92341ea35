/** All records that the DNS should hold for a domain whose mail this server takes and sends. Facts in, records out. */
import { isIPv6 } from "node:net"
import { keyRecordName, type PublishedKey } from "../mail/dkim/key-record.ts"
import type { DkimKeyState } from "../store/dkim-key-store.ts"
import type { ClientService, DomainRecord } from "./domain-record.ts"
import { mtaStsId, type MtaStsSettings } from "./mta-sts-policy.ts"

export interface DomainFacts {
  /** A-labels, lower case. */
  readonly domain: string
  /** The MX host. */
  readonly hostname: string
  /** Where bounces of mail that was passed on come back to. */
  readonly srsDomain: string
  /** Addresses that mail comes from; empty: those of the MX. */
  readonly outboundAddresses: readonly string[]
  /** Address for reports. */
  readonly reportsTo: string
  /** Of the domain itself or, when it has none, of the nearest one above it. */
  readonly dkimKeys: readonly (PublishedKey & { readonly state: DkimKeyState })[]
  /** Ask others to refuse what does not pass, instead of only to report it. */
  readonly strict: boolean
  readonly mtaSts: Omit<MtaStsSettings, "hosts">
  /** SHA-256 of the served certificate's SubjectPublicKeyInfo. */
  readonly publicKeyHash: Uint8Array
  /** What mail clients connect to. */
  readonly clients: { readonly host: string; readonly ports: Readonly<Record<ClientService, number>> }
}

const preference = 10
const services = ["submissions", "submission", "imaps", "imap", "autodiscover"] as const

export function domainRecords(facts: DomainFacts): readonly DomainRecord[] {
  const { domain, hostname, srsDomain, reportsTo, clients } = facts
  return [
    { kind: "mx", name: domain, exchange: hostname, preference },
    ...(srsDomain === domain || srsDomain === hostname ? [] : [{ kind: "mx" as const, name: srsDomain, exchange: hostname, preference }]),
    { kind: "address", name: hostname },
    ...spfRecords(facts),
    ...facts.dkimKeys.flatMap((key): DomainRecord[] => (key.state === "retired" ? [] : [{ kind: "dkim", name: keyRecordName(key), key, state: key.state }])),
    { kind: "dmarc", name: `_dmarc.${domain}`, policy: facts.strict ? "reject" : "none", reportsTo },
    ...foreignReports(facts),
    { kind: "mtaSts", name: `_mta-sts.${domain}`, id: mtaStsId({ ...facts.mtaSts, hosts: [hostname] }) },
    { kind: "alias", purpose: "mtaSts", name: `mta-sts.${domain}`, target: hostname },
    { kind: "tlsRpt", name: `_smtp._tls.${domain}`, reportsTo },
    { kind: "tlsa", name: `_25._tcp.${hostname}`, association: facts.publicKeyHash },
    ...services.map((service): DomainRecord => ({ kind: "srv", service, name: `_${service}._tcp.${domain}`, port: clients.ports[service], target: clients.host })),
    { kind: "alias", purpose: "autoconfig", name: `autoconfig.${domain}`, target: clients.host },
    { kind: "alias", purpose: "autodiscover", name: `autodiscover.${domain}`, target: clients.host },
  ]
}

/** RFC 7208 §2.3 and §2.4: notifications have no reverse-path and are judged by the name in EHLO; mail that is passed on by the domain of its return address. */
function spfRecords({ domain, hostname, srsDomain, outboundAddresses }: DomainFacts): readonly DomainRecord[] {
  const named = outboundAddresses.map((address) => (isIPv6(address) ? `ip6:${address}` : `ip4:${address}`))
  return [...new Set([domain, srsDomain, hostname])].map((name) => ({ kind: "spf", name, mechanisms: named.length > 0 ? named : [name === hostname && name !== domain ? "a" : "mx"] }))
}

/** Who reports about one domain to an address in another must see that it agrees; within one organization it need not. */
function foreignReports({ domain, reportsTo }: DomainFacts): readonly DomainRecord[] {
  const told = reportsTo.slice(reportsTo.lastIndexOf("@") + 1)
  const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.endsWith(`.${outer}`)
  return isWithin(told, domain) || isWithin(domain, told) ? [] : [{ kind: "dmarcReports", name: `${domain}._report._dmarc.${told}` }]
}
