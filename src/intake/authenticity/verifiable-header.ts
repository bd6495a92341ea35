import { byteString, selectHeaderFields } from "../../mail/header.ts"

/**
 * A header as far as signatures of servers are verified in it. Verifying costs a pass over all fields for each name that a signature covers, and
 * a question and a public key operation for each signature: whoever sends more than any honest route adds has them unread. Pure.
 */
export interface VerifiableHeader {
  readonly bytes: Buffer
  /** Whether any signature or seal is left, so that the body must be read. */
  readonly isSigned: boolean
  /** What was left out unread. */
  readonly unread: { readonly dkim: boolean; readonly arc: boolean }
}

/** RFC 6376 §4.2 lets a verifier limit the number; mailing lists and forwarders add one or two each. */
export const maxDkimSignatures = 8
/** RFC 8617 §4.2.1 allows 50; no honest route has a dozen sealers. */
export const maxArcSets = 12
const maxHeaderBytes = 64 * 1024
/** mailauth puts folded lines together one by one: ten thousand in one field hold everybody up for a quarter of a second. */
const maxLines = 4_000
const maxSignatureBytes = 8 * 1024
/** Header fields × names that signatures cover. */
const maxComparisons = 200_000

const dkimField = "dkim-signature"
const arcFields = ["arc-seal", "arc-message-signature", "arc-authentication-results"]

export function verifiableHeader(header: Buffer): VerifiableHeader {
  const text = byteString(header)
  const fields = countFields(text)
  const isReadable = header.length <= maxHeaderBytes && (text.match(/\n/g)?.length ?? 0) <= maxLines
  const dkim = fieldsCalled(text, [dkimField])
  const arc = fieldsCalled(text, arcFields)
  const fits = (some: readonly string[], most: number): boolean =>
    some.length === 0 || (some.length <= most && isReadable && some.every((field) => field.length <= maxSignatureBytes) && some.reduce((sum, field) => sum + coveredNames(field), 0) * fields <= maxComparisons)
  const unread = { dkim: !fits(dkim, maxDkimSignatures), arc: !fits(arc, maxArcSets * arcFields.length) }
  const dropped = [...(unread.dkim ? [dkimField] : []), ...(unread.arc ? arcFields : [])]
  return {
    bytes: dropped.length > 0 ? selectHeaderFields(header, dropped, true) : header,
    isSigned: (dkim.length > 0 && !unread.dkim) || (arc.length > 0 && !unread.arc),
    unread,
  }
}

const countFields = (text: string): number => text.match(/^[^\s:]+[ \t]*:/gm)?.length ?? 0

/** Whole fields, folded lines included. */
function fieldsCalled(text: string, names: readonly string[]): readonly string[] {
  return text.match(new RegExp(`^(?:${names.join("|")})[ \\t]*:[^\\n]*(?:\\n[ \\t][^\\n]*)*`, "gim")) ?? []
}

/** The `h=` tag is what has most colons in a signature. */
const coveredNames = (field: string): number => field.split(":").length
