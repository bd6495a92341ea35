/** Which header fields a signature covers, and what of them it is made of. Pure. */
import type { RawField } from "../header.ts"
import { relaxedField } from "./relaxed.ts"

/** RFC 6376 §8.15: named once more than they occur, so that a second one put in front breaks the signature instead of being shown. */
const oversigned = ["from", "to", "subject", "date", "message-id", "mime-version", "content-type"]
/** RFC 6376 §5.4.1: what else readers are shown or go by. */
const signedWhenPresent = ["cc", "reply-to", "sender", "in-reply-to", "references", "content-transfer-encoding", "auto-submitted", "list-unsubscribe", "list-unsubscribe-post", "resent-from", "resent-date", "resent-to", "resent-cc", "resent-message-id"]
/** RFC 8617 §4.1.2 and RFC 6376 §5.4: what later hops rightly rewrite is left out, signatures of the author's side are kept. */
const sealedToo = ["dkim-signature"]

/** The names for `h=`: each as often as it occurs, oversigned ones once more. */
export function namesToSign(fields: readonly RawField[], kind: "signature" | "seal" = "signature"): readonly string[] {
  const counts = new Map<string, number>()
  for (const { name } of fields) counts.set(name, (counts.get(name) ?? 0) + 1)
  const times = (name: string, more: number): string[] => Array.from({ length: (counts.get(name) ?? 0) + more }, () => name)
  return [...oversigned.flatMap((name) => times(name, 1)), ...[...signedWhenPresent, ...(kind === "seal" ? sealedToo : [])].flatMap((name) => times(name, 0))]
}

/** RFC 6376 §5.4.2: of several fields of one name the last comes first; a name without a field adds nothing. Ends in CRLF unless empty. */
export function canonicalFields(fields: readonly RawField[], names: readonly string[]): string {
  const left = new Map<string, RawField[]>()
  for (const field of fields) {
    const same = left.get(field.name)
    if (same) same.push(field)
    else left.set(field.name, [field])
  }
  return names.map((name) => left.get(name)?.pop()).map((field) => (field ? relaxedField(field.raw) : "")).join("")
}
