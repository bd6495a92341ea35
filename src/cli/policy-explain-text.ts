import { civilDate, minuteOfDay } from "../policy/civil-time.ts"
import type { PolicyDecision } from "../policy/evaluate.ts"
import type { ConditionTrace, RuleTrace } from "../policy/explain.ts"
import type { MessageFacts, PartyFacts } from "../policy/facts.ts"
import { replyCodeOf } from "../policy/reply-code.ts"

/** What `policy explain` prints. Pure. */
export function factsText(facts: MessageFacts): string {
  const { direction, sender, recipients, header, bytes, authentication, signature, tls, at, authenticity, scan } = facts
  const minute = minuteOfDay(at)
  return [
    ["direction", direction],
    ["sender", sender ? partyText(sender) : "none"],
    ["recipients", recipients.length === 0 ? "none" : recipients.slice(0, maxRecipients).map(partyText).join("\n            ") + (recipients.length > maxRecipients ? `\n            … (${recipients.length} sorts)` : "")],
    ["subject", header.subject],
    ["size", `${bytes} bytes`],
    ["signature", [signature.status, ...signature.problems].join(" ")],
    ...signature.signers.slice(0, maxSigners).map(({ holder, subject, serialNumber }) => ["signer", `${holder ? `${holder.name} (${holder.principalId})` : "not registered"}; certificate ${serialNumber}, ${subject}`] as const),
    ...(authenticity ? [["authentic", authenticityText(authenticity)] as const] : []),
    ...(scan ? [["scanned", scanText(scan)] as const] : []),
    ["signed in", authentication.how],
    ["TLS", tls === null ? "none" : [tls.version, tls.cipher].filter(Boolean).join(" ")],
    ["time", `${civilDate(at)} ${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")} (Asia/Ho_Chi_Minh)`],
  ].map(([name = "", value = ""]) => `${name.padEnd(10)}  ${printable(value)}`).join("\n")
}

const maxRecipients = 10
const maxSigners = 5

const partyText = ({ address, kind, units, groups }: PartyFacts): string =>
  [address, kind, units.length > 0 ? `unit ${units.join(" < ")}` : "", groups.length > 0 ? `groups ${groups.slice(0, 5).join(", ")}` : ""].filter(Boolean).join("; ")

const authenticityText = ({ spf, dkim, dmarc, arc, aligned }: NonNullable<MessageFacts["authenticity"]>): string =>
  [`spf ${spf.result}`, `dkim ${dkim.map(({ result, domain }) => `${result} ${domain}`.trim()).join(", ") || "none"}`, `dmarc ${dmarc.result}${dmarc.policy === null ? "" : ` (asks for ${dmarc.policy})`}`, `arc ${arc.result}${arc.vouched ? ", vouched for" : ""}`, aligned ? "aligned" : "not aligned"].join("; ")

const scanText = ({ virus, spam, unavailable }: NonNullable<MessageFacts["scan"]>): string =>
  [virus === null ? "no virus" : `virus ${virus}`, ...(spam ? [`spam ${spam.action} (${spam.score})`] : []), ...unavailable.map((name) => `${name} did not answer`)].join("; ")

const outcomes: Readonly<Record<RuleTrace["outcome"], string>> = {
  decides: "DECIDES", marks: "marks, and the next rule is asked", noMatch: "does not match", notInForce: "is not in force at this time", notReached: "would match, but is not reached",
}

export const ruleText = ({ ruleId, outcome, condition }: RuleTrace): string =>
  [`${ruleId}: ${outcomes[outcome]}`, ...(condition ? conditionLines(condition, 1) : ["    for every message"])].join("\n")

function conditionLines({ text, holds, found, parts }: ConditionTrace, depth: number): string[] {
  return [`${"    ".repeat(depth)}${holds ? "yes" : "no "}  ${text}${parts.length > 0 ? ":" : holds ? "" : ` (it has: ${printable(found)})`}`, ...parts.flatMap((part) => conditionLines(part, depth + 1))]
}

export function decisionText({ verdict }: PolicyDecision): string {
  const reasons = "reasonVi" in verdict ? [`  ${verdict.reasonVi}`, `  ${verdict.reasonEn}`] : []
  return [`Verdict: ${verdictText(verdict)}`, ...reasons, ...verdict.marks.flatMap((mark) => [`  mark ${mark.keyword ?? "without a keyword"} (${mark.ruleId})${mark.tellSender ? ", and the sender is told" : ""}`, `    ${mark.reasonVi}`, `    ${mark.reasonEn}`])].map(printable).join("\n")
}

function verdictText(verdict: PolicyDecision["verdict"]): string {
  switch (verdict.kind) {
    case "accept":
      return `accept (${verdict.ruleId})`
    case "sign":
      return `sign with the key ${verdict.key} and accept (${verdict.ruleId})`
    case "hold":
      return `hold for approval by ${verdict.approvers.join(", ")} (${verdict.ruleId})`
    case "quarantine":
      return `quarantine and notify ${verdict.notify.join(", ")}; released by ${verdict.release} (${verdict.ruleId})`
    case "reject":
    case "defer":
      return `${verdict.kind} ${replyCodeOf(verdict.status)} ${verdict.status} (${verdict.ruleId})`
  }
}

/** Subjects and addresses came from outside and go to a terminal; our own line breaks stay. */
// oxlint-disable-next-line no-control-regex -- exactly the characters that a terminal would obey
const printable = (text: string): string => text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, "")
