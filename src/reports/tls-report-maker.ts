/** TLS reports to those who ask for them (RFC 8460). */
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import type { DnsResolver } from "../dns/resolver.ts"
import type { TlsReportStore } from "../store/tls-policy-store.ts"
import type { ReportMaker } from "./report-maker.ts"
import { reportUris } from "./tls-record.ts"
import { tlsReport, tlsTotals } from "./tls-report.ts"

export interface TlsReportMakerParts {
  readonly counts: Pick<TlsReportStore, "domains" | "ofDomain">
  readonly resolver: DnsResolver
  readonly outboundAddresses: readonly string[]
}

/** Different rows of one day and domain that are looked at, those of most sessions first. */
const maxRows = 5_000

export function createTlsReportMaker({ counts, resolver, outboundAddresses }: TlsReportMakerParts): ReportMaker {
  return {
    kind: "tls",
    domains: (day) => counts.domains(day),
    async make(request, reporter) {
      const { day, domain } = request
      const answer = await resolver.resolve(`_smtp._tls.${domain}`, "TXT")
      if (answer.kind === "failed") return "later"
      const uris = answer.kind === "records" ? reportUris(answer.records) : undefined
      const rows = await counts.ofDomain(day, domain, maxRows)
      if (!uris) return { uris: [], body: null, ...tlsTotals(rows) }
      const json = JSON.stringify(tlsReport({ ...request, counts: rows, reporter, outboundAddresses }))
      return { uris, body: await promisify(gzip)(json), ...tlsTotals(rows) }
    },
    letter({ day, domain, reportId }) {
      const submitter = reportId.slice(reportId.lastIndexOf("@") + 1)
      const start = Date.parse(`${day}T00:00:00Z`) / 1000
      return {
        // RFC 8460 §5.3
        subject: `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${reportId}>`,
        headers: [
          ["TLS-Report-Domain", domain],
          ["TLS-Report-Submitter", submitter],
          // RFC 8460 §3: it must arrive although the domain's TLS may be what is wrong; RFC 8689 §3 for the hosts on its way
          ["TLS-Required", "No"],
        ],
        text: `This is an aggregate TLS report (RFC 8460) from ${submitter} about\r\nsessions with the mail servers of ${domain}\r\non ${day} (UTC).\r\n`,
        reportType: "tlsrpt",
        attachment: { type: "application/tlsrpt+gzip", fileName: `${submitter}!${domain}!${start}!${start + 86_399}.json.gz` },
      }
    },
  }
}
