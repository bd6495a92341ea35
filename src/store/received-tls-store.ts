import type { ReportQuestion } from "./own-report-store.ts"

/** TLS reports of others about domains of ours (RFC 8460). Must not know: how they came. */
export interface ReceivedTlsStore {
  /** Stores the report and settles its mail in one transaction; `duplicate` when the submitter has sent one of this id before. Does nothing where the mail is settled. */
  add(report: TlsReport, mail: TlsReportMail): Promise<"stored" | "duplicate">
  /** The latest first; each with the policies that are about the domain, where one is asked for. */
  list(question: Omit<ReportQuestion, "kind">): Promise<readonly ReceivedTlsReport[]>
  find(number: number): Promise<ReceivedTlsReport | undefined>
  /** Deletes those whose time began before `before` (ms since the epoch); returns how many. */
  forget(before: number): Promise<number>
}

export interface TlsReportMail {
  readonly envelopeId: number
  readonly receivedAt: number
  /** The domain that signed it; empty: nobody asked who did. */
  readonly submitter: string
}

export interface ReceivedTlsReport extends TlsReport, TlsReportMail {
  readonly number: number
}

/** RFC 8460 §4.4. Texts are bounded and hold no control characters; empty where the report says nothing. */
export interface TlsReport {
  readonly organization: string
  readonly contact: string
  readonly reportId: string
  /** ms since the epoch */
  readonly beginsAt: number
  readonly endsAt: number
  readonly policies: readonly TlsReportPolicy[]
}

export interface TlsReportPolicy {
  /** Lower case, as the report has it. */
  readonly domain: string
  readonly policyType: string
  readonly policyString: readonly string[]
  readonly mxHosts: readonly string[]
  readonly successful: number
  readonly failed: number
  readonly failures: readonly TlsReportFailure[]
  /** Failure rows beyond those that are kept. */
  readonly leftOut: number
}

export interface TlsReportFailure {
  readonly resultType: string
  readonly sendingIp: string
  readonly mxHost: string
  readonly helo: string
  readonly receivingIp: string
  readonly sessions: number
  readonly reasonCode: string
  readonly information: string
}
