import { signatureProblems } from "../../src/pki/signature-facts.ts"
import type { CompiledPolicy } from "../../src/policy/compile-policy.ts"
import { evaluatePolicy } from "../../src/policy/evaluate.ts"
import type { MessageFacts, PartyFacts } from "../../src/policy/facts.ts"
import type { SignatureFacts } from "../../src/pki/signature-facts.ts"
import { replyCodeOf } from "../../src/policy/reply-code.ts"
import type { PolicyVerdict } from "../../src/policy/verdict.ts"
import { messageFacts, office, person, signed, subject, unsigned } from "./facts.ts"

/**
 * Every combination of what the default policy asks, with its verdict: direction (which says whether another agency is among the
 * recipients), kind of sender, signature, each problem, mark of secrecy, before and after the day of personal accounts.
 * One line each; tests/policy/default-policy.ref is what was agreed, and a change of it is a change of what officials may send.
 */
const directions = ["internal", "submission", "outbound", "inbound"] as const
const foreign = (domain: string): PartyFacts => ({ address: `a@${domain}`, domain, local: false, kind: "foreign", units: [], groups: [] })

const senders: Readonly<Record<(typeof directions)[number], readonly (readonly [string, PartyFacts | null])[]>> = {
  internal: [["personal", person], ["organizational", office], ["nobody", null]],
  submission: [["personal", person], ["organizational", office], ["nobody", null]],
  outbound: [["personal", person], ["organizational", office], ["nobody", null]],
  // from outside somebody may also bring back mail of ours
  inbound: [["declared", foreign("vu.bo.example")], ["undeclared", foreign("xa.example")], ["personal", person], ["organizational", office], ["nobody", null]],
}

const signatures: readonly (readonly [string, SignatureFacts])[] = [
  ["missing", unsigned],
  ["valid", signed("valid")],
  ["encrypted", { ...unsigned, status: "encrypted", form: "encrypted" }],
  ["undecided revocationUnknown", signed("undecided", "revocationUnknown")],
  ["invalid", signed("invalid")],
  ...signatureProblems.map((problem) => [`invalid ${problem}`, signed("invalid", problem)] as const),
]

const marks = [["open", "Báo cáo quý III"], ["secret", "[TỐI MẬT] Báo cáo quý III"]] as const
const days = [["before", Date.parse("2027-12-31T16:59:59.999Z")], ["after", Date.parse("2027-12-31T17:00:00Z")]] as const

export function defaultTable(policy: CompiledPolicy): string {
  const rows: string[] = []
  for (const direction of directions) {
    for (const [kind, sender] of senders[direction]) {
      for (const [signatureName, signature] of signatures) {
        const verdicts = marks.flatMap(([, text]) => days.map(([, at]) => shown(evaluatePolicy(policy, factsOf({ direction, sender, signature, at, text })).verdict)))
        rows.push(...columns(verdicts).map(([when, verdict]) => `${direction.padEnd(10)} ${kind.padEnd(14)} ${signatureName.padEnd(32)} ${when.padEnd(16)} ${verdict}`))
      }
    }
  }
  return `${rows.join("\n")}\n`
}

interface Combination extends Pick<MessageFacts, "direction" | "sender" | "signature" | "at"> {
  readonly text: string
}

const factsOf = ({ text, ...change }: Combination): MessageFacts => {
  const { header } = subject(text)
  return messageFacts({ ...change, reversePath: change.sender?.address ?? "", header: { ...header, from: change.sender ? [change.sender.address] : ["mailer-daemon@xa.example"] } })
}

/** All four combinations of mark and day; those that agree share a line. */
function columns([openBefore = "", openAfter = "", secretBefore = "", secretAfter = ""]: readonly string[]): readonly (readonly [string, string])[] {
  const pair = (mark: string, before: string, after: string): readonly (readonly [string, string])[] => (before === after ? [[`${mark} any-day`, before]] : [[`${mark} before`, before], [`${mark} after`, after]])
  return [...pair("open", openBefore, openAfter), ...pair("secret", secretBefore, secretAfter)]
}

function shown(verdict: PolicyVerdict): string {
  const marked = verdict.marks.map(({ ruleId }) => ` +${ruleId}`).join("")
  switch (verdict.kind) {
    case "reject":
    case "defer":
      return `${verdict.kind} ${replyCodeOf(verdict.status)} ${verdict.status} ${verdict.ruleId}${marked}`
    case "quarantine":
      return `quarantine ${verdict.ruleId} notify=${verdict.notify.join(",")} release=${verdict.release}${marked}`
    case "hold":
      return `hold ${verdict.ruleId} approvers=${verdict.approvers.join(",")}${marked}`
    case "sign":
      return `sign ${verdict.ruleId} key=${verdict.key}${marked}`
    case "accept":
      return `accept ${verdict.ruleId}${marked}`
  }
}
