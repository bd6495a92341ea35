import type { SMTPServerOptions } from "smtp-server"
import type { Login } from "../accounts/login.ts"
import type { Clock } from "../base/clock.ts"
import { randomId } from "../base/id.ts"
import { ok, type Result } from "../base/result.ts"
import { countHops } from "../intake/hops.ts"
import type { AcceptReply, AcceptRequest, Intake } from "../intake/intake.ts"
import { claimsToBeOf } from "../mail/authserv-id.ts"
import { type HeaderField, parseHeader, selectHeaderFields, withoutHeaderFields } from "../mail/header.ts"
import { isControlField } from "../notifications/smtp-control.ts"
import { notEntitled, type SubmittedNotifications, type SubmittedReply } from "../notifications/submitted.ts"
import type { SessionFacts } from "../store/acceptance-store.ts"
import type { ContentStore } from "../store/content-store.ts"
import { envelopeOf } from "./envelope-of.ts"
import { type HeaderReading, receiveMessage, type ReceivedMessage } from "./receive-message.ts"
import { acceptedText, notificationText, Refusal, type Reply, replies } from "./reply.ts"
import { loginOf, type SmtpSession } from "./session.ts"
import type { SmtpLog } from "./smtp-log.ts"
import { fixHeader } from "./submission-fixups.ts"
import { type ClaimedAddresses, claimedAddresses } from "./submitted-header.ts"

export interface DataParts {
  readonly role: "mx" | "submission"
  readonly hostname: string
  readonly maxMessageBytes: number
  readonly intake: Intake
  readonly contentStore: ContentStore
  readonly clock: Clock
  readonly log: SmtpLog
  /** Absent: nobody's header steers anything. */
  readonly notifications?: SubmittedNotifications
}

/** What intake wants to know of the top-level header. */
interface HeaderFacts {
  readonly hops: number
  readonly claimed?: ClaimedAddresses
  /** Fields for this server, which were taken out; only of a submission. */
  readonly control?: readonly HeaderField[]
}

/** Room for the lines that a submission may need added. */
const fixupBytes = 1024

/** DATA: the message streams into the store, then intake decides; 250 only after its commit. */
export const createOnData = (parts: DataParts): NonNullable<SMTPServerOptions["onData"]> => {
  const { contentStore, log, maxMessageBytes } = parts
  return (stream, session: SmtpSession, callback) => {
    const onError = (error: unknown): void => log.failed({ sessionId: session.id, during: "DATA", error })
    const receive = async (): Promise<AcceptReply | SubmittedReply | Reply | undefined> => {
      const received = await receiveMessage<HeaderFacts>(stream, {
        writer: contentStore.begin(maxMessageBytes + fixupBytes),
        maxBytes: maxMessageBytes,
        readHeader: (header) => readHeader(parts, header),
        hangUp: (reply) => session.hangUp?.(reply),
        onError,
      })
      if (received?.ok) return received.value.header.control ? submitNotification(parts, session, received.value) : parts.intake.accept(acceptRequest(parts, session, received.value))
      if (received) log.dataRefused({ sessionId: session.id, clientAddress: session.remoteAddress, status: received.failure.status, bytes: stream.byteLength })
      return received?.failure
    }
    const answer = async (): Promise<void> => {
      const smtpUtf8 = session.envelope.smtpUtf8 === true
      const reply = await receive().catch((error: unknown) => {
        onError(error)
        return replies.internalError
      })
      // undefined: the client is gone, nobody waits
      if (reply === undefined) return
      if ("kind" in reply && reply.kind === "accepted") callback(null, "id" in reply ? notificationText(reply.id) : acceptedText(reply.committed.envelopeId))
      else callback(new Refusal(reply, smtpUtf8))
    }
    void answer()
  }
}

const acceptRequest = (parts: DataParts, session: SmtpSession, { content, header }: ReceivedMessage<HeaderFacts>): AcceptRequest => {
  const login = parts.role === "submission" ? loginOf(session) : undefined
  return {
    source: parts.role,
    envelope: envelopeOf(session.envelope),
    content,
    session: sessionFacts(session, login),
    hops: header.hops,
    ...(login && header.claimed ? { submitter: { login, ...header.claimed } } : {}),
  }
}

async function submitNotification({ notifications }: DataParts, session: SmtpSession, { content, header }: ReceivedMessage<HeaderFacts>): Promise<SubmittedReply> {
  const login = loginOf(session)
  if (!notifications || !login) {
    await content.discard()
    return { kind: "refused", ...notEntitled }
  }
  const { reversePath, recipients } = envelopeOf(session.envelope)
  const { headerFrom = [], headerSender = [] } = header.claimed ?? {}
  return notifications.submit({ login, control: header.control ?? [], content, reversePath, claimed: [...headerFrom, ...headerSender], recipients: recipients.map(({ forwardPath }) => forwardPath) })
}

const readHeader = ({ role, clock, hostname }: DataParts, header: Buffer): Result<HeaderReading<HeaderFacts>, Reply> => {
  const hops = countHops(header)
  // RFC 8601 §5: nobody but this server says what this server has verified
  const cleaned = withoutHeaderFields(header, "authentication-results", (value) => claimsToBeOf(hostname, value))
  if (role === "mx") return ok({ value: { hops }, ...(cleaned && { replacement: cleaned }) })
  const fields = parseHeader(header)
  const claimed = claimedAddresses(fields)
  if (!claimed.ok) return claimed
  const control = fields.filter(({ name }) => isControlField(name))
  const ours = control.length > 0 ? selectHeaderFields(cleaned ?? header, control.map(({ name }) => name), true) : cleaned
  const replacement = fixHeader({ header: ours ?? header, fields, now: clock.now(), newMessageId: () => `${randomId()}@${hostname}` }) ?? ours
  return ok({ value: { hops, claimed: claimed.value, ...(control.length > 0 && { control }) }, ...(replacement && { replacement }) })
}

const sessionFacts = (session: SmtpSession, login: Login | undefined): SessionFacts => ({
  sessionId: session.id,
  clientAddress: session.remoteAddress,
  helo: session.hostNameAppearsAs || "",
  tls: session.tlsSummary ?? null,
  accountId: login?.accountId ?? null,
  principalId: login?.principalId ?? null,
  ...(login?.certificate !== undefined && { clientCertificate: login.certificate }),
})
