import type { Forwarding } from "../accounts/forwarding.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"

/** Who passes mail on. Every change is one transaction with its audit entry and a new version of the directory, so it counts on the next message. */
export interface ForwardingStore {
  /** Whether or not it is in force. */
  get(accountId: number): Promise<(Forwarding & { readonly setAt: number }) | undefined>
  /** Resolves with the directory's new version. Fails with `inUse` when the directory is no longer the one it was judged on. */
  set(forwarding: Forwarding, directoryVersion: number): Promise<Result<number, Failure>>
  /** Undefined: there was none. */
  end(accountId: number): Promise<number | undefined>
}
