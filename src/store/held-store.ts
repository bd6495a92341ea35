import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import type { HeldReason } from "./acceptance-store.ts"

/**
 * Messages that were accepted and wait for a person: for approval, or set aside as doubtful. Released, they go the way of every
 * other message; refused, their sender is told by a DSN. Each is decided once. Must not know: why policy held them, who may decide.
 */
export interface HeldStore {
  /** Undecided ones, oldest first. */
  open(limit: number): Promise<readonly HeldMessage[]>
  find(envelopeId: number): Promise<HeldMessage | undefined>
  /** The deliveries that may go now. Fails with `notFound`, or `alreadyExists` when it has been decided. */
  release(envelopeId: number, by: Decider): Promise<Result<{ readonly local: readonly number[]; readonly remote: readonly number[] }, Failure>>
  /** Its deliveries have failed with `5.7.1` and the note as diagnostic. Fails as `release` does. */
  refuse(envelopeId: number, by: Decider): Promise<Result<void, Failure>>
  /** Those of which somebody has still to be told (see `Acceptance.heldNotice`). */
  untold(limit: number): Promise<readonly HeldMessage[]>
  /** Nobody can be told of it. */
  giveUpTelling(envelopeId: number): Promise<void>
}

export interface Decider {
  /** A principal's id, or the name of whoever works on the command line. */
  readonly by: string
  readonly note: string
}

export interface HeldMessage extends HeldReason {
  readonly envelopeId: number
  readonly messageId: string
  readonly reversePath: string
  /** The first of them. */
  readonly recipients: readonly string[]
  readonly recipientCount: number
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly heldAt: number
  readonly decision: "released" | "refused" | null
  readonly decidedAt: number | null
  readonly decidedBy: string
  readonly note: string
}
