import type { ContentRef } from "./content-store.ts"
import type { ReportKind } from "./own-report-store.ts"

/**
 * Mail that came to an address which reports are asked for at. A row is written with the message (`Acceptance.reportMail`), and settled in the transaction that
 * stores what the report says. Must not know: what a report says.
 */
export interface ReportMailStore {
  /** Those that have been delivered and not been read, oldest first; beginning is counted. */
  begin(limit: number): Promise<readonly ReportMail[]>
  /** Does nothing where it is settled. */
  settle(envelopeId: number, outcome: ReportMailOutcome): Promise<void>
  /** How many came since `since` (ms since the epoch) and could not be used, by kind and reason. */
  bad(since: number): Promise<readonly BadReports[]>
  /** Deletes what came before `before`; returns how many. */
  forget(before: number): Promise<number>
}

export interface ReportMail {
  readonly envelopeId: number
  readonly content: ContentRef
  readonly bytes: number
  /** ms since the epoch */
  readonly receivedAt: number
  /** Times that it was begun, this one included. */
  readonly tries: number
  /** The facts that the policy decided on when it came (`MessageFacts`), as they were stored; null when there are none, or they cannot be read. */
  readonly facts: unknown
}

export type ReportMailOutcome =
  | { readonly state: "other" }
  | { readonly state: "bad"; readonly kind: ReportKind | null; readonly reason: string }

export interface BadReports {
  readonly kind: ReportKind | null
  readonly reason: string
  readonly count: number
}
