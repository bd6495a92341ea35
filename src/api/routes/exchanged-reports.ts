import { z } from "zod"
import type { Clock } from "../../base/clock.ts"
import type { AggregateReport, ReportHead } from "../../store/aggregate-report.ts"
import { type OwnReport, type OwnReportStore, reportKinds } from "../../store/own-report-store.ts"
import type { ReceivedDmarcReport, ReceivedDmarcStore } from "../../store/received-dmarc-store.ts"
import type { ReceivedTlsReport, ReceivedTlsStore, TlsReport } from "../../store/received-tls-store.ts"
import { dmarcReportAnswer, dmarcReportsAnswer, dmarcSourcesAnswer, ownDmarcReportAnswer, ownReportsAnswer, ownTlsReportAnswer, tlsReportAnswer, tlsReportsAnswer } from "../answers/exchanged-reports.ts"
import { destination, id, limit, shownTime } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"

/** TLS (RFC 8460) and DMARC (RFC 9990) reports over HTTP: of other providers about our domains, and ours about theirs. They are about the province's domains as a whole. */
export interface ExchangedReportRoutesParts {
  readonly tls: Pick<ReceivedTlsStore, "list" | "find">
  readonly dmarc: Pick<ReceivedDmarcStore, "list" | "sources" | "find">
  readonly own: Pick<OwnReportStore, "list">
  /** A report of ours; without what it says where that cannot be read any more. */
  readonly openOwnTls: (number: number) => Promise<{ readonly own: OwnReport; readonly report: TlsReport | null } | undefined>
  readonly openOwnDmarc: (number: number) => Promise<{ readonly own: OwnReport; readonly report: AggregateReport | null } | undefined>
  readonly clock: Clock
}

const dayMs = 86_400_000
const about = { scope: "reports:read", provinceOnly: true } as const
const input = z.strictObject({ domain: destination.optional(), days: limit(365, 30), limit: limit(500, 100) })
const one = z.strictObject({ id })

export function exchangedReportRoutes({ tls, dmarc, own, openOwnTls, openOwnDmarc, clock }: ExchangedReportRoutesParts): readonly Route[] {
  const questionOf = ({ domain, days, limit: most }: z.output<typeof input>) => ({ since: clock.now() - days * dayMs, limit: most, ...(domain !== undefined && { domain }) })
  return [
    ...reportKinds.map((kind) =>
      route({ method: "get", path: `/reports/${kind}/sent`, ...about, summary: "Reports of ours about other domains, the latest first, and what has become of each where it goes.", input, output: ownReportsAnswer, run: async (asked) => answered({ reports: (await own.list({ kind, ...questionOf(asked) })).map(shownOwn) }) })),
    route({
      method: "get", path: "/reports/tls/sent/:id", ...about, summary: "One TLS report of ours, with what it says.", input: one, output: ownTlsReportAnswer,
      async run({ id: number }) {
        const found = await openOwnTls(number)
        return found ? answered({ ...shownOwn(found.own), report: found.report && tlsBody(found.report) }) : refused({ kind: "notFound" })
      },
    }),
    route({
      method: "get", path: "/reports/dmarc/sent/:id", ...about, summary: "One DMARC report of ours, with what it says.", input: one, output: ownDmarcReportAnswer,
      async run({ id: number }) {
        const found = await openOwnDmarc(number)
        return found ? answered({ ...shownOwn(found.own), report: found.report && { ...dmarcHead(found.report), rows: found.report.rows } }) : refused({ kind: "notFound" })
      },
    }),
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

const tlsBody = ({ organization, contact, reportId, beginsAt, endsAt, policies }: TlsReport) => ({ organization, contact, reportId, beginsAt: shownTime(beginsAt), endsAt: shownTime(endsAt), policies })

const shownTls = (report: ReceivedTlsReport) => ({ number: report.number, submitter: report.submitter, envelopeId: report.envelopeId, receivedAt: shownTime(report.receivedAt), ...tlsBody(report) })

const dmarcHead = ({ orgName, email, reportId, begin, end, errors, policy }: ReportHead) => ({ orgName, email, reportId, beginsAt: shownTime(begin * 1000), endsAt: shownTime(end * 1000), errors, policy })

const shownDmarc = (report: ReceivedDmarcReport) => {
  const { number, submitter, envelopeId, receivedAt, messages, failed } = report
  return { number, submitter, envelopeId, receivedAt: shownTime(receivedAt), messages, failed, ...dmarcHead(report) }
}

const shownOwn = ({ number, kind, day, domain, reportId, total, failed, madeAt, destinations }: OwnReport) => ({
  number, kind, day, domain, reportId, total, failed, madeAt: shownTime(madeAt),
  destinations: destinations.map(({ uri, state, attempts, detail, envelopeId, delivery, diagnostic }) => ({ uri, state, attempts, detail, envelopeId, delivery, diagnostic })),
})
