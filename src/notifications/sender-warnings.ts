import { createHash } from "node:crypto"
import type { ContentStore } from "../store/content-store.ts"
import type { OwedWarning, SenderWarningStore } from "../store/sender-warning-store.ts"
import { shownHeader } from "../store/shown-header.ts"
import type { Notice, NoticeSender } from "./notice.ts"
import { senderWarningSubject, senderWarningText } from "./sender-warning-text.ts"

/**
 * Tells senders what the policy had to say about a message that it took. Invariants: each account hears of each rule once a day, whoever runs this and
 * how often, because that it was told is recorded in the transaction that accepts the notice; what fails is found by the next sweep.
 */
export interface SenderWarnings {
  /** Resolves with how many notices were accepted; joins a round that is under way. */
  send(): Promise<number>
}

export interface SenderWarningLog {
  senderWarningFailed(event: { readonly forEnvelopeId: number; readonly ruleId: string; readonly error: unknown }): void
}

export interface SenderWarningParts {
  readonly warnings: SenderWarningStore
  readonly contents: Pick<ContentStore, "read">
  readonly notices: NoticeSender
  readonly hostname: string
  readonly log: SenderWarningLog
}

const limit = 100

export function createSenderWarnings({ warnings, contents, notices, hostname, log }: SenderWarningParts): SenderWarnings {
  let underWay: Promise<number> | undefined

  const tell = async (warning: OwedWarning): Promise<boolean> => {
    const reply = await notices.send(senderWarningNotice(warning, { subject: (await shownHeader(contents, warning.content)).subject, hostname }))
    // an account that takes no mail now is not told later: tomorrow's message says it again
    if (reply?.kind === "refused" && reply.code >= 500) await warnings.giveUpTelling(warning)
    return reply?.kind === "accepted"
  }

  const round = async (): Promise<number> => {
    let told = 0
    for (const warning of await warnings.untold(limit)) {
      try {
        if (await tell(warning)) told++
      } catch (error) {
        // one message whose content cannot be read must not keep the others from being told
        log.senderWarningFailed({ forEnvelopeId: warning.envelopeId, ruleId: warning.ruleId, error })
      }
    }
    return told
  }

  return {
    send() {
      underWay ??= round().finally(() => (underWay = undefined))
      return underWay
    },
  }
}

/** Pure. */
export function senderWarningNotice(warning: OwedWarning, about: { readonly subject: string; readonly hostname: string }): Notice {
  const { accountId, ruleId, day, address } = warning
  return {
    to: [address],
    subject: senderWarningSubject,
    text: senderWarningText(warning, about),
    messageId: `warned.${createHash("sha256").update(`${accountId} ${ruleId} ${day}`).digest("base64url").slice(0, 27)}@${about.hostname}`,
    marks: { senderWarned: { accountId, ruleId, day } },
  }
}
