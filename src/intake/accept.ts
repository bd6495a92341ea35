/**
 * The one door in: facts → verdict → final recipients → trace prefix → one commit → the outbox is woken → reply.
 * Invariants: nobody hears "accepted" before the commit; a decision is committed only on the directory it was taken on;
 * whatever is refused leaves no content behind. Must not know: SMTP, SQL, queues.
 */
import type { DirectorySource } from "../accounts/directory.ts"
import type { Clock } from "../base/clock.ts"
import { enhancedStatus } from "../mail/enhanced-status.ts"
import { replyCodeOf } from "../policy/reply-code.ts"
import type { AcceptanceStore, Committed, NewDelivery } from "../store/acceptance-store.ts"
import { decide, type Decision, type Refused } from "./decide.ts"
import type { AcceptReply, AcceptRequest, Intake } from "./intake.ts"
import type { SubmissionRates } from "./submission-rates.ts"
import { tracePrefix } from "./trace-prefix.ts"

export interface IntakeParts {
  readonly directory: DirectorySource
  readonly acceptances: AcceptanceStore
  /** Tells the outbox what was committed; must not throw. */
  readonly wake: (committed: Committed, deliveries: Woken) => void
  readonly rates: SubmissionRates
  readonly clock: Clock
  readonly config: IntakeConfig
  readonly mailLog: IntakeLog
}

/** Ids of the new deliveries, to mailboxes here and to other servers. */
export interface Woken {
  readonly local: readonly number[]
  readonly remote: readonly number[]
}

export interface IntakeConfig {
  readonly hostname: string
  /** How long a delivery may wait before it has failed. */
  readonly expiryMs: number
  readonly maxFinalRecipients?: number
}

export interface IntakeLog {
  accepted(event: { readonly sessionId: string; readonly envelopeId: number; readonly source: string; readonly deliveries: number; readonly bytes: number }): void
  refused(event: { readonly sessionId: string; readonly source: string; readonly ruleId: string; readonly status: string }): void
  membersSkipped(event: { readonly sessionId: string; readonly members: readonly string[] }): void
}

type Accepted = Extract<Decision, { readonly kind: "accepted" }>

/** Each try sees a newer directory; an import that commits five times within one acceptance does not occur. */
const maxTries = 5
/** Ten times the province. */
const defaultMaxFinalRecipients = 50_000

const storeDown: Refused = {
  kind: "defer", ruleId: "store.unavailable", status: enhancedStatus.storeUnavailable,
  reasonVi: "Hệ thống tạm thời chưa nhận được thư, hãy gửi lại sau", reasonEn: "The message cannot be stored now, try again later",
}

const rateExceeded: Refused = {
  kind: "defer", ruleId: "submission.rate", status: enhancedStatus.rateLimited,
  reasonVi: "Hộp thư này đã gửi quá nhiều thư trong một giờ", reasonEn: "This account has sent too many messages in an hour",
}

/** The store gives ids in the order of the deliveries. */
function split({ deliveryIds }: Committed, { final }: Accepted): Woken {
  const here = (_id: number, at: number): boolean => final[at]?.accountId !== null
  return { local: deliveryIds.filter(here), remote: deliveryIds.filter((id, at) => !here(id, at)) }
}

export function createIntake({ directory, acceptances, wake, rates, clock, config, mailLog }: IntakeParts): Intake {
  const maxFinalRecipients = config.maxFinalRecipients ?? defaultMaxFinalRecipients

  const refused = (request: AcceptRequest, verdict: Refused): AcceptReply => {
    mailLog.refused({ sessionId: request.session.sessionId, source: request.source, ruleId: verdict.ruleId, status: verdict.status })
    return { kind: "refused", code: replyCodeOf(verdict.status), status: verdict.status, text: `${verdict.reasonVi} / ${verdict.reasonEn}` }
  }

  const commit = (request: AcceptRequest, decision: Accepted, directoryVersion: number, acceptedAt: number) => {
    const { envelope, content, source } = request
    const session = decision.sentAs === null ? request.session : { ...request.session, accountId: decision.sentAs.id }
    const expiresAt = acceptedAt + config.expiryMs
    const deliveries: NewDelivery[] = decision.final.map((recipient) => ({ ...recipient, expiresAt }))
    const deliveredHere = deliveries.some(({ accountId }) => accountId !== null)
    return acceptances.commit({
      source, envelope, deliveries, content, directoryVersion, acceptedAt, session,
      tracePrefix: tracePrefix({ source, envelope, session, hostname: config.hostname, acceptedAt, deliveredHere }),
      ...(request.dsnFor && { dsnFor: request.dsnFor }),
      ...(request.heldNotice !== undefined && { heldNotice: request.heldNotice }),
      ...(request.warningFor && { warningFor: request.warningFor }),
    })
  }

  const accepted = (request: AcceptRequest, decision: Accepted, committed: Committed): AcceptReply => {
    wake(committed, split(committed, decision))
    const { sessionId } = request.session
    if (decision.skippedMembers.length > 0) mailLog.membersSkipped({ sessionId, members: decision.skippedMembers })
    mailLog.accepted({ sessionId, source: request.source, envelopeId: committed.envelopeId, deliveries: decision.final.length, bytes: request.content.size })
    return { kind: "accepted", committed, status: enhancedStatus.ok }
  }

  return {
    async accept(request) {
      let snapshot = directory.current()
      // After a commit the content is the store's; after a broken connection it may be, and only housekeeping can tell.
      let ours = true
      try {
        for (let attempt = 0; attempt < maxTries; attempt++) {
          const now = clock.now()
          const decision = decide(request, { directory: snapshot, now, maxFinalRecipients })
          if (decision.kind === "refused") return refused(request, decision.verdict)
          if (decision.sentAs && attempt === 0 && !(await rates.take(decision.sentAs.id))) return refused(request, rateExceeded)
          ours = false
          const committed = await commit(request, decision, snapshot.version, now)
          if (committed.ok) return accepted(request, decision, committed.value)
          ours = committed.failure.kind !== "unavailable"
          if (committed.failure.kind !== "inUse") return refused(request, storeDown)
          snapshot = await directory.refresh()
        }
        return refused(request, storeDown)
      } finally {
        if (ours) await request.content.discard()
      }
    },
  }
}
