import type { Result } from "../base/result.ts"
import type { PublishedKey } from "../mail/dkim/key-record.ts"
import type { DkimSigningKey, NewDkimKey } from "../mail/dkim/signing-key.ts"
import type { Failure } from "../mail/failure.ts"

/**
 * The keys that outgoing mail is signed with, a domain's together: pending ones wait until the DNS shows them, active ones sign, retiring ones are
 * still looked up for mail on its way. Every change is one transaction with its audit entry. Must not know: the DNS.
 */
export interface DkimKeyStore {
  /** All that ever were, those of one domain together, the newest first. */
  list(domain?: string): Promise<readonly DkimKey[]>
  /** Those that sign, with their private halves. */
  active(): Promise<readonly DkimSigningKey[]>
  /** Pending keys for a domain. Fails with `alreadyExists` when it has some, or a selector was used before. */
  add(domain: string, keys: readonly NewStoredKey[]): Promise<Result<void, Failure>>
  /** Pending keys sign from now on; those that did are retiring. The audit says by whom. Fails with `notFound` when none is pending. */
  activate(domain: string, by?: string): Promise<Result<void, Failure>>
  /** Retiring keys are gone, their private halves too. Fails with `notFound` when there are none. */
  retire(domain: string): Promise<Result<void, Failure>>
}

export type DkimKeyState = "pending" | "active" | "retiring" | "retired"

export interface DkimKey extends PublishedKey {
  readonly state: DkimKeyState
  /** Milliseconds. */
  readonly createdAt: number
  readonly activatedAt: number | null
  /** Since when it is retiring. */
  readonly replacedAt: number | null
  readonly retiredAt: number | null
}

export interface NewStoredKey extends NewDkimKey {
  readonly selector: string
  readonly algorithm: PublishedKey["algorithm"]
}
