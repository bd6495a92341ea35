/** A DMARC aggregate report (RFC 9990 §3.1), as we make it and as it is understood when it comes from others. Names without what a terminal obeys. */
export interface AggregateReport extends ReportHead {
  readonly rows: readonly ReportRow[]
}

export interface ReportHead {
  readonly orgName: string
  readonly email: string
  readonly reportId: string
  /** Seconds since the epoch, UTC. */
  readonly begin: number
  readonly end: number
  readonly errors: readonly string[]
  readonly policy: PublishedPolicy
}

/** What the domain's record said (RFC 9989 §4.7), defaults filled in. */
export interface PublishedPolicy {
  /** Where the record is. */
  readonly domain: string
  readonly p: Policy
  readonly sp: Policy
  /** For subdomains that do not exist; empty: as `sp`. */
  readonly np: Policy | ""
  readonly adkim: Alignment
  readonly aspf: Alignment
  /** `t=y`: asks for one step less than published. */
  readonly testing: boolean
  readonly fo: string
}

/** RFC 9989 §4.7 */
export const policies = ["none", "quarantine", "reject"] as const
export type Policy = (typeof policies)[number]

/** Relaxed or strict. */
export type Alignment = "r" | "s"

/** `pass`: passed under a policy that would have refused (RFC 9990); older reports say `none`. */
export const dispositions = ["none", "pass", "quarantine", "reject"] as const
export type Disposition = (typeof dispositions)[number]

export interface ReportRow {
  /** Address that the messages came from. */
  readonly source: string
  readonly messages: number
  readonly disposition: Disposition
  readonly dkimAligned: boolean
  readonly spfAligned: boolean
  /** Why something else was done than the policy asks. */
  readonly reasons: readonly { readonly type: string; readonly comment: string }[]
  readonly headerFrom: string
  readonly envelopeFrom: string
  /** Results in the words of RFC 8601 §2.7. */
  readonly dkim: readonly { readonly domain: string; readonly selector: string; readonly result: string }[]
  readonly spf: { readonly domain: string; readonly result: string } | null
}

/** RFC 9989 §5.3: one of them is enough. */
export const passes = ({ dkimAligned, spfAligned }: Pick<ReportRow, "dkimAligned" | "spfAligned">): boolean => dkimAligned || spfAligned
