/**
 * Warns holders and administrators before certificates end. Invariants: each mailbox is told once of each certificate and threshold,
 * whoever runs this and how often, because that it was told is recorded in the transaction that accepts the warning; what fails is due
 * again at the next run. Must not know: SMTP, SQL.
 */
import type { DirectorySource } from "../accounts/directory.ts"
import type { Clock } from "../base/clock.ts"
import { randomId } from "../base/id.ts"
import type { Intake } from "../intake/intake.ts"
import { needsSmtpUtf8 } from "../mail/address.ts"
import { writeLetter } from "../mail/letter.ts"
import type { ContentStore, PreparedContent } from "../store/content-store.ts"
import type { ExpiryStore } from "../store/expiry-store.ts"
import { type DueWarning, dueWarnings, warningHorizonMs } from "./expiry-due.ts"
import { expirySubject, expiryText } from "./expiry-text.ts"

export interface ExpiryWarnings {
  /** Sends what is due; resolves with how many letters were accepted. */
  send(): Promise<number>
}

export interface ExpiryLog {
  warned(event: { readonly envelopeId: number; readonly certificates: number }): void
  warningRefused(event: { readonly code: number; readonly status: string; readonly certificates: number }): void
  nobodyToWarn(event: { readonly fingerprint: string; readonly days: number }): void
}

export interface ExpiryParts {
  readonly expiries: ExpiryStore
  readonly directory: DirectorySource
  readonly contents: ContentStore
  readonly intake: Intake
  readonly administrators: readonly string[]
  readonly hostname: string
  readonly clock: Clock
  readonly log: ExpiryLog
}

/** Certificates in one letter; some 500 bytes each. */
const maxInLetter = 200
const maxLetterBytes = 1024 * 1024

export function createExpiryWarnings({ expiries, directory, contents, intake, administrators, hostname, clock, log }: ExpiryParts): ExpiryWarnings {
  const send = async (recipient: string, warnings: readonly DueWarning[]): Promise<boolean> => {
    const content = await prepare(recipient, warnings)
    if (content === undefined) return false
    const reply = await intake.accept({
      source: "notification",
      // RFC 3834 §3: nobody is to answer it, nor to be told when it cannot be delivered
      envelope: { reversePath: "", recipients: [{ forwardPath: recipient, notify: ["never"] }], requireTls: false, smtpUtf8: needsSmtpUtf8(recipient) },
      content,
      session: { sessionId: randomId(), clientAddress: "", helo: hostname, tls: null, accountId: null, principalId: null },
      warningFor: { recipient, warnings: warnings.map(({ fingerprint, days }) => ({ fingerprint, days })) },
    })
    if (reply.kind === "accepted") log.warned({ envelopeId: reply.committed.envelopeId, certificates: warnings.length })
    else log.warningRefused({ code: reply.code, status: reply.status, certificates: warnings.length })
    return reply.kind === "accepted"
  }

  const prepare = async (recipient: string, warnings: readonly DueWarning[]): Promise<PreparedContent | undefined> => {
    const writer = contents.begin(maxLetterBytes)
    const letter = writeLetter({
      from: { name: "Công Thư", address: `postmaster@${hostname}` },
      to: recipient,
      subject: expirySubject(warnings),
      text: expiryText(warnings, hostname),
      at: clock.now(),
      identity: ["expiry", recipient, ...warnings.map(({ fingerprint, days }) => `${fingerprint}-${days}`)].join(" "),
      hostname,
    })
    if (!(await writer.write(letter)).ok) return undefined
    const finished = await writer.finish()
    return finished.ok ? finished.value : undefined
  }

  return {
    async send() {
      const now = clock.now()
      const { byRecipient, unreachable } = dueWarnings({ certificates: await expiries.ending(now, warningHorizonMs), directory: await directory.refresh(), administrators, now })
      for (const { fingerprint, days } of unreachable) log.nobodyToWarn({ fingerprint, days })
      let sent = 0
      for (const [recipient, warnings] of byRecipient)
        for (let at = 0; at < warnings.length; at += maxInLetter) if (await send(recipient, warnings.slice(at, at + maxInLetter))) sent++
      return sent
    },
  }
}
