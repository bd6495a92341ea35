/**
 * Reports of ours about one UTC day of other domains, and where each of them goes. Invariants: a day of a domain is settled once for each kind; a
 * destination that has been sent to is never sent to again (mail: marked in the transaction that accepts it, see `Acceptance.reportSent`).
 * Must not know: what a report says, how it travels.
 */
export interface OwnReportStore {
  /** The domains whose `day` is settled. */
  settled(kind: ReportKind, day: string): Promise<ReadonlySet<string>>
  /** False when another process was faster: nothing is stored then. */
  add(report: NewOwnReport): Promise<boolean>
  /** What is to be sent now, longest due first. */
  due(now: number, limit: number): Promise<readonly DueReport[]>
  /** Not sent: to be tried again at `dueAt`, or never (null). Does nothing where it is settled. */
  notSent(destination: ReportDestination, outcome: { readonly detail: string; readonly dueAt: number | null; readonly now: number }): Promise<void>
  /** Taken by an HTTPS server. */
  posted(destination: ReportDestination, now: number): Promise<void>
  /** Those with a body, the latest first. */
  list(question: ReportQuestion): Promise<readonly OwnReport[]>
  find(number: number): Promise<(OwnReport & { readonly body: Uint8Array }) | undefined>
  /** Deletes those of days before `day`; returns how many. */
  forget(day: string): Promise<number>
}

export const reportKinds = ["tls", "dmarc"] as const
export type ReportKind = (typeof reportKinds)[number]

export interface ReportKey {
  readonly kind: ReportKind
  /** UTC, such as `2026-11-26`. */
  readonly day: string
  /** A-labels. */
  readonly domain: string
}

export interface ReportDestination extends ReportKey {
  /** `mailto:…` or `https:…` */
  readonly uri: string
}

export interface NewOwnReport extends ReportKey {
  readonly reportId: string
  /** Compressed; null where nobody asked for it. */
  readonly body: Uint8Array | null
  readonly total: number
  readonly failed: number
  readonly madeAt: number
  /** ms since the epoch: when each is due, and after when it is tried no more. */
  readonly destinations: readonly { readonly uri: string; readonly dueAt: number; readonly giveUpAt: number }[]
}

export interface DueReport extends ReportDestination {
  readonly reportId: string
  readonly body: Uint8Array
  readonly attempts: number
  readonly giveUpAt: number
}

export interface ReportQuestion {
  readonly kind: ReportKind
  /** ms since the epoch: of days that end after it. */
  readonly since: number
  readonly domain?: string
  readonly limit: number
}

export interface OwnReport extends ReportKey {
  readonly number: number
  readonly reportId: string
  readonly total: number
  readonly failed: number
  readonly madeAt: number
  readonly destinations: readonly SentTo[]
}

export interface SentTo {
  readonly uri: string
  readonly state: "waiting" | "sent" | "failed"
  readonly attempts: number
  readonly detail: string
  readonly envelopeId: number | null
  /** What has become of the mail: `waiting`, `deferred`, `relayed`, `failed` …; null for another way. */
  readonly delivery: string | null
  readonly diagnostic: string
}
