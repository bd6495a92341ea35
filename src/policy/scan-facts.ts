/** What scanners said of a message. Plain JSON-safe data, stored with the decision; absent where none is configured. */
export interface ScanFacts {
  /** Name of what the virus scanner found; null: nothing, or it was not asked. */
  readonly virus: string | null
  readonly spam: SpamFacts | null
  /** Scanners that did not answer. */
  readonly unavailable: readonly ScannerName[]
}

export interface SpamFacts {
  readonly score: number
  /** The most that the spam scanner would do; in its own words. */
  readonly action: string
}

export const scannerNames = ["rspamd", "clamav"] as const
export type ScannerName = (typeof scannerNames)[number]

/** Rspamd's actions, from nothing to refusal. */
export const spamActions = ["no action", "greylist", "add header", "rewrite subject", "soft reject", "reject"] as const
