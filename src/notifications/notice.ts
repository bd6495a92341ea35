import MailComposer from "nodemailer/lib/mail-composer/index.js"
import type { Clock } from "../base/clock.ts"
import { randomId } from "../base/id.ts"
import type { AcceptReply, AcceptRequest, Intake } from "../intake/intake.ts"
import { needsSmtpUtf8 } from "../mail/address.ts"
import type { ContentStore } from "../store/content-store.ts"

/**
 * What the system writes to people by itself: plain text, Vietnamese first, through `intake.accept` like all mail. It answers nobody and
 * nobody's machine should answer it (RFC 3834 §2, §5): null reverse-path, `Auto-Submitted`. Must not know: what is told.
 */
export interface Notice {
  /** Addresses. */
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  /** The same for every try at the same notice, so that a second one can be recognised. */
  readonly messageId: string
  /** What the store marks as told in the transaction that accepts it. */
  readonly marks?: Pick<AcceptRequest, "heldNotice" | "warningFor" | "senderWarned" | "changesTold">
}

export interface NoticeSender {
  /** Undefined when the content could not be stored. */
  send(notice: Notice): Promise<AcceptReply | undefined>
}

/** RFC 5322 §3.4: nobody learns from a notice who else was written to. */
const undisclosed = "undisclosed-recipients:;"

const maxNoticeBytes = 1024 * 1024

export function createNoticeSender({ intake, contents, hostname, clock }: { readonly intake: Intake; readonly contents: ContentStore; readonly hostname: string; readonly clock: Clock }): NoticeSender {
  return {
    async send({ to, subject, text, messageId, marks }) {
      const composed = await new MailComposer({
        from: { name: "Công Thư", address: `postmaster@${hostname}` }, to: to.length === 1 ? [...to] : undisclosed, subject, text, messageId: `<${messageId}>`, date: new Date(clock.now()),
        headers: { "Auto-Submitted": "auto-generated" }, textEncoding: "base64", newline: "\r\n",
      }).compile().build()
      const writer = contents.begin(maxNoticeBytes)
      if (!(await writer.write(composed)).ok) return undefined
      const finished = await writer.finish()
      if (!finished.ok) return undefined
      return intake.accept({
        source: "notification",
        envelope: { reversePath: "", recipients: to.map((forwardPath) => ({ forwardPath, notify: ["never"] })), requireTls: false, smtpUtf8: to.some(needsSmtpUtf8) },
        content: finished.value,
        session: { sessionId: randomId(), clientAddress: "", helo: hostname, tls: null, accountId: null, principalId: null },
        ...marks,
      })
    },
  }
}
