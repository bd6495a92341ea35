/**
 * Which reverse-path mail from outside may carry. What SPF, DKIM and DMARC say about a domain is judged beside this, on the whole message.
 * Facts in, verdict out.
 */
import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { Verdict } from "./verdict.ts"

export interface OutsideSenderFacts {
  readonly nullReversePath: boolean
  /** What the directory says of the reverse-path; meaningless for the null one. */
  readonly reversePath: "account" | "group" | "unknown" | "foreign"
}

export function outsideSenderPolicy(facts: OutsideSenderFacts): Verdict {
  // RFC 5321 §4.5.5: notifications come with a null reverse-path and must be taken.
  if (facts.nullReversePath) return { kind: "accept", ruleId: "sender.null" }
  // A forwarder may bring our own sender back to us, but never one that we do not have: its DSN could go nowhere.
  if (facts.reversePath === "unknown") {
    return {
      kind: "reject", ruleId: "sender.unknown-local", status: enhancedStatus.refusedByPolicy,
      reasonVi: "Địa chỉ người gửi không tồn tại trong hệ thống này", reasonEn: "The sender address does not exist here",
    }
  }
  return { kind: "accept", ruleId: "sender.outside" }
}
