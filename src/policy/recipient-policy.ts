/**
 * Who may receive: one forward-path, judged at RCPT and again when the message is committed.
 * Facts in, verdict out: no await, no log, no directory.
 */
import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { Verdict } from "./verdict.ts"

export interface RecipientFacts {
  /** Mail from outside may reach local recipients only; everything else was signed in or made here. */
  readonly fromOutside: boolean
  readonly kind: "account" | "group" | "unknown" | "foreign"
  readonly suspended: boolean
  readonly overQuota: boolean
  /** False when a group, or a group inside it, is closed to this sender. */
  readonly groupOpen: boolean
}

export function recipientPolicy(facts: RecipientFacts): Verdict {
  switch (facts.kind) {
    case "unknown":
      return {
        kind: "reject", ruleId: "recipient.unknown", status: enhancedStatus.unknownUser,
        reasonVi: "Địa chỉ người nhận không tồn tại", reasonEn: "No such recipient here",
      }
    case "foreign":
      // RFC 5321 §3.6.2: a server that is not a gateway for the world says so with 550.
      return facts.fromOutside
        ? {
            kind: "reject", ruleId: "recipient.relay", status: enhancedStatus.refusedByPolicy,
            reasonVi: "Máy chủ này không chuyển tiếp thư ra ngoài", reasonEn: "Relaying denied",
          }
        : { kind: "accept", ruleId: "recipient.foreign" }
    case "group":
      return facts.groupOpen
        ? { kind: "accept", ruleId: "recipient.group" }
        : {
            // RFC 3463 §3.8: X.7.2 is "mailing list expansion prohibited".
            kind: "reject", ruleId: "recipient.closed-group", status: enhancedStatus.groupSenderNotAllowed,
            reasonVi: "Bạn không được phép gửi tới nhóm này", reasonEn: "You may not send to this group",
          }
    case "account":
      if (facts.suspended) {
        return {
          kind: "reject", ruleId: "recipient.suspended", status: enhancedStatus.mailboxDisabled,
          reasonVi: "Hộp thư này đang tạm ngưng", reasonEn: "This mailbox is disabled",
        }
      }
      return facts.overQuota
        ? {
            kind: "defer", ruleId: "recipient.over-quota", status: enhancedStatus.mailboxFull,
            reasonVi: "Hộp thư người nhận đã đầy", reasonEn: "The recipient's mailbox is full",
          }
        : { kind: "accept", ruleId: "recipient.account" }
  }
}
