/** Whether a TXT record that is there does what ours would do; more than we ask for is fine. Pure. */
import { recordFits } from "../mail/dkim/key-record.ts"
import { readTags } from "../mail/dkim/tag-list.ts"
import type { DomainRecord } from "./domain-record.ts"

/** How texts of its kind begin. */
export function textStart({ kind }: DomainRecord): RegExp {
  switch (kind) {
    case "spf":
      return /^v=spf1(?: |$)/i
    case "dmarc":
    case "dmarcReports":
      return /^v\s*=\s*DMARC1\s*(?:;|$)/
    case "mtaSts":
      return /^v=STSv1\s*;/
    case "tlsRpt":
      return /^v=TLSRPTv1\s*;/
    default:
      return /^/
  }
}

export function textFits(record: DomainRecord, text: string): boolean {
  switch (record.kind) {
    case "spf":
      return spfFits(record.mechanisms, text)
    case "dkim":
      return recordFits(text, record.key)
    case "dmarc":
      return strength(readTags(text)?.get("p")) >= strength(record.policy)
    case "dmarcReports":
      return true
    case "mtaSts":
      return readTags(text)?.get("id") === record.id
    case "tlsRpt":
      return /^(?:mailto|https):./i.test(readTags(text)?.get("rua") ?? "")
    default:
      return false
  }
}

/** RFC 7489 §6.3 */
const policies = ["none", "quarantine", "reject"]
const strength = (policy: string | undefined): number => policies.indexOf(policy?.toLowerCase() ?? "")

/** Ours must be in it, and nobody else let in at the end: `?all` and `+all` say nothing. */
function spfFits(mechanisms: readonly string[], text: string): boolean {
  const terms = text.toLowerCase().split(" ").filter((term) => term !== "").map((term) => term.replace(/^\+/, ""))
  const last = terms.at(-1) ?? ""
  return mechanisms.every((mechanism) => terms.includes(mechanism.toLowerCase())) && (last === "-all" || last === "~all" || last.startsWith("redirect="))
}
