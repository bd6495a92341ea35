import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { Verdict } from "./verdict.ts"

export interface SuppressedRecipient {
  /** Messages that came back. */
  readonly bounces: number
  /** `2026-11-26`, in the province's civil time. */
  readonly lastDay: string
  /** An administrator wants it so. */
  readonly byAdministrator: boolean
}

/** A recipient that is known not to exist is refused where its writer still sees it: at submission. Pure. */
export const suppressionPolicy = ({ bounces, lastDay, byAdministrator }: SuppressedRecipient): Exclude<Verdict, { readonly kind: "accept" }> =>
  byAdministrator
    ? {
        kind: "reject", ruleId: "recipient.suppressed", status: enhancedStatus.refusedByPolicy,
        reasonVi: `Quản trị viên đã chặn gửi tới địa chỉ này từ ngày ${lastDay}; nếu cần gửi, hãy liên hệ quản trị viên`,
        reasonEn: `An administrator has stopped mail to this address on ${lastDay}; ask the administrator if you need it`,
      }
    : {
        kind: "reject", ruleId: "recipient.suppressed", status: enhancedStatus.unknownUser,
        reasonVi: `Địa chỉ này không tồn tại: máy chủ nơi nhận đã trả lại ${bounces} thư, lần cuối ngày ${lastDay}; hãy kiểm tra lại, hoặc nhờ quản trị viên gỡ chặn`,
        reasonEn: `This address does not exist: its server returned ${bounces} messages, the last on ${lastDay}; check it, or ask the administrator to allow it again`,
      }
