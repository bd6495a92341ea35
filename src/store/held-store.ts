import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import type { HeldReason } from "./acceptance-store.ts"
import type { ContentRef } from "./content-store.ts"

/**
 * Messages that were accepted and wait for a person: for approval, or set aside as doubtful. Released, they go the way of every
 * other message; refused, their sender is told by a DSN. Each is decided once; copies may be released or refused one by one before. Must not know: why policy
 * held them, who may decide.
 */
export interface HeldStore {
  /** Undecided ones, oldest first. */
  open(limit: number): Promise<readonly HeldMessage[]>
  find(envelopeId: number): Promise<HeldWithContent | undefined>
  /** Undecided ones on which one of these accounts may decide (`HeldReason.approvers`), oldest first. */
  awaiting(approvers: readonly string[], limit: number): Promise<readonly HeldMessage[]>
  /** Whether one of these accounts may decide on it. */
  mayDecide(envelopeId: number, approvers: readonly string[]): Promise<boolean>
  /** The deliveries that may go now. Fails with `notFound`, or `alreadyExists` when it has been decided. */
  release(envelopeId: number, by: Decider): Promise<Result<Released, Failure>>
  /** The copies of one recipient, by the address it was expanded to or the one that the sender wrote, in any case. Fails as `release` does; `notFound` too when nothing is held for it. */
  releaseFor(envelopeId: number, recipient: string, by: Decider): Promise<Result<Released, Failure>>
  /** One copy by its own recipient. Fails as `release` does; `noPermission` when its rule leaves that to administrators. */
  releaseCopy(deliveryId: number, by: Decider): Promise<Result<Released, Failure>>
  /** These of its deliveries; those that are held no more are left out. Fails as `release` does. */
  releaseChosen(envelopeId: number, deliveryIds: readonly number[], by: Decider): Promise<Result<Released, Failure>>
  /** Likewise, as `refuse`. The message counts as refused when no copy of it went. */
  refuseChosen(envelopeId: number, deliveryIds: readonly number[], by: Decider): Promise<Result<void, Failure>>
  /** Its deliveries have failed with `5.7.1` and the note as diagnostic. Fails as `release` does. */
  refuse(envelopeId: number, by: Decider): Promise<Result<void, Failure>>
  /** Somebody's copy of a message that is or was held, by its delivery. */
  findCopy(deliveryId: number): Promise<HeldCopy | undefined>
  /** Those of which somebody has still to be told (see `Acceptance.heldNotice`). */
  untold(limit: number): Promise<readonly UntoldMessage[]>
  /** These addresses cannot be told of it. */
  giveUpTelling(envelopeId: number, told: readonly string[]): Promise<void>
}

export interface Released {
  readonly local: readonly number[]
  readonly remote: readonly number[]
}

export interface Decider {
  /** A principal's id, the address of a recipient, or the name of whoever works on the command line. */
  readonly by: string
  readonly note: string
  /** Where they came from over the network. */
  readonly clientAddress?: string
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
  readonly recipientsMayRelease: boolean
  readonly decision: "released" | "refused" | null
  readonly decidedAt: number | null
  readonly decidedBy: string
  readonly note: string
}

export interface HeldWithContent extends HeldMessage {
  readonly content: ContentRef
}

export interface UntoldMessage extends HeldMessage {
  /** The copies in mailboxes here of those who have still to be told and may release them. */
  readonly copies: readonly { readonly deliveryId: number; readonly recipient: string }[]
}

export interface HeldCopy {
  readonly deliveryId: number
  readonly envelopeId: number
  readonly recipient: string
  /** `gone`: it is held no more; what became of it since is in its trace. */
  readonly state: "held" | "gone" | "refused"
  readonly recipientsMayRelease: boolean
  readonly content: ContentRef
  readonly messageId: string
  readonly reversePath: string
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly heldAt: number
  readonly reasonVi: string
  readonly reasonEn: string
}
