/** Everything that can be expected to go wrong with mail and mailboxes. Each protocol maps each kind to its own code in one table. */
export const failureKinds = [
  "notFound", "alreadyExists", "overQuota", "tooBig", "noPermission", "inUse",
  "expunged", "limit", "unavailable", "invalid", "policy",
] as const

export type FailureKind = (typeof failureKinds)[number]

export interface Failure {
  readonly kind: FailureKind
  /** One English sentence, safe to show to the peer. */
  readonly detail: string
}

export const failure = (kind: FailureKind, detail: string): Failure => ({ kind, detail })
