/** What is known of other domains' TLS: their MTA-STS policies, and how sessions with them went. Shared by all processes. Must not know: how it is found out. */
export interface TlsPolicyStore {
  /** The policy last fetched, also one that has ended; notes that it was asked for at `at`. */
  find(domain: string, at: number): Promise<StoredTlsPolicy | undefined>
  /** In place of an older one. */
  save(policy: StoredTlsPolicy): Promise<void>
  /** Of those in force at `now` and fetched before `fetchedBefore`, the domains that were asked for since `askedSince`; longest not fetched first. */
  refreshable(request: { readonly now: number; readonly fetchedBefore: number; readonly askedSince: number; readonly limit: number }): Promise<readonly string[]>
  /** Deletes policies that ended before `endedBefore`; returns how many. */
  forget(endedBefore: number): Promise<number>
}

export interface StoredTlsPolicy {
  readonly domain: string
  /** `id` of the TXT record that announced it. */
  readonly id: string
  readonly mode: "enforce" | "testing" | "none"
  readonly mx: readonly string[]
  readonly maxAgeSeconds: number
  /** ms since the epoch */
  readonly fetchedAt: number
}

/** How many sessions of one UTC day went which way (RFC 8460 §4.2, §4.3). */
export interface TlsReportStore {
  /** Adds to what is there. */
  add(counts: readonly TlsSessionCount[]): Promise<void>
  /** All of one UTC day, such as `2026-11-26`, in the order of their domains. */
  ofDay(day: string): Promise<readonly TlsSessionCount[]>
  /** The domains of one UTC day that a host was tried of; a policy that could not be fetched alone may be a report of ours on its way. */
  domains(day: string): Promise<readonly string[]>
  /** Those of one domain, most sessions first. */
  ofDomain(day: string, domain: string, limit: number): Promise<readonly TlsSessionCount[]>
  /** Deletes those of days before `day`; returns how many. */
  forget(day: string): Promise<number>
}

export interface TlsSessions {
  /** The domain whose policy it was. */
  readonly domain: string
  readonly policyType: "tlsa" | "sts" | "no-policy-found"
  /** The policy's lines or records, as they were. */
  readonly policyString: readonly string[]
  /** Hosts that an MTA-STS policy names. */
  readonly mxPatterns: readonly string[]
  /** Of the peer; empty when it never came so far. */
  readonly mxHost: string
  readonly receivingIp: string
  /** Our side's address; empty when it never came so far. */
  readonly sendingIp: string
  /** `success`, or a result type of RFC 8460 §4.3. */
  readonly result: string
  /** One English clause, of the first such session; empty on success. */
  readonly reason: string
}

export interface TlsSessionCount extends TlsSessions {
  readonly day: string
  readonly sessions: number
}
