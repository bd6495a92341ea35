/**
 * As whom a signed-in person may send (RFC 6409 §6.1 "submission rights"): the reverse-path, and every address that
 * From: and Sender: claim. Facts in, verdict out.
 */
import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { Verdict } from "./verdict.ts"

export interface SubmissionFacts {
  /** Null: an empty reverse-path, as receipts have (RFC 8098 §3). */
  readonly reversePath: Claim | null
  readonly headerFrom: readonly Claim[]
  readonly headerSender: readonly Claim[]
}

export interface Claim {
  readonly address: string
  /** True when the login holds `owner` or `send-as` for the account behind the address. */
  readonly allowed: boolean
}

/** Addresses come from the client: what could break a reply line is not repeated. */
const shown = (address: string): string => {
  // oxlint-disable-next-line no-control-regex -- exactly the characters that must not reach a reply
  const clean = address.replace(/[\x00-\x1f\x7f-\x9f]/g, "")
  return clean.length > 80 ? `${clean.slice(0, 79)}…` : clean
}

const notYours = (ruleId: string, what: { readonly vi: string; readonly en: string }, address: string): Verdict => ({
  kind: "reject", ruleId, status: enhancedStatus.refusedByPolicy,
  reasonVi: `Bạn không được phép gửi thư với ${what.vi} <${shown(address)}>`,
  reasonEn: `You may not send with the ${what.en} <${shown(address)}>`,
})

/** Decides for the reverse-path alone, at MAIL. */
export function reversePathPolicy(reversePath: Claim | null): Verdict {
  return reversePath === null || reversePath.allowed
    ? { kind: "accept", ruleId: "submission.reverse-path" }
    : notYours("submission.reverse-path", { vi: "địa chỉ gửi", en: "envelope sender" }, reversePath.address)
}

/** Decides for the whole message. */
export function submissionPolicy(facts: SubmissionFacts): Verdict {
  const envelope = reversePathPolicy(facts.reversePath)
  if (envelope.kind !== "accept") return envelope
  const from = facts.headerFrom.find((claim) => !claim.allowed)
  if (from) return notYours("submission.from", { vi: "dòng From", en: "From address" }, from.address)
  const sender = facts.headerSender.find((claim) => !claim.allowed)
  if (sender) return notYours("submission.sender", { vi: "dòng Sender", en: "Sender address" }, sender.address)
  return { kind: "accept", ruleId: "submission" }
}
