import type { PolicyDecision } from "./evaluate.ts"
import type { RuleTrace } from "./explain.ts"

/** What somebody asks the policy in force about a message that he shows, and what there is to say. Must not know: who asks. */
export interface MessageQuestion {
  /** The whole message. */
  readonly bytes: Buffer
  readonly from: string
  readonly to: readonly string[]
  readonly outside: boolean
  /** Words as `assumedSignature` takes them; absent: the message's own. */
  readonly signature?: string
}

export interface Explanation {
  readonly rules: readonly RuleTrace[]
  readonly decision: PolicyDecision
}

export type NotExplained =
  | { readonly kind: "notMessage" }
  | { readonly kind: "noAccount" | "header" | "stranger"; readonly what: string }
  | { readonly kind: "recipient"; readonly what: string; readonly why: string }
  | { readonly kind: "unverified"; readonly why: string }

/** Why there is nothing to say, with `{what}` and `{why}` in it. */
export const notExplainedText = {
  notMessage: { vi: "Tệp không có dòng trống sau phần đầu: đây có phải là thư không?", en: "The file has no empty line after a header: is it a message?" },
  unverified: { vi: "Hiện chưa kiểm tra được chữ ký: {why}", en: "The signature cannot be verified now: {why}" },
  noAccount: { vi: "{what} không phải là hộp thư ở đây nên không thể đăng nhập để gửi.", en: "{what} is no account here that could sign in." },
  header: { vi: "Thư bị từ chối trước khi đến chính sách: {what}", en: "The message would be refused before the policy is asked: {what}" },
  stranger: { vi: "From hoặc Sender ghi {what}, không phải hộp thư ở đây: thư bị từ chối trước khi đến chính sách.", en: "From or Sender shows {what}, which is no account here: the message would be refused before the policy is asked." },
  recipient: { vi: "Người nhận {what} bị từ chối trước khi đến chính sách: {why}", en: "The recipient {what} would be refused before the policy is asked: {why}" },
} as const satisfies Readonly<Record<NotExplained["kind"], { readonly vi: string; readonly en: string }>>

/** The empty reverse-path is written as it is on the wire. */
export const notExplainedValues = (refused: NotExplained): { readonly what: string; readonly why: string } => ({ what: "what" in refused ? refused.what || "<>" : "", why: "why" in refused ? refused.why : "" })
