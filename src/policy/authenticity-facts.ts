/**
 * What SPF, DKIM, DMARC and ARC say of a message that another server brought. Plain JSON-safe data, stored with the decision; absent where
 * nobody asked (mail written here, servers that need not prove themselves, decisions of older programs).
 */
export interface AuthenticityFacts {
  readonly spf: { readonly result: SpfResult; /** The domain that was asked: of the reverse-path, or of HELO when there is none. */ readonly domain: string; readonly aligned: boolean }
  /** In the order of the header; bounded. Empty: no signature. */
  readonly dkim: readonly DkimFacts[]
  readonly dmarc: DmarcFacts
  readonly arc: ArcFacts
  /** A passing SPF or DKIM domain is that of the author, also where the author's domain publishes no DMARC record. */
  readonly aligned: boolean
}

/** RFC 8601 §2.7.2 */
export const spfResults = ["none", "pass", "fail", "softfail", "neutral", "temperror", "permerror"] as const
export type SpfResult = (typeof spfResults)[number]

/** RFC 8601 §2.7.1; `policy`: it verifies, but its key is too short or it leaves a part of the message unsigned. */
export const dkimResults = ["none", "pass", "fail", "neutral", "policy", "temperror", "permerror"] as const
export type DkimResult = (typeof dkimResults)[number]

export interface DkimFacts {
  readonly result: Exclude<DkimResult, "none">
  readonly domain: string
  readonly selector: string
  readonly aligned: boolean
}

/** RFC 9989 §9.1; `permerror`: there is not exactly one author's domain. `temperror` wherever an answer that is missing now would decide. */
export const dmarcResults = ["none", "pass", "fail", "temperror", "permerror"] as const
export type DmarcResult = (typeof dmarcResults)[number]

export const dmarcPolicies = ["none", "quarantine", "reject"] as const
export type DmarcPolicy = (typeof dmarcPolicies)[number]

export interface DmarcFacts {
  readonly result: DmarcResult
  /** What the author's domain asks to be done with mail that fails; null when it asks nothing. */
  readonly policy: DmarcPolicy | null
  /** Of the author: From:. Empty when there is not exactly one. */
  readonly domain: string
  /** Where the record is; null when there is none. */
  readonly policyDomain: string | null
  /** The record as it was seen, bounded; absent where there is none, and in decisions of older programs. */
  readonly record?: string
}

/** RFC 8617 §4.4; `temperror`: a key could not be had now. */
export const arcResults = ["none", "pass", "fail", "temperror"] as const
export type ArcResult = (typeof arcResults)[number]

export interface ArcFacts {
  readonly result: ArcResult
  /** Domains that sealed, the newest first; bounded. */
  readonly sealers: readonly string[]
  /** The chain is whole, and a trusted sealer with only trusted ones after it saw the author pass DMARC. */
  readonly vouched: boolean
}
