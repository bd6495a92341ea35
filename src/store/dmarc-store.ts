/** DMARC's figures, a row for each combination of a day that aggregate reports tell apart (RFC 9990 §3.1.1). */
export interface DmarcStore {
  /** Adds to what is there. */
  add(observations: readonly DmarcCount[]): Promise<void>
  /** All of a day, UTC, as `2026-11-26`. */
  ofDay(day: string): Promise<readonly DmarcCount[]>
  /** Deletes days before this one; returns how many rows. */
  forget(before: string): Promise<number>
}

export interface DmarcObservation {
  readonly day: string
  readonly policyDomain: string
  readonly headerFrom: string
  readonly source: string
  readonly disposition: "none" | "quarantine" | "reject"
  readonly override: "" | "local_policy" | "trusted_forwarder"
  readonly dkimAligned: boolean
  readonly spfAligned: boolean
  /** Results in the words of RFC 8601 §2.7. */
  readonly spf: { readonly domain: string; readonly result: string }
  readonly dkim: readonly { readonly domain: string; readonly selector: string; readonly result: string }[]
}

export interface DmarcCount extends DmarcObservation {
  readonly messages: number
}
