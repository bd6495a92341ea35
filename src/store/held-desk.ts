import type { Scope } from "../accounts/administrator.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import type { Decider, HeldMessage, HeldWithContent, Released } from "./held-store.ts"

/**
 * Held messages as administrators see and decide them. Those of a unit decide for the accounts of theirs among the recipients, and see nobody else of them;
 * on the whole message where all recipients are theirs, or where it waits for approval and an account of theirs sent it. Recipients elsewhere are the province's. What waits
 * for a group's moderators they only see, unless all of its recipients are theirs.
 */
export interface HeldDesk {
  /** Undecided ones oldest first, decided ones newest first; the next page is `after` the last envelope. To a unit one is decided when its own copies are. */
  list(scope: Scope, filter: HeldFilter, page: { readonly limit: number; readonly after?: number }): Promise<readonly HeldMessage[]>
  /** How many wait. */
  waiting(scope: Scope): Promise<number>
  find(scope: Scope, envelopeId: number): Promise<HeldForDesk | undefined>
  /** Those in the scope, undecided ones first. */
  copies(scope: Scope, envelopeId: number, limit: number): Promise<readonly DeskCopy[]>
  /** All copies in the scope that are held, or these of them. As `HeldStore.release`; `notFound` outside the scope, `noPermission` where its moderators decide. */
  release(scope: Scope, which: DeskChoice, by: Decider): Promise<Result<Released, Failure>>
  /** Likewise, as `HeldStore.refuse`. */
  refuse(scope: Scope, which: DeskChoice, by: Decider): Promise<Result<void, Failure>>
}

export interface DeskChoice {
  readonly envelopeId: number
  /** Absent: all that the scope has. */
  readonly deliveryIds?: readonly number[]
}

export interface HeldFilter {
  readonly decided: boolean
  readonly kind?: HeldMessage["kind"]
  /** A part of the sender, a recipient, the rule or the Message-ID. */
  readonly text?: string
}

export interface HeldForDesk extends HeldWithContent {
  /** The scope has all of its recipients. */
  readonly whole: boolean
  /** Copies on which the scope may still decide. */
  readonly waiting: number
}

export interface DeskCopy {
  readonly deliveryId: number
  readonly recipient: string
  readonly state: "held" | "gone" | "refused"
}
