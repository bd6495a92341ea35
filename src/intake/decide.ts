/**
 * One message judged on one directory snapshot: may it be sent as whom it claims, does it go round in circles, whom does it reach.
 * Pure: the caller commits the decision only if the snapshot is still current.
 */
import { accountSentAs } from "../accounts/send-as.ts"
import type { Account, Directory, Group } from "../accounts/directory.ts"
import type { ForwardingRules } from "../accounts/forwarding.ts"
import { type EnhancedStatus, enhancedStatus } from "../mail/enhanced-status.ts"
import type { Srs } from "../mail/srs.ts"
import { messagePolicy } from "../policy/message-policy.ts"
import { recipientPolicy } from "../policy/recipient-policy.ts"
import { type Claim, submissionPolicy } from "../policy/submission-policy.ts"
import type { Verdict } from "../policy/verdict.ts"
import { countHops, passedHere } from "./hops.ts"
import { expandRecipients, type FinalRecipient, type Unserved } from "./expand-recipients.ts"
import type { AcceptRequest, Submitter } from "./intake.ts"

export interface DecideContext {
  readonly directory: Directory
  readonly now: number
  readonly maxFinalRecipients: number
  readonly srs?: Pick<Srs, "reverse">
  /** Absent: accounts pass no mail on. */
  readonly forwarding?: { readonly rules: ForwardingRules; readonly hostname: string }
}

export type Refused = Exclude<Verdict, { readonly kind: "accept" }>

export type Decision =
  | { readonly kind: "refused"; readonly verdict: Refused }
  | {
      readonly kind: "accepted"
      readonly final: readonly FinalRecipient[]
      readonly skippedMembers: readonly string[]
      /** Groups whose moderators approve it first. */
      readonly moderated: readonly Group[]
      /** The account a submitted message is sent as, by its envelope. */
      readonly sentAs: Account | null
      /** Every account that a submitted message speaks for: whom From: and Sender: show, then the envelope's; organizational ones before all others. */
      readonly speaksFor: readonly Account[]
    }

export function decide(request: AcceptRequest, context: DecideContext): Decision {
  const { directory, maxFinalRecipients } = context
  const message = messagePolicy({ hops: request.hops ?? countHops(request.content.structure.header) })
  if (message.kind !== "accept") return { kind: "refused", verdict: message }
  let sentAs: Account | null = null
  let speaksFor: readonly Account[] = []
  if (request.submitter) {
    const submission = judgeSubmitter(request.envelope.reversePath, request.submitter, context)
    if (submission.verdict.kind !== "accept") return { kind: "refused", verdict: submission.verdict }
    ;({ sentAs, speaksFor } = submission)
  }
  const sender = sentAs?.address ?? (request.session.accountId === null ? null : (directory.account(request.session.accountId)?.address ?? null))
  const expansion = expandRecipients({ directory, recipients: request.envelope.recipients, sender, mayRelay: request.source !== "mx", maxFinalRecipients, bounceTo: (address) => bounceTo(request, context, address), ...forwardingOf(request, context) })
  const firstUnserved = expansion.unserved[0]
  if (firstUnserved) return { kind: "refused", verdict: unservedVerdict(firstUnserved, expansion.final.length > 0) }
  return { kind: "accepted", final: expansion.final, skippedMembers: expansion.skippedMembers, moderated: expansion.moderated, sentAs, speaksFor }
}

/** What has been here twice goes round between two mailboxes that forward to each other: it stays where it is. */
const forwardingOf = ({ content, changesTold }: AcceptRequest, { forwarding, now }: DecideContext) =>
  forwarding && { forwarding: { ...forwarding.rules, now, copyStays: changesTold !== undefined, mayGoOn: () => passedHere(content.structure.header, forwarding.hostname) < 2 } }

/** Whom a notification about mail that was passed on is for; anything else that comes to such an address is for nobody. */
function bounceTo({ envelope }: AcceptRequest, { srs, now }: DecideContext, address: string): string | undefined {
  const reading = envelope.reversePath === "" ? srs?.reverse(address, now) : undefined
  return reading?.kind === "original" ? reading.address : undefined
}

interface JudgedSubmitter {
  readonly verdict: Verdict
  readonly sentAs: Account | null
  readonly speaksFor: readonly Account[]
}

function judgeSubmitter(reversePath: string, submitter: Submitter, { directory, now }: DecideContext): JudgedSubmitter {
  const account = (address: string): Account | undefined => accountSentAs(directory, { login: submitter.login, address, now })
  const claim = (address: string): Claim => ({ address, allowed: account(address) !== undefined })
  const verdict = submissionPolicy({
    reversePath: reversePath === "" ? null : claim(reversePath),
    headerFrom: submitter.headerFrom.map(claim),
    headerSender: submitter.headerSender.map(claim),
  })
  // a receipt has no reverse-path: then From: says as whom
  const envelope = reversePath === "" ? submitter.headerFrom[0] : reversePath
  return {
    verdict,
    sentAs: (envelope === undefined ? undefined : account(envelope)) ?? null,
    speaksFor: spokenFor([...submitter.headerFrom, ...submitter.headerSender, reversePath], account),
  }
}

/** Whoever may write for an office is bound by the office's rules when a reader is shown the office, whatever the envelope says: organizational accounts first. */
export function spokenFor(addresses: readonly string[], account: (address: string) => Account | undefined): readonly Account[] {
  const accounts = [...new Map(addresses.flatMap((address) => account(address) ?? []).map((one) => [one.id, one])).values()]
  return [...accounts.filter(({ kind }) => kind === "organizational"), ...accounts.filter(({ kind }) => kind !== "organizational")]
}

/**
 * Recipients were judged at RCPT; one that is gone at commit was lost to a change in between. One message has one reply here,
 * so others that are fine make it a "try again": the next RCPT tells the sender exactly which one is refused.
 */
function unservedVerdict({ reason }: Unserved, othersServed: boolean): Refused {
  const status: EnhancedStatus = reason === "tooLarge" || reason === "emptyGroup" ? enhancedStatus.groupExpansion : enhancedStatus.storeUnavailable
  if (reason === "tooLarge" || reason === "emptyGroup" || othersServed) {
    return {
      kind: "defer", ruleId: `recipient.${reason}`, status,
      reasonVi: "Danh sách người nhận vừa thay đổi hoặc nhóm không mở được, hãy gửi lại sau",
      reasonEn: "The recipients have just changed or a group cannot be expanded, try again later",
    }
  }
  const verdict = recipientPolicy({
    fromOutside: reason === "relay", overQuota: false, groupOpen: reason !== "closedGroup", suspended: reason === "suspended", kind: kindOf[reason],
  })
  if (verdict.kind === "accept") throw new Error(`recipient ${reason} was judged acceptable`)
  return verdict
}

const kindOf = { unknown: "unknown", relay: "foreign", suspended: "account", closedGroup: "group" } as const
