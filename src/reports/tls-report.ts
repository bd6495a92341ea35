/** The TLS report of one day of one domain (RFC 8460 §4.4), made of counted sessions. Pure. */
import { isIPv6 } from "node:net"
import type { TlsSessionCount } from "../store/tls-policy-store.ts"
import type { Reporter, ReportRequest } from "./report-maker.ts"

export interface TlsReportRequest extends ReportRequest {
  /** Of this day and domain. */
  readonly counts: readonly TlsSessionCount[]
  readonly reporter: Reporter
  /** Addresses that our mail is seen to come from, where there is something between us and the world; empty: our own. */
  readonly outboundAddresses: readonly string[]
}

/** As JSON has it. */
export interface TlsReportJson {
  readonly "organization-name": string
  readonly "date-range": { readonly "start-datetime": string; readonly "end-datetime": string }
  readonly "contact-info": string
  readonly "report-id": string
  readonly policies: readonly PolicyJson[]
}

interface PolicyJson {
  readonly policy: { readonly "policy-type": string; readonly "policy-string"?: readonly string[]; readonly "policy-domain": string; readonly "mx-host"?: readonly string[] }
  readonly summary: { readonly "total-successful-session-count": number; readonly "total-failure-session-count": number }
  readonly "failure-details"?: readonly FailureJson[]
}

interface FailureJson {
  readonly "result-type": string
  readonly "sending-mta-ip"?: string
  readonly "receiving-mx-hostname"?: string
  readonly "receiving-ip"?: string
  readonly "failed-session-count": number
  readonly "failure-reason-code"?: string
}

/** A domain that changes its policy with each session does not make a report of any size. */
const maxPolicies = 50
/** Rows of one policy that name hosts; what is beyond is told by its result alone. */
const maxFailures = 300
const maxReasonChars = 300

export const tlsTotals = (counts: readonly Pick<TlsSessionCount, "result" | "sessions">[]): { readonly total: number; readonly failed: number } => {
  const sum = (rows: typeof counts): number => rows.reduce((total, { sessions }) => total + sessions, 0)
  return { total: sum(counts), failed: sum(counts.filter(({ result }) => result !== "success")) }
}

export function tlsReport({ day, domain, reportId, counts, reporter, outboundAddresses }: TlsReportRequest): TlsReportJson {
  const groups = [...Map.groupBy(counts, ({ policyType, policyString, mxPatterns }) => JSON.stringify([policyType, policyString, mxPatterns])).values()]
  return {
    "organization-name": reporter.organization,
    "date-range": { "start-datetime": `${day}T00:00:00Z`, "end-datetime": `${day}T23:59:59Z` },
    "contact-info": reporter.contact,
    "report-id": reportId,
    policies: groups.toSorted((a, b) => tlsTotals(b).total - tlsTotals(a).total).slice(0, maxPolicies).map((rows) => policy(domain, rows, outboundAddresses)),
  }
}

function policy(domain: string, rows: readonly TlsSessionCount[], outboundAddresses: readonly string[]): PolicyJson {
  const { total, failed } = tlsTotals(rows)
  const { policyType = "no-policy-found", policyString = [], mxPatterns = [] } = rows[0] ?? {}
  const details = failures(rows.filter(({ result }) => result !== "success"), outboundAddresses)
  return {
    policy: {
      "policy-type": policyType,
      ...(policyType !== "no-policy-found" && { "policy-string": policyString }),
      "policy-domain": domain,
      ...(policyType === "sts" && { "mx-host": mxPatterns }),
    },
    summary: { "total-successful-session-count": total - failed, "total-failure-session-count": failed },
    ...(details.length > 0 && { "failure-details": details }),
  }
}

function failures(rows: readonly TlsSessionCount[], outboundAddresses: readonly string[]): readonly FailureJson[] {
  const sorted = rows.toSorted((a, b) => b.sessions - a.sessions)
  const others = Map.groupBy(sorted.slice(maxFailures), ({ result }) => result)
  return [
    ...sorted.slice(0, maxFailures).map(({ result, sendingIp, mxHost, receivingIp, sessions, reason }): FailureJson => ({
      "result-type": result,
      ...(sendingIp !== "" && { "sending-mta-ip": seenAs(sendingIp, outboundAddresses) }),
      ...(mxHost !== "" && { "receiving-mx-hostname": mxHost }),
      ...(receivingIp !== "" && { "receiving-ip": receivingIp }),
      "failed-session-count": sessions,
      ...(reason !== "" && { "failure-reason-code": reason.slice(0, maxReasonChars).toWellFormed() }),
    })),
    ...[...others].map(([result, rest]): FailureJson => ({ "result-type": result, "failed-session-count": tlsTotals(rest).total })),
  ]
}

/** The address that the peer saw: ours, or the one of its family that the configuration names. */
function seenAs(address: string, outboundAddresses: readonly string[]): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "")
  return outboundAddresses.includes(plain) ? plain : (outboundAddresses.find((one) => isIPv6(one) === isIPv6(plain)) ?? plain)
}
