import type { AggregateReport, ReportHead } from "./aggregate-report.ts"
import type { ReportQuestion } from "./own-report-store.ts"

/** DMARC aggregate reports of others about domains of ours (RFC 9990). Must not know: how they came. */
export interface ReceivedDmarcStore {
  /** Stores the report and settles its mail in one transaction; `duplicate` when the submitter has sent one of this id before. Throws where the mail is settled. */
  add(report: AggregateReport, mail: DmarcReportMail): Promise<"stored" | "duplicate">
  /** How many records of reports were stored that came since `since` (ms since the epoch): of this submitter, and of all. */
  records(submitter: string, since: number): Promise<{ readonly own: number; readonly all: number }>
  /** The latest first. */
  list(question: DmarcQuestion): Promise<readonly ReceivedDmarcReport[]>
  /** Who sent in the name of our domains; those that failed most first. */
  sources(question: DmarcQuestion): Promise<readonly DmarcSource[]>
  find(number: number): Promise<(ReceivedDmarcReport & AggregateReport) | undefined>
  /** Deletes those whose time ended before `before` (ms since the epoch); returns how many. */
  forget(before: number): Promise<number>
}

export type DmarcQuestion = Omit<ReportQuestion, "kind">

export interface DmarcReportMail {
  readonly envelopeId: number
  /** ms since the epoch */
  readonly receivedAt: number
  /** The author's domain, as it was proven; empty: nobody asked. */
  readonly submitter: string
}

export interface ReceivedDmarcReport extends ReportHead, DmarcReportMail {
  readonly number: number
  readonly messages: number
  /** Aligned by neither DKIM nor SPF. */
  readonly failed: number
}

/** One address in the name of one domain, summed over reports. */
export interface DmarcSource {
  readonly source: string
  readonly headerFrom: string
  readonly messages: number
  readonly failed: number
  readonly dkimAligned: number
  readonly spfAligned: number
  readonly quarantined: number
  readonly rejected: number
  /** How many reporters saw it. */
  readonly reporters: number
}
