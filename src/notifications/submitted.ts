import { createHash } from "node:crypto"
import type { ApiTokenStore } from "../accounts/api-token.ts"
import type { DirectorySource } from "../accounts/directory.ts"
import type { Login } from "../accounts/login.ts"
import { type EnhancedStatus, enhancedStatus } from "../mail/enhanced-status.ts"
import type { HeaderField } from "../mail/header.ts"
import type { PreparedContent } from "../store/content-store.ts"
import type { Notifications, SendOutcome } from "./send.ts"
import { readControl } from "./smtp-control.ts"

/**
 * Notifications by plain SMTP submission: a registered system signs in with an app password and says in the message's header what it wants. Invariants:
 * nobody else's header steers anything, and who tries is told so; what is accepted here is durable. Must not know: SMTP's dialog.
 */
export interface SubmittedNotifications {
  /** Takes the content over, whatever becomes of it. */
  submit(message: SubmittedMessage): Promise<SubmittedReply>
}

export interface SubmittedMessage {
  readonly login: Login
  /** The fields for this server, which the content has no more. */
  readonly control: readonly HeaderField[]
  readonly content: PreparedContent
  readonly reversePath: string
  /** Whom the message says it is from: From: and Sender:. */
  readonly claimed: readonly string[]
  readonly recipients: readonly string[]
}

export type SubmittedReply = { readonly kind: "accepted"; readonly id: number } | { readonly kind: "refused"; readonly code: number; readonly status: EnhancedStatus; readonly text: string }

export interface SubmittedParts {
  readonly notifications: Pick<Notifications, "sendReady">
  readonly tokens: Pick<ApiTokenStore, "senderOf">
  readonly directory: DirectorySource
}

const refusal = (code: number, status: EnhancedStatus, text: string): SubmittedReply => ({ kind: "refused", code, status, text })

export const notEntitled = { code: 550, status: enhancedStatus.refusedByPolicy, text: "Trường X-CongThu-* chỉ dành cho hệ thống đã đăng ký / X-CongThu- fields are for registered systems, signed in with an app password" } as const

export function createSubmittedNotifications({ notifications, tokens, directory }: SubmittedParts): SubmittedNotifications {
  const ofAccount = (address: string, accountId: number): boolean => {
    const target = directory.current().resolve(address)
    return target.kind === "account" && target.account.id === accountId
  }
  return {
    async submit({ login, control, content, reversePath, claimed, recipients }) {
      const refuse = async (reply: SubmittedReply): Promise<SubmittedReply> => {
        await content.discard()
        return reply
      }
      const token = login.via === "appPassword" ? await tokens.senderOf(login.accountId) : undefined
      if (!token) return refuse({ kind: "refused", ...notEntitled })
      const asks = readControl(control)
      if (!asks.ok) return refuse(refusal(554, enhancedStatus.badContent, asks.failure))
      if (![reversePath, ...claimed].every((address) => ofAccount(address, login.accountId)))
        return refuse(refusal(550, enhancedStatus.refusedByPolicy, `Thông báo phải gửi từ ${login.address} / A notification must be from ${login.address}`))
      const outcome = await notifications.sendReady(
        { content, recipients, ...asks.value },
        { tokenId: token.id, accountId: login.accountId, principalId: login.principalId, webhook: token.webhook },
        { idempotencyKey: asks.value.idempotencyKey, requestSha256: fingerprint(recipients, asks.value.priority.name) },
      )
      return replyOf(outcome)
    },
  }
}

/** A mail library that tries again makes a new Date: and a new Message-ID: what it says of the content is the key. */
const fingerprint = (recipients: readonly string[], priority: string): Buffer => createHash("sha256").update(JSON.stringify([priority, recipients.toSorted()])).digest()

function replyOf(outcome: SendOutcome): SubmittedReply {
  switch (outcome.kind) {
    case "accepted":
      return { kind: "accepted", id: outcome.id }
    case "invalid":
      return refusal(554, enhancedStatus.badContent, outcome.problems.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ").slice(0, 300))
    case "mismatch":
      return refusal(554, enhancedStatus.badContent, "The idempotency key was used for other recipients or another priority")
    case "limited":
      return refusal(450, enhancedStatus.rateLimited, "Hệ thống này đã gửi quá nhiều thông báo trong một giờ / This system has sent too many notifications in an hour")
    case "notAllowed":
      return refusal(550, enhancedStatus.refusedByPolicy, "Hộp thư không được gửi thông báo / The account may not send")
    case "unavailable":
      return refusal(451, enhancedStatus.storeUnavailable, "The message cannot be stored now, try again later")
  }
}
