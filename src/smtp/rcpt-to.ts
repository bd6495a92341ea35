import type { SMTPServerAddress, SMTPServerOptions, SMTPServerSession } from "smtp-server"
import type { Directory, DirectorySource, Resolution } from "../accounts/directory.ts"
import type { QuotaView } from "../accounts/quota.ts"
import { postmasterOf } from "../accounts/postmaster.ts"
import { accountSentAs } from "../accounts/send-as.ts"
import type { Clock } from "../base/clock.ts"
import { provinceDate } from "../accounts/province-date.ts"
import { foreignKey, groupIsOpen } from "../intake/expand-recipients.ts"
import type { Srs } from "../mail/srs.ts"
import { bouncePolicy } from "../policy/bounce-policy.ts"
import { recipientPolicy } from "../policy/recipient-policy.ts"
import { suppressionPolicy } from "../policy/suppression-policy.ts"
import type { Verdict } from "../policy/verdict.ts"
import type { SuppressionStore } from "../store/suppression-store.ts"
import { type Greylist, mayEnter } from "./greylist.ts"
import { Refusal, type Reply, replies, verdictReply } from "./reply.ts"
import { loginOf } from "./session.ts"
import type { SmtpLog } from "./smtp-log.ts"

export interface RcptToParts {
  readonly role: "mx" | "submission"
  readonly hostname: string
  readonly directory: DirectorySource
  readonly quota: QuotaView
  /** Absent: no mail is passed on in our name, so none comes back. */
  readonly srs?: Pick<Srs, "reverse">
  /** Absent: nobody is known not to exist. */
  readonly suppressions?: Pick<SuppressionStore, "inForce">
  readonly clock: Clock
  readonly log: SmtpLog
  readonly greylist?: Greylist
}

/** RCPT: who exists, who may be written to, whose mailbox has room. */
export const createOnRcptTo = (parts: RcptToParts): NonNullable<SMTPServerOptions["onRcptTo"]> => (address, session, callback) => {
  const directory = parts.directory.current()
  const smtpUtf8 = session.envelope.smtpUtf8 === true
  // RFC 5321 §4.5.1: postmaster without a domain is always ours
  if (!address.address.includes("@")) address.address = postmasterOf(directory, parts.hostname, address.address)
  const resolution = directory.resolve(address.address)
  const refuse = (reply: Reply): void => {
    parts.log.addressRefused({ sessionId: session.id, clientAddress: session.remoteAddress, command: "RCPT", address: address.address, status: reply.status })
    callback(new Refusal(reply, smtpUtf8))
  }
  const greet = async (greylist: Greylist): Promise<void> => {
    const { mailFrom } = session.envelope
    const entry = await mayEnter(greylist, { clientAddress: session.remoteAddress, reversePath: mailFrom === false ? "" : mailFrom.address, recipient: address.address }).catch((error: unknown) => {
      parts.log.failed({ sessionId: session.id, during: "RCPT", error })
      return undefined
    })
    if (entry === undefined) callback(new Refusal(replies.storeUnavailable, smtpUtf8))
    else if (entry) callback(null)
    else refuse(replies.greylisted)
  }
  const judged = (verdict: Verdict): void => {
    if (verdict.kind !== "accept") return refuse(verdictReply(verdict))
    if (parts.role === "mx" && parts.greylist) void greet(parts.greylist)
    else callback(null)
  }
  const bounce = parts.srs?.reverse(address.address, parts.clock.now())
  if (bounce && bounce.kind !== "other") return judged(bouncePolicy({ reading: bounce, nullReversePath: session.envelope.mailFrom === false || session.envelope.mailFrom.address === "" }))
  const answer = (overQuota: boolean): void =>
    judged(recipientPolicy({
      fromOutside: parts.role === "mx",
      kind: resolution.kind,
      suspended: resolution.kind === "account" && resolution.account.suspended,
      overQuota,
      groupOpen: resolution.kind !== "group" || groupIsOpen(directory, resolution.group, senderOf(parts, directory, session)),
    }))
  if (parts.role === "submission" && resolution.kind === "foreign" && parts.suppressions) {
    const { suppressions } = parts
    const suppressed = async (): Promise<{ readonly verdict: Verdict | undefined } | undefined> => {
      try {
        return { verdict: await suppression(suppressions, address.address) }
      } catch (error) {
        parts.log.failed({ sessionId: session.id, during: "RCPT", error })
        return undefined
      }
    }
    const answerForeign = async (): Promise<void> => {
      const found = await suppressed()
      if (found?.verdict) judged(found.verdict)
      else if (found) answer(false)
      else callback(new Refusal(replies.storeUnavailable, smtpUtf8))
    }
    return void answerForeign()
  }
  const overQuota = isOverQuota(parts.quota, resolution, session)
  if (typeof overQuota === "boolean") return answer(overQuota)
  const wait = async (): Promise<boolean | undefined> => {
    try {
      return await overQuota
    } catch (error) {
      parts.log.failed({ sessionId: session.id, during: "RCPT", error })
      return undefined
    }
  }
  const answerLater = async (): Promise<void> => {
    const isOver = await wait()
    if (isOver === undefined) callback(new Refusal(replies.storeUnavailable, smtpUtf8))
    else answer(isOver)
  }
  void answerLater()
}

/** Undefined: nothing is known against it. */
async function suppression(suppressions: Pick<SuppressionStore, "inForce">, address: string): Promise<Verdict | undefined> {
  const entry = await suppressions.inForce(foreignKey(address))
  return entry && suppressionPolicy({ bounces: entry.bounces, lastDay: provinceDate(entry.lastAt), byAdministrator: entry.by !== "" })
}

const isOverQuota = (quota: QuotaView, resolution: Resolution, session: SMTPServerSession): boolean | Promise<boolean> =>
  resolution.kind === "account" && !resolution.account.suspended && quota.isOver(resolution.account.id, declaredBytes(session.envelope.mailFrom))

/** SIZE of the MAIL command (RFC 1870 §6.1); without one a message is taken to have a byte, so that a full mailbox is full. */
const declaredBytes = (mailFrom: SMTPServerAddress | false): number => {
  const size = mailFrom !== false && mailFrom.args !== false ? mailFrom.args["SIZE"] : undefined
  return typeof size === "string" ? Math.max(1, Number(size)) : 1
}

/** The account a submitted message is sent as; nobody for mail from outside. */
const senderOf = ({ role, clock }: RcptToParts, directory: Directory, session: SMTPServerSession): string | null => {
  const login = role === "submission" ? loginOf(session) : undefined
  if (!login) return null
  const { envelope } = session
  const reversePath = envelope.mailFrom === false ? "" : envelope.mailFrom.address
  const account = reversePath === "" ? directory.account(login.accountId) : accountSentAs(directory, { login, address: reversePath, now: clock.now() })
  return account?.address ?? null
}
