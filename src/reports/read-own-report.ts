import type { Result } from "../base/result.ts"
import type { AggregateReport } from "../store/aggregate-report.ts"
import type { OwnReport, OwnReportStore, ReportKind } from "../store/own-report-store.ts"
import type { TlsReport } from "../store/received-tls-store.ts"
import { readAggregateReport } from "./dmarc-read.ts"
import { readTlsReport } from "./read-tls-report.ts"
import { gunzipReport, maxReportBytes } from "./report-gunzip.ts"

/** A report of ours as it was sent: the text, and what it says; null where it cannot be read any more, or is larger than was asked for. */
export interface OpenedReport<Report> {
  readonly own: OwnReport
  readonly text: string | null
  readonly report: Report | null
  readonly tooLarge: boolean
}

type Find = Pick<OwnReportStore, "find">

/** Undefined when there is none of this number. Reading takes about 70 ms for each MiB, in one go: whoever serves others meanwhile sets a limit. */
export const openOwnTls = (store: Find, number: number, maxBytes = maxReportBytes): Promise<OpenedReport<TlsReport> | undefined> => opened(store, { number, kind: "tls", maxBytes, read: readTlsReport })
export const openOwnDmarc = (store: Find, number: number, maxBytes = maxReportBytes): Promise<OpenedReport<AggregateReport> | undefined> => opened(store, { number, kind: "dmarc", maxBytes, read: readAggregateReport })

interface Wanted<Report> {
  readonly number: number
  readonly kind: ReportKind
  readonly maxBytes: number
  readonly read: (bytes: Buffer) => Result<Report, string>
}

async function opened<Report>(store: Find, { number, kind, maxBytes, read }: Wanted<Report>): Promise<OpenedReport<Report> | undefined> {
  const found = await store.find(number)
  if (found?.kind !== kind) return undefined
  const { body, ...own } = found
  const unpacked = gunzipReport(body)
  if (unpacked.ok && unpacked.value.length > maxBytes) return { own, text: null, report: null, tooLarge: true }
  const said = unpacked.ok ? read(unpacked.value) : unpacked
  return { own, text: unpacked.ok ? unpacked.value.toString("utf8") : null, report: said.ok ? said.value : null, tooLarge: false }
}
