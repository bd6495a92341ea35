import { createHash } from "node:crypto"
import { decodeHeaderText } from "../mail/encoded-word.ts"
import { fieldValue, parseHeader } from "../mail/header.ts"
import type { ContentStore } from "../store/content-store.ts"
import type { OwedWarning, SenderWarningStore } from "../store/sender-warning-store.ts"
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
const headerStartBytes = 64 * 1024
const maxSubjectCharacters = 200

export function createSenderWarnings({ warnings, contents, notices, hostname, log }: SenderWarningParts): SenderWarnings {
  let underWay: Promise<number> | undefined

  const tell = async (warning: OwedWarning): Promise<boolean> => {
    const reply = await notices.send(senderWarningNotice(warning, { subject: await subjectOf(contents, warning.content), hostname }))
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

async function subjectOf(contents: Pick<ContentStore, "read">, content: Uint8Array): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of contents.read(content, { start: 0, end: headerStartBytes })) chunks.push(chunk)
  const raw = fieldValue(parseHeader(Buffer.concat(chunks)), "subject") ?? ""
  // oxlint-disable-next-line no-control-regex -- exactly the characters that would break a line of the notice
  return decodeHeaderText(raw.slice(0, maxSubjectCharacters * 8)).replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, " ").slice(0, maxSubjectCharacters)
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
