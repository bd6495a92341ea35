/** Who may be sent reports about a domain: addresses of its own organization, and those of others that say they want them (RFC 9990 §4, RFC 7489 §7.1). */
import type { DnsResolver } from "../dns/resolver.ts"
import { organizationalDomain } from "../intake/authenticity/evaluate-dmarc.ts"
import { createMailResolver } from "../intake/authenticity/mail-resolver.ts"
import { dmarcTags, type ReportDestination, reportDestinations } from "./dmarc-record.ts"

export interface ConfirmedDestinations {
  readonly confirmed: readonly ReportDestination[]
  /** About some nobody can tell now. */
  readonly undecided: boolean
}

/** RFC 1035 §2.3.4 */
const maxNameOctets = 253

/** `domain`: where the record is. */
export async function confirmedDestinations(domain: string, asked: readonly ReportDestination[], dns: DnsResolver): Promise<ConfirmedDestinations> {
  const found = await Promise.all(asked.map((destination) => confirm(domain, destination, dns)))
  const addresses = new Map(found.flatMap((one) => (one === "refused" || one === "undecided" ? [] : [[one.address, one]])))
  return { confirmed: [...addresses.values()], undecided: found.includes("undecided") }
}

async function confirm(domain: string, destination: ReportDestination, dns: DnsResolver): Promise<ReportDestination | "refused" | "undecided"> {
  const { host } = destination
  if (host === domain) return destination
  const resolver = createMailResolver({ dns, isLate: () => false })
  const [own, told] = await Promise.all([organizationalDomain(domain, resolver), organizationalDomain(host, resolver)])
  if (own === undefined || told === undefined) return "undecided"
  if (own === told) return destination
  const name = `${domain}._report._dmarc.${host}`
  if (name.length > maxNameOctets) return "refused"
  const answer = await dns.resolve(name, "TXT")
  if (answer.kind === "failed") return "undecided"
  const records = answer.kind === "records" ? answer.records.flatMap((text) => dmarcTags(text) ?? []) : []
  if (records.length === 0) return "refused"
  const override = records.find((tags) => tags.has("rua"))
  if (!override) return destination
  // it may send them elsewhere in its own house, but not to a third party
  return reportDestinations(override).find((one) => one.host === host) ?? "refused"
}
