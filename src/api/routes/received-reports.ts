import { z } from "zod"
import type { Clock } from "../../base/clock.ts"
import type { ReceivedDmarcReport, ReceivedDmarcStore } from "../../store/received-dmarc-store.ts"
import type { ReceivedTlsReport, ReceivedTlsStore } from "../../store/received-tls-store.ts"
import { dmarcReportAnswer, dmarcReportsAnswer, dmarcSourcesAnswer, tlsReportAnswer, tlsReportsAnswer } from "../answers/received-reports.ts"
import { destination, id, limit, shownTime } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"

/** What other providers report about our domains, over HTTP: TLS (RFC 8460) and DMARC (RFC 9990). They are about the province's domains as a whole. */
export interface ReceivedReportRoutesParts {
  readonly tls: Pick<ReceivedTlsStore, "list" | "find">
  readonly dmarc: Pick<ReceivedDmarcStore, "list" | "sources" | "find">
  readonly clock: Clock
}

const dayMs = 86_400_000
const about = { scope: "reports:read", provinceOnly: true } as const
const input = z.strictObject({ domain: destination.optional(), days: limit(365, 30), limit: limit(500, 100) })
const one = z.strictObject({ id })

export function receivedReportRoutes({ tls, dmarc, clock }: ReceivedReportRoutesParts): readonly Route[] {
  const questionOf = ({ domain, days, limit: most }: z.output<typeof input>) => ({ since: clock.now() - days * dayMs, limit: most, ...(domain !== undefined && { domain }) })
  return [
    route({ method: "get", path: "/reports/tls", ...about, summary: "TLS reports of the last days, the latest first.", input, output: tlsReportsAnswer, run: async (asked) => answered({ reports: (await tls.list(questionOf(asked))).map(shownTls) }) }),
    route({
      method: "get", path: "/reports/tls/:id", ...about, summary: "One TLS report.", input: one, output: tlsReportAnswer,
      async run({ id: number }) {
        const found = await tls.find(number)
        return found ? answered(shownTls(found)) : refused({ kind: "notFound" })
      },
    }),
    route({ method: "get", path: "/reports/dmarc", ...about, summary: "DMARC reports of the last days, the latest first.", input, output: dmarcReportsAnswer, run: async (asked) => answered({ reports: (await dmarc.list(questionOf(asked))).map(shownDmarc) }) }),
    route({ method: "get", path: "/reports/dmarc/sources", ...about, summary: "Who sent in the name of our domains, those that failed most first.", input, output: dmarcSourcesAnswer, run: async (asked) => answered({ sources: await dmarc.sources(questionOf(asked)) }) }),
    route({
      method: "get", path: "/reports/dmarc/:id", ...about, summary: "One DMARC report, with its rows.", input: one, output: dmarcReportAnswer,
      async run({ id: number }) {
        const found = await dmarc.find(number)
        return found ? answered({ ...shownDmarc(found), rows: found.rows }) : refused({ kind: "notFound" })
      },
    }),
  ]
}

const shownTls = ({ number, organization, contact, reportId, submitter, envelopeId, receivedAt, beginsAt, endsAt, policies }: ReceivedTlsReport) => ({
  number, organization, contact, reportId, submitter, envelopeId, receivedAt: shownTime(receivedAt), beginsAt: shownTime(beginsAt), endsAt: shownTime(endsAt), policies,
})

const shownDmarc = ({ number, orgName, email, reportId, submitter, envelopeId, receivedAt, begin, end, errors, messages, failed, policy }: ReceivedDmarcReport) => ({
  number, orgName, email, reportId, submitter, envelopeId, receivedAt: shownTime(receivedAt), beginsAt: shownTime(begin * 1000), endsAt: shownTime(end * 1000), errors, messages, failed, policy,
})
