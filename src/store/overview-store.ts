import type { Scope } from "../accounts/administrator.ts"

/** Figures for the console's dashboard. Cheap however much mail there is: hours that are over are counted once, by the worker. */
export interface OverviewStore {
  /** What belongs to units: of those in the scope. */
  units(scope: Scope, now: number): Promise<UnitFigures>
  /** What moves while one looks; belongs to no unit. */
  live(now: number): Promise<LiveFigures>
  /** Days and weeks of the province's civil time, oldest first, without today's hours that are not counted yet. */
  history(now: number): Promise<MailHistory>
  /** Counts what is over and not counted, and the storage; returns how many hours. Only one process at a time. */
  count(now: number): Promise<number>
}

export interface UnitFigures {
  /** Not suspended. */
  readonly accounts: number
  readonly holders: number
  /** In mailboxes, as their readers see it. */
  readonly mailboxBytes: number
  /** Active certificates that end within 60 days. */
  readonly certificatesEnding: number
}

export interface LiveFigures {
  readonly today: MailFigures
  readonly queue: { readonly waiting: number; readonly held: number; readonly oldestMs: number }
  readonly failedSignIns: number
  /** Null until it has been counted once. */
  readonly storage: { readonly contents: number; readonly contentBytes: number; readonly mailboxBytes: number } | null
}

export interface MailFigures {
  readonly received: number
  readonly receivedSigned: number
  readonly receivedTls: number
  readonly submitted: number
  readonly submittedSigned: number
  readonly relayed: number
  readonly relayedTls: number
}

export interface MailHistory {
  readonly days: readonly MailPeriod[]
  readonly weeks: readonly MailPeriod[]
}

export interface MailPeriod extends MailFigures {
  /** Its first day, `YYYY-MM-DD`. */
  readonly start: string
}
