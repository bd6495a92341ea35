import type { Scope } from "../accounts/administrator.ts"

/**
 * What units did in months of the province's civil time. Invariants: mail is counted once; a month that is over stays as it was, with the units as they stood
 * then. Must not know: how it is shown.
 */
export interface MonthlyReportStore {
  /** Months that are counted, `YYYY-MM`, the latest first. */
  months(): Promise<readonly string[]>
  /** Undefined where the month was not counted; `noUnit` where there was no such unit in it, or it is none of the scope's today. */
  report(question: MonthlyQuestion): Promise<MonthlyReport | "noUnit" | undefined>
  /** The same units' sums in the twelve months up to this one, oldest first; months that were not counted are left out. */
  history(question: MonthlyQuestion): Promise<readonly MonthSums[]>
}

/** The worker's side. */
export interface MonthlyCount {
  /** Counts mail that is old enough and not counted yet, and the accounts of the month under way. Only one process at a time; resolves at once where nothing is to be done. */
  count(now: number): Promise<void>
}

export interface MonthlyQuestion {
  readonly scope: Scope
  /** `YYYY-MM` */
  readonly month: string
  /** Code; absent: all of the scope. */
  readonly unit?: string | undefined
}

export interface MonthlyReport extends PaperPrice {
  readonly month: string
  readonly finished: boolean
  /** ms since the epoch: mail before it is in the figures. */
  readonly countedUntil: number
  /** The unit that it is about, null where it is about several. */
  readonly unit: { readonly code: string; readonly name: string; readonly parentName: string | null } | null
  /** Units above it within the scope, the topmost first. */
  readonly above: readonly UnitName[]
  readonly rows: readonly ReportRow[]
  readonly total: UnitFigures
  /** Units of the scope that have others below them, in the order of the tree: what can be asked for. */
  readonly choices: readonly (UnitName & { readonly depth: number })[]
}

export interface UnitName {
  readonly code: string
  readonly name: string
}

/** A unit with all below it; `own`: the unit that the report is about, without those below it. */
export interface ReportRow extends UnitName {
  readonly own: boolean
  readonly hasUnits: boolean
  readonly figures: UnitFigures
}

export interface MonthSums {
  readonly month: string
  readonly sent: number
  readonly sentSigned: number
  readonly received: number
  readonly documents: number
}

/** Counts of messages; null: not known of that month. */
export interface UnitFigures {
  /** Open at the month's end, or now. */
  readonly accounts: number | null
  readonly holders: number | null
  readonly storageBytes: number | null
  /** By the farthest recipient: within the agency, in another agency, outside. */
  readonly sentInternal: number
  readonly sentAgencies: number
  readonly sentOutside: number
  readonly sentSigned: number
  /** Copies put into mailboxes. */
  readonly received: number
  /** Messages sent with files, and how many recipients those had. */
  readonly documents: number
  readonly copies: number
}

export interface PaperPrice {
  /** VND */
  readonly pagePrice: number
  readonly pagesPerDocument: number
}

export const sentOf = ({ sentInternal, sentAgencies, sentOutside }: UnitFigures): number => sentInternal + sentAgencies + sentOutside
export const pagesOf = ({ copies }: UnitFigures, { pagesPerDocument }: PaperPrice): number => copies * pagesPerDocument
/** VND */
export const savedOf = (figures: UnitFigures, price: PaperPrice): number => pagesOf(figures, price) * price.pagePrice
