import type { AccountKind } from "../accounts/directory.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"

/** What colleagues may look up of an account. */
export interface AddressBookEntry {
  readonly accountId: number
  readonly address: string
  readonly aliases: readonly string[]
  readonly kind: AccountKind
  readonly displayName: string
  /** Names of its unit and of the units above, the province last. */
  readonly units: readonly string[]
  /** Of the owner in force; empty for an office. */
  readonly title: string
  readonly phone: string
  /** DER of its owner's certificates that can be used now, the one that lasts longest first. */
  readonly certificates: readonly Uint8Array[]
}

/** The directory as an address book sees it. Suspended accounts are not in it. */
export interface AddressBookSource {
  /** Another one whenever somebody changed the directory. Rejects when the store is away, and so does `entries`. */
  version(): Promise<number>
  /** All entries in batches, each account once. What changes meanwhile is in another `version`. */
  entries(): AsyncIterable<readonly AddressBookEntry[]>
  /** By an account's canonical address. Empty for one that is unknown, suspended, or has none; `unavailable` when the store is away. */
  certificatesOf(address: string): Promise<Result<readonly Uint8Array[], Failure>>
}
