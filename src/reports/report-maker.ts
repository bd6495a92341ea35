/** What one kind of report brings along; all else about sending reports is shared (`own-reports.ts`). */
import type { ReportKey, ReportKind } from "../store/own-report-store.ts"

export interface ReportMaker {
  readonly kind: ReportKind
  /** Whom there is something to tell about a UTC day: policy domains. */
  domains(day: string): Promise<readonly string[]>
  /** `later`: it cannot be known now who wants it. */
  make(request: ReportRequest, reporter: Reporter): Promise<MadeReport | "later">
  /** The words around it. */
  letter(report: ReportRequest): ReportLetter
}

export interface ReportRequest extends Omit<ReportKey, "kind"> {
  /** `id-left@id-right` of RFC 5322 §3.6.4, without angle brackets. */
  readonly reportId: string
}

export interface MadeReport {
  /** Where it goes: `mailto:ADDRESS`, or `https:` URLs; empty: nobody asks for it. */
  readonly uris: readonly string[]
  /** Compressed; null where it goes nowhere. */
  readonly body: Uint8Array | null
  /** Sessions or messages, and how many of them failed. */
  readonly total: number
  readonly failed: number
}

export interface ReportLetter {
  readonly subject: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** In English: it goes to whoever it may be. */
  readonly text: string
  /** `report-type` of multipart/report (RFC 6522); absent: multipart/mixed. */
  readonly reportType?: string
  readonly attachment: { readonly type: string; readonly fileName: string }
}

/** Who the reports are from. */
export interface Reporter {
  readonly organization: string
  /** Where people ask about them. */
  readonly contact: string
  readonly from: string
  /** The domain of `from` in A-labels, which signs them. */
  readonly domain: string
}
