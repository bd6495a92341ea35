import type { Account } from "../accounts/directory.ts"
import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { MessageFacts } from "../policy/facts.ts"
import type { PolicyVerdict } from "../policy/verdict.ts"

export interface BeyondRules {
  readonly speaksFor: readonly Account[]
  /** What a scanner has not seen is not taken. */
  readonly mustBeScanned: boolean
}

/** What holds whatever the rules say: a header that could not be seen whole, a scanner that must answer, and a seal that would be on somebody else's words too. Pure. */
export function beyondRules(verdict: PolicyVerdict, { header, scan }: MessageFacts, { speaksFor, mustBeScanned }: BeyondRules): PolicyVerdict {
  const { ruleId, marks } = verdict
  if (header.cut && verdict.kind !== "reject") {
    return {
      kind: "reject", ruleId: "message.header", marks, status: enhancedStatus.badContent,
      reasonVi: "Tiêu đề thư quá dài hoặc lặp lại quá nhiều lần nên không kiểm tra được", reasonEn: "The subject or another header field is too long, or there too often, to be examined",
    }
  }
  if (mustBeScanned && scan && scan.unavailable.length > 0 && verdict.kind !== "reject" && verdict.kind !== "defer") {
    return {
      kind: "defer", ruleId: "scan.unavailable", marks, status: enhancedStatus.storeUnavailable,
      reasonVi: "Hiện chưa quét được thư này, hãy gửi lại sau", reasonEn: "The message cannot be scanned now, try again later",
    }
  }
  if (verdict.kind !== "sign" || speaksFor.length <= 1) return verdict
  return {
    kind: "reject", ruleId, marks, status: enhancedStatus.refusedByPolicy,
    reasonVi: "Máy chủ chỉ ký thay thư của một người gửi: From, Sender và địa chỉ gửi phải là của cùng một hộp thư",
    reasonEn: "This server signs for one sender only: From, Sender and the envelope sender must be of one account",
  }
}
