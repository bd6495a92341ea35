import type { SMTPServerOptions } from "smtp-server"
import type { DirectorySource } from "../accounts/directory.ts"
import type { Login } from "../accounts/login.ts"
import { accountSentAs } from "../accounts/send-as.ts"
import type { Clock } from "../base/clock.ts"
import type { SubmissionRates } from "../intake/submission-rates.ts"
import { outsideSenderPolicy } from "../policy/sender-policy.ts"
import { reversePathPolicy } from "../policy/submission-policy.ts"
import type { Verdict } from "../policy/verdict.ts"
import type { FreeSpace } from "../store/free-space.ts"
import { Refusal, type Reply, replies, verdictReply } from "./reply.ts"
import { loginOf } from "./session.ts"
import type { SmtpLog } from "./smtp-log.ts"

export interface MailFromParts {
  readonly role: "mx" | "submission"
  readonly directory: DirectorySource
  readonly freeSpace: FreeSpace
  readonly rates: SubmissionRates
  readonly clock: Clock
  readonly log: SmtpLog
}

/** MAIL: what can be refused before anything is sent. All answers come from memory. */
export const createOnMailFrom = (parts: MailFromParts): NonNullable<SMTPServerOptions["onMailFrom"]> => ({ address }, session, callback) => {
  const reply = parts.freeSpace.isLow() ? replies.diskNearlyFull : parts.role === "mx" ? judgeOutsider(parts, address) : judgeSubmitter(parts, address, loginOf(session))
  if (!reply) return callback(null)
  parts.log.addressRefused({ sessionId: session.id, clientAddress: session.remoteAddress, command: "MAIL", address, status: reply.status })
  callback(new Refusal(reply, session.envelope.smtpUtf8 === true))
}

const refusedBy = (verdict: Verdict): Reply | undefined => (verdict.kind === "accept" ? undefined : verdictReply(verdict))

const judgeOutsider = ({ directory }: MailFromParts, address: string): Reply | undefined =>
  refusedBy(outsideSenderPolicy({ nullReversePath: address === "", reversePath: address === "" ? "foreign" : directory.current().resolve(address).kind }))

const judgeSubmitter = ({ directory, rates, clock }: MailFromParts, address: string, login: Login | undefined): Reply | undefined => {
  // smtp-server asks for AUTH before it calls; this holds whatever its options say
  if (!login) return { code: 530, status: "5.7.0", text: "Authentication required" }
  const snapshot = directory.current()
  const own = snapshot.account(login.accountId)
  if (!own || own.suspended) return replies.accountSuspended
  const sentAs = address === "" ? undefined : accountSentAs(snapshot, { login, address, now: clock.now() })
  const refusal = refusedBy(reversePathPolicy(address === "" ? null : { address, allowed: sentAs !== undefined }))
  return refusal ?? (rates.isExhausted((sentAs ?? own).id) ? replies.rateExceeded : undefined)
}
