/** DMARC's figures, a row for each combination of a day that aggregate reports tell apart (RFC 9990 §3.1.1). */
export interface DmarcStore {
  /** Adds to what is there; of a day's records of a domain the last one stays (RFC 9990 §3.1: the final configuration observed). */
  add(observations: readonly DmarcCount[], records?: readonly DmarcRecord[]): Promise<void>
  /** The policy domains of a day, UTC, as `2026-11-26`. */
  domains(day: string): Promise<readonly string[]>
  ofDomain(question: { readonly day: string; readonly domain: string; readonly limit: number }): Promise<DmarcDay>
  /** Deletes days before this one; returns how many rows. */
  forget(before: string): Promise<number>
}

/** What was seen of a domain on one day. */
export interface DmarcDay {
  /** Those of most messages. */
  readonly counts: readonly DmarcCount[]
  /** Of all rows. */
  readonly rows: number
  readonly messages: number
  /** Aligned by neither. */
  readonly failed: number
  /** Its DMARC record; undefined when nobody wrote it down. */
  readonly record: string | undefined
}

export interface DmarcRecord {
  readonly day: string
  readonly policyDomain: string
  readonly record: string
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
