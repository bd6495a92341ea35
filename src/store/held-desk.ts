import type { Scope } from "../accounts/administrator.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import type { ContentRef } from "./content-store.ts"
import type { Decider, HeldMessage, Released } from "./held-store.ts"

/**
 * Held messages as administrators see and decide them. Those of a unit have what concerns nobody else: a message all of whose recipients are accounts of
 * theirs, or one for approval that an account of theirs sent. What also goes elsewhere is the province's to decide.
 */
export interface HeldDesk {
  /** Undecided ones oldest first, decided ones newest first; the next page is `after` the last envelope. */
  list(scope: Scope, filter: HeldFilter, page: { readonly limit: number; readonly after?: number }): Promise<readonly HeldMessage[]>
  /** How many wait. */
  waiting(scope: Scope): Promise<number>
  find(scope: Scope, envelopeId: number): Promise<HeldForDesk | undefined>
  /** As `HeldStore.release`; `notFound` outside the scope. */
  release(scope: Scope, envelopeId: number, by: Decider): Promise<Result<Released, Failure>>
  /** As `HeldStore.refuse`; `notFound` outside the scope. */
  refuse(scope: Scope, envelopeId: number, by: Decider): Promise<Result<void, Failure>>
}

export interface HeldFilter {
  readonly decided: boolean
  readonly kind?: HeldMessage["kind"]
  /** A part of the sender, a recipient, the rule or the Message-ID. */
  readonly text?: string
}

export interface HeldForDesk extends HeldMessage {
  readonly content: ContentRef
}
