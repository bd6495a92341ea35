import type { Clock } from "../../../base/clock.ts"
import type { AggregateReport } from "../../../store/aggregate-report.ts"
import type { MonthlyReportStore } from "../../../store/monthly-report-store.ts"
import type { OwnReport, OwnReportStore } from "../../../store/own-report-store.ts"
import type { ReceivedDmarcStore } from "../../../store/received-dmarc-store.ts"
import type { ReceivedTlsStore, TlsReport } from "../../../store/received-tls-store.ts"
import { monthlyText } from "../../text/monthly.ts"
import { reportText as text } from "../../text/reports.ts"
import type { Area } from "../../web/page.ts"
import { dmarcPages } from "./dmarc.ts"
import { monthlyPages } from "./monthly.ts"
import { tlsPages } from "./tls.ts"

/** What units do in a month; what servers tell each other of TLS and DMARC, which is about the province's domains as a whole. */
export interface ReportPorts {
  readonly monthly: MonthlyReportStore
  readonly tls: Pick<ReceivedTlsStore, "list" | "find">
  readonly dmarc: Pick<ReceivedDmarcStore, "list" | "sources" | "find">
  readonly own: Pick<OwnReportStore, "list">
  /** A report of ours; without what it says where that cannot be read any more, or is too large to be shown. */
  readonly openOwnTls: (number: number) => Promise<OpenedReport<TlsReport> | undefined>
  readonly openOwnDmarc: (number: number) => Promise<OpenedReport<AggregateReport> | undefined>
  readonly clock: Clock
}

interface OpenedReport<Report> {
  readonly own: OwnReport
  readonly report: Report | null
  readonly tooLarge: boolean
}

export const reportArea = (ports: ReportPorts): Area => ({
  group: "reports",
  menu: [
    { path: "/reports/monthly", label: monthlyText.title, who: "reports:read" },
    // an administrator of units has reports too, and none of these
    { path: "/reports/tls", label: text.tlsTitle, who: "policy:read" },
    { path: "/reports/dmarc", label: text.dmarcTitle, who: "policy:read" },
  ],
  pages: [...monthlyPages(ports), ...tlsPages(ports), ...dmarcPages(ports)],
})
