import type { Result } from "../base/result.ts"
import type { AggregateReport } from "../store/aggregate-report.ts"
import type { OwnReport, OwnReportStore, ReportKind } from "../store/own-report-store.ts"
import type { TlsReport } from "../store/received-tls-store.ts"
import { readAggregateReport } from "./dmarc-read.ts"
import { readTlsReport } from "./read-tls-report.ts"
import { gunzipReport } from "./report-gunzip.ts"

/** A report of ours as it was sent: the text, and what it says; null where it cannot be read any more. */
export interface OpenedReport<Report> {
  readonly own: OwnReport
  readonly text: string | null
  readonly report: Report | null
}

type Find = Pick<OwnReportStore, "find">

/** Undefined when there is none of this number. */
export const openOwnTls = (store: Find, number: number): Promise<OpenedReport<TlsReport> | undefined> => opened(store, { number, kind: "tls", read: readTlsReport })
export const openOwnDmarc = (store: Find, number: number): Promise<OpenedReport<AggregateReport> | undefined> => opened(store, { number, kind: "dmarc", read: readAggregateReport })

async function opened<Report>(store: Find, { number, kind, read }: { readonly number: number; readonly kind: ReportKind; readonly read: (bytes: Buffer) => Result<Report, string> }): Promise<OpenedReport<Report> | undefined> {
  const found = await store.find(number)
  if (found?.kind !== kind) return undefined
  const { body, ...own } = found
  const unpacked = gunzipReport(body)
  const said = unpacked.ok ? read(unpacked.value) : unpacked
  return { own, text: unpacked.ok ? unpacked.value.toString("utf8") : null, report: said.ok ? said.value : null }
}
