/**
 * Sends a report by mail, through `intake.accept` like all mail. Invariants: the transaction that accepts it marks it as sent, so that two processes never
 * send it twice; null reverse-path, for nobody is to be told what became of it but the administrator, who sees its delivery. Must not know: what is in it.
 */
import { createHash } from "node:crypto"
import type { Clock } from "../base/clock.ts"
import { randomId } from "../base/id.ts"
import { failed, ok, type Result } from "../base/result.ts"
import type { Intake } from "../intake/intake.ts"
import { needsSmtpUtf8 } from "../mail/address.ts"
import type { ContentStore } from "../store/content-store.ts"
import type { DueReport } from "../store/own-report-store.ts"
import type { ReportLetter, Reporter } from "./report-maker.ts"
import { reportMessage } from "./report-message.ts"

/** `permanent`: the same again would be in vain. */
export interface NotSent {
  readonly detail: string
  readonly permanent: boolean
}

export interface MailedReport {
  readonly report: DueReport
  readonly letter: ReportLetter
  readonly reporter: Reporter
}

export type SendByMail = (mailed: MailedReport) => Promise<Result<void, NotSent>>

const maxMessageBytes = 32 * 1024 * 1024

export function createSendByMail({ intake, contents, hostname, clock }: { readonly intake: Intake; readonly contents: Pick<ContentStore, "begin">; readonly hostname: string; readonly clock: Clock }): SendByMail {
  return async ({ report, letter, reporter }) => {
    const { kind, day, domain, uri, giveUpAt } = report
    const to = uri.slice("mailto:".length)
    const writer = contents.begin(maxMessageBytes)
    const messageId = `report.${createHash("sha256").update(`${kind} ${day} ${domain} ${uri}`).digest("base64url").slice(0, 27)}@${reporter.domain}`
    const written = await writer.write(reportMessage({ letter, body: report.body, reporter, to, messageId, now: clock.now(), boundary: `=_report_${randomId(144)}` }))
    if (!written.ok) return failed({ detail: written.failure.detail, permanent: false })
    const content = await writer.finish()
    if (!content.ok) return failed({ detail: content.failure.detail, permanent: false })
    const reply = await intake.accept({
      source: "report",
      envelope: { reversePath: "", recipients: [{ forwardPath: to, notify: ["never"] }], requireTls: false, smtpUtf8: needsSmtpUtf8(to) },
      content: content.value,
      session: { sessionId: randomId(), clientAddress: "", helo: hostname, tls: null, accountId: null, principalId: null },
      reportSent: { kind, day, domain, uri },
      expiresAt: giveUpAt,
    })
    return reply.kind === "accepted" ? ok(undefined) : failed({ detail: `${reply.code} ${reply.status} ${reply.text}`, permanent: reply.code >= 500 })
  }
}
