/**
 * Warns holders and administrators before certificates end. Invariants: each mailbox is told once of each certificate and threshold,
 * whoever runs this and how often, because that it was told is recorded in the transaction that accepts the warning; what fails is due
 * again at the next run. Must not know: SMTP, SQL.
 */
import { createHash } from "node:crypto"
import type { DirectorySource } from "../accounts/directory.ts"
import type { NotifiedAdministrator } from "../accounts/notified-administrators.ts"
import type { Clock } from "../base/clock.ts"
import type { ExpiryStore } from "../store/expiry-store.ts"
import { type DueWarning, dueWarnings, warningHorizonMs } from "./expiry-due.ts"
import { expirySubject, expiryText } from "./expiry-text.ts"
import type { Notice, NoticeSender } from "./notice.ts"

export interface ExpiryWarnings {
  /** Sends what is due; resolves with how many notices were accepted. */
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
  readonly notices: NoticeSender
  readonly administrators: () => Promise<readonly NotifiedAdministrator[]>
  readonly hostname: string
  readonly clock: Clock
  readonly log: ExpiryLog
}

/** Certificates in one notice; some 500 bytes each. */
const maxInNotice = 200

export function createExpiryWarnings({ expiries, directory, notices, administrators, hostname, clock, log }: ExpiryParts): ExpiryWarnings {
  const send = async (recipient: string, warnings: readonly DueWarning[]): Promise<boolean> => {
    const reply = await notices.send(expiryNotice(recipient, warnings, hostname))
    if (reply?.kind === "accepted") log.warned({ envelopeId: reply.committed.envelopeId, certificates: warnings.length })
    else if (reply) log.warningRefused({ code: reply.code, status: reply.status, certificates: warnings.length })
    return reply?.kind === "accepted"
  }
  return {
    async send() {
      const now = clock.now()
      const { byRecipient, unreachable } = dueWarnings({ certificates: await expiries.ending(now, warningHorizonMs), directory: await directory.refresh(), administrators: await administrators(), now })
      for (const { fingerprint, days } of unreachable) log.nobodyToWarn({ fingerprint, days })
      let sent = 0
      for (const [recipient, warnings] of byRecipient)
        for (let at = 0; at < warnings.length; at += maxInNotice) if (await send(recipient, warnings.slice(at, at + maxInNotice))) sent++
      return sent
    },
  }
}

/** Pure. */
function expiryNotice(recipient: string, warnings: readonly DueWarning[], hostname: string): Notice {
  const identity = [recipient, ...warnings.map(({ fingerprint, days }) => `${fingerprint}-${days}`)].join(" ")
  return {
    to: [recipient],
    subject: expirySubject(warnings),
    text: expiryText(warnings, hostname),
    messageId: `expiry.${createHash("sha256").update(identity).digest("base64url").slice(0, 27)}@${hostname}`,
    marks: { warningFor: { recipient, warnings: warnings.map(({ fingerprint, days }) => ({ fingerprint, days })) } },
  }
}
