/**
 * The one door in: final recipients → facts → verdict → trace prefix → one commit → the outbox is woken → reply.
 * Invariants: nobody hears "accepted" before the commit; a decision is committed only on the directory it was taken on;
 * whatever is refused leaves no content behind. Must not know: SMTP, SQL, queues.
 */
import type { DirectorySource } from "../accounts/directory.ts"
import type { ForwardingRules } from "../accounts/forwarding.ts"
import type { Clock } from "../base/clock.ts"
import { ok, type Result } from "../base/result.ts"
import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { Failure } from "../mail/failure.ts"
import type { Srs } from "../mail/srs.ts"
import { replyCodeOf } from "../policy/reply-code.ts"
import type { AcceptanceStore, Committed, HeldReason, NewDelivery } from "../store/acceptance-store.ts"
import type { PreparedContent } from "../store/content-store.ts"
import type { NewDecision } from "../store/decision-store.ts"
import type { DmarcTally } from "./authenticity/dmarc-tally.ts"
import { decide, type Decision, type Refused } from "./decide.ts"
import type { AcceptReply, AcceptRequest, Intake } from "./intake.ts"
import type { Judged, Judging } from "./judging.ts"
import { heldBeside, moderation } from "./moderation.ts"
import type { OutboundWatch } from "./outbound-watch.ts"
import type { Signer } from "./sign-on-behalf.ts"
import type { SubmissionRates } from "./submission-rates.ts"
import { tracePrefix } from "./trace-prefix.ts"

export interface IntakeParts {
  readonly directory: DirectorySource
  readonly acceptances: AcceptanceStore
  /** Tells the outbox what was committed; must not throw. */
  readonly wake: (committed: Committed, deliveries: Woken) => void
  readonly rates: SubmissionRates
  /** Whom bounces of mail that was passed on are for; absent where nothing comes back. */
  readonly srs?: Pick<Srs, "reverse">
  readonly clock: Clock
  readonly config: IntakeConfig
  readonly mailLog: IntakeLog
  /** Where mail of others comes in. Absent where only the system itself writes. */
  readonly policy?: PolicyParts
  /** Whether reports are asked for at an address; absent where none come in. */
  readonly isReportAddress?: (address: string) => boolean
  /** Where accounts submit mail; absent: nobody watches how much. */
  readonly outbound?: OutboundWatch
}

export interface PolicyParts {
  readonly judging: Judging
  readonly signer: Signer
  /** The decision on a message that was refused; must not throw. */
  readonly recordRefused: (decision: NewDecision) => Promise<void>
  /** What was decided in the end; must not throw. */
  readonly tally?: Pick<DmarcTally, "count">
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
  /** Where accounts may pass their mail on to; absent: nowhere. */
  readonly forwarding?: ForwardingRules
}

export interface IntakeLog {
  accepted(event: { readonly sessionId: string; readonly envelopeId: number; readonly source: string; readonly deliveries: number; readonly bytes: number }): void
  refused(event: { readonly sessionId: string; readonly source: string; readonly ruleId: string; readonly status: string }): void
  membersSkipped(event: { readonly sessionId: string; readonly members: readonly string[] }): void
}

type Accepted = Extract<Decision, { readonly kind: "accepted" }>

/** RFC 9990 §3.5.2, RFC 8460 §5.3 */
const reportSubject = /^\s*Report Domain:/i
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

const signatureUnknown: Refused = {
  kind: "defer", ruleId: "signature.unavailable", status: enhancedStatus.storeUnavailable,
  reasonVi: "Hiện chưa kiểm tra được chữ ký số của thư, hãy gửi lại sau", reasonEn: "The signature cannot be verified now, try again later",
}

const notSigned = (kind: Failure["kind"]): Refused =>
  kind === "unavailable"
    ? { kind: "defer", ruleId: "signing.unavailable", status: enhancedStatus.storeUnavailable, reasonVi: "Hiện máy chủ chưa ký thay được, hãy gửi lại sau", reasonEn: "The message cannot be signed now, try again later" }
    : {
        kind: "reject", ruleId: `signing.${kind}`, status: enhancedStatus.refusedByPolicy,
        reasonVi: "Máy chủ không ký thay được thư này: khóa không dành cho người gửi, hoặc thư quá lớn hay sai định dạng",
        reasonEn: "This server cannot sign the message for you: its key is not for this sender, or the message is too large or malformed",
      }

/** The store gives ids in the order of the deliveries. */
function split({ deliveryIds, delivered }: Committed, { final }: Accepted): Woken {
  const here = (at: number): boolean => final[at]?.accountId !== null
  return { local: deliveryIds.filter((id, at) => here(at) && !delivered.has(id)), remote: deliveryIds.filter((_id, at) => !here(at)) }
}

/**
 * Whom a message from outside is really from: the authors, where DMARC passes or, without a record, SPF or DKIM is of their domain. Anybody
 * can write any reverse-path; it counts only from clients that need not prove themselves.
 */
function provenAuthors({ envelope }: AcceptRequest, judged: Judged | undefined): readonly string[] {
  const authenticity = judged?.facts.authenticity
  if (!authenticity) return [envelope.reversePath]
  const isProven = authenticity.aligned && (authenticity.dmarc.result === "pass" || authenticity.dmarc.result === "none")
  return isProven ? judged.facts.header.from : []
}

export function createIntake({ directory, acceptances, wake, rates, srs, clock, config, mailLog, policy, outbound, isReportAddress }: IntakeParts): Intake {
  const maxFinalRecipients = config.maxFinalRecipients ?? defaultMaxFinalRecipients

  /** Two servers that told each other of nothing but their reports would do so for ever. Forged ones are told of. */
  const isOthersReport = ({ envelope }: AcceptRequest, { facts }: Judged): boolean =>
    isReportAddress !== undefined && facts.authenticity?.dmarc.result === "pass" && reportSubject.test(facts.header.subject) && envelope.recipients.every(({ forwardPath }) => isReportAddress(forwardPath))

  const refused = (request: AcceptRequest, verdict: Refused): AcceptReply => {
    mailLog.refused({ sessionId: request.session.sessionId, source: request.source, ruleId: verdict.ruleId, status: verdict.status })
    return { kind: "refused", code: replyCodeOf(verdict.status), status: verdict.status, text: `${verdict.reasonVi} / ${verdict.reasonEn}` }
  }

  const commit = (request: AcceptRequest, decision: Accepted, { judged, held, directoryVersion, acceptedAt }: Ready) => {
    const { envelope, content, source } = request
    const session = decision.sentAs === null ? request.session : { ...request.session, accountId: decision.sentAs.id }
    const expiresAt = Math.min(acceptedAt + config.expiryMs, request.expiresAt ?? Infinity)
    const deliveries: NewDelivery[] = decision.final.map((recipient) => ({ ...recipient, expiresAt }))
    const deliveredHere = deliveries.some(({ accountId }) => accountId !== null)
    return acceptances.commit({
      source, envelope, deliveries, content, directoryVersion, acceptedAt, session,
      tracePrefix: tracePrefix({ source, envelope, session, hostname: config.hostname, acceptedAt, deliveredHere, results: judged?.results ?? [] }),
      ...(request.dsnFor && { dsnFor: request.dsnFor }),
      ...(request.heldNotice && { heldNotice: request.heldNotice }),
      ...(request.warningFor && { warningFor: request.warningFor }),
      ...(request.reportSent && { reportSent: request.reportSent }),
      ...(source === "mx" && isReportAddress && envelope.recipients.some(({ forwardPath }) => isReportAddress(forwardPath)) && { reportMail: true }),
      ...(request.senderWarned && { senderWarned: request.senderWarned }),
      ...(request.changesTold && { changesTold: request.changesTold }),
      ...(request.notified && { notified: request.notified }),
      ...(judged && { marks: judged.marks, decision: judged.decision, senderWarnings: judged.senderWarnings }),
      ...(held && { held }),
      ...(judged?.evidence && { evidence: judged.evidence }),
    })
  }

  const accepted = (request: AcceptRequest, decision: Accepted, { judged, held }: Ready, committed: Committed): AcceptReply => {
    if (outbound && request.source === "mx" && !held) {
      const hearers = decision.final.flatMap(({ accountId }) => accountId ?? [])
      for (const author of provenAuthors(request, judged)) outbound.heardFrom(author, hearers)
    }
    if (!held) wake(committed, split(committed, decision))
    const { sessionId, clientAddress } = request.session
    if (judged && !isOthersReport(request, judged)) policy?.tally?.count(judged, clientAddress)
    if (decision.skippedMembers.length > 0) mailLog.membersSkipped({ sessionId, members: decision.skippedMembers })
    mailLog.accepted({ sessionId, source: request.source, envelopeId: committed.envelopeId, deliveries: decision.final.length, bytes: request.content.size })
    return { kind: "accepted", committed, status: enhancedStatus.ok }
  }

  /** The content that will be stored: signed for its sender where the policy says so. */
  const contentFor = async ({ content }: AcceptRequest, judged: Judged | undefined): Promise<Result<PreparedContent, Failure>> =>
    policy && judged?.verdict.kind === "sign" ? policy.signer.sign(content, { key: judged.verdict.key, sender: judged.facts.sender?.address ?? "" }) : ok(content)

  /** Undefined: it need not wait for what its account has sent. Counted once, whose sign-in it was. */
  const watched = async ({ submitter }: AcceptRequest, { final }: Accepted, now: number): Promise<Result<HeldReason | undefined, Failure>> => {
    const account = submitter && directory.current().account(submitter.login.accountId)
    if (!outbound || !account) return ok(undefined)
    return outbound.watch({ account, recipients: final.flatMap(({ recipient, accountId, passedOn }) => (accountId === null && !passedOn ? [recipient] : [])), now })
  }

  return {
    async accept(request) {
      let volume: Awaited<ReturnType<typeof watched>> | undefined
      let snapshot = directory.current()
      let forwarding = config.forwarding
      const judging = policy?.judging.begin(request)
      // After a commit a content is the store's; after a broken connection it may be, and only housekeeping can tell.
      const ours = new Set([request.content])
      try {
        for (let attempt = 0; attempt < maxTries; attempt++) {
          const now = clock.now()
          const decision = decide(request, { directory: snapshot, now, maxFinalRecipients, ...(srs && { srs }), ...(forwarding && { forwarding: { rules: forwarding, hostname: config.hostname } }) })
          if (decision.kind === "refused") return refused(request, decision.verdict)
          // a notification was counted when its system asked for it
          if (decision.sentAs && attempt === 0 && request.source !== "notification" && !(await rates.take(decision.sentAs.id))) return refused(request, rateExceeded)
          const judgement = await judging?.judge(decision, snapshot, now)
          if (judgement?.ok === false) return refused(request, signatureUnknown)
          const judged = judgement?.value
          // who writes to a colleague does not write to where he passes his mail on to: what may not go there stays with him
          if (judged && forwarding && judged.verdict.kind !== "accept" && judged.verdict.kind !== "sign" && decision.final.some(({ passedOn }) => passedOn)) {
            forwarding = { ...forwarding, domains: [] }
            continue
          }
          if (judged && (judged.verdict.kind === "reject" || judged.verdict.kind === "defer")) {
            policy?.tally?.count(judged, request.session.clientAddress)
            await policy?.recordRefused(judged.decision)
            return refused(request, judged.verdict)
          }
          volume ??= await watched(request, decision, now)
          if (!volume.ok) return refused(request, storeDown)
          const content = await contentFor(request, judged)
          if (!content.ok) return refused(request, notSigned(content.failure.kind))
          const offered = { ...request, content: content.value }
          const ready: Ready = { judged, held: judged?.held ? heldBeside(judged.held, decision) : (volume.value ?? moderation(request, decision)), directoryVersion: snapshot.version, acceptedAt: now }
          ours.delete(content.value)
          const committed = await commit(offered, decision, ready)
          if (committed.ok) return accepted(offered, decision, ready, committed.value)
          if (committed.failure.kind !== "unavailable") ours.add(content.value)
          if (committed.failure.kind !== "inUse") return refused(request, storeDown)
          snapshot = await directory.refresh()
        }
        return refused(request, storeDown)
      } finally {
        for (const content of ours) await content.discard()
      }
    },
  }
}

/** What is committed beside the message, and the snapshot it was decided on. */
interface Ready {
  readonly judged: Judged | undefined
  /** Why it waits for a person. */
  readonly held: HeldReason | undefined
  readonly directoryVersion: number
  readonly acceptedAt: number
}
