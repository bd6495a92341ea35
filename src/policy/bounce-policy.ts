/** Who may write to an address under which mail was passed on (see mail/srs.ts): notifications about it, and nobody else. Pure. */
import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { SrsReading } from "../mail/srs.ts"
import type { Verdict } from "./verdict.ts"

export interface BounceFacts {
  readonly reading: Exclude<SrsReading, { readonly kind: "other" }>
  readonly nullReversePath: boolean
}

export function bouncePolicy({ reading, nullReversePath }: BounceFacts): Verdict {
  if (reading.kind === "invalid") {
    return {
      kind: "reject", ruleId: `bounce.${reading.why}`, status: enhancedStatus.unknownUser,
      reasonVi: "Địa chỉ nhận báo lỗi này không đúng hoặc đã hết hạn", reasonEn: "This return address is not genuine or has expired",
    }
  }
  if (!nullReversePath) {
    return {
      kind: "reject", ruleId: "bounce.notNull", status: enhancedStatus.refusedByPolicy,
      reasonVi: "Địa chỉ này chỉ nhận thông báo về thư đã chuyển tiếp", reasonEn: "Only notifications about forwarded mail are taken here",
    }
  }
  return { kind: "accept", ruleId: "bounce.accepted" }
}
