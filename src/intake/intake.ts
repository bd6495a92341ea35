import type { Envelope } from "../mail/envelope.ts"
import type { EnhancedStatus } from "../mail/enhanced-status.ts"
import type { Committed, MessageSource, SessionFacts } from "../store/acceptance-store.ts"
import type { PreparedContent } from "../store/content-store.ts"

/** The one door in. SMTP, submission, DSNs, console and notifications all call `accept`; nothing else creates a delivery. */
export interface Intake {
  /** Resolves after the commit, or with a refusal and nothing stored (the content is discarded). Wakes the outbox by itself. */
  accept(request: AcceptRequest): Promise<AcceptReply>
}

export interface AcceptRequest {
  readonly source: MessageSource
  readonly envelope: Envelope
  readonly content: PreparedContent
  readonly session: SessionFacts
}

export type AcceptReply =
  | { readonly kind: "accepted"; readonly committed: Committed; readonly status: EnhancedStatus }
  | { readonly kind: "refused"; readonly code: number; readonly status: EnhancedStatus; readonly text: string }
