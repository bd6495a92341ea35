/**
 * What a submission server may mend (RFC 6409 §8): a missing Date: or Message-ID: is put before the header, Bcc: is taken out.
 * Nothing else changes, nothing below the top-level header is looked at, and a header that a DKIM signature may cover stays as it is.
 * Pure.
 */
import { formatDate } from "../mail/date-time.ts"
import { fieldValue, type HeaderField, selectHeaderFields } from "../mail/header.ts"

export interface FixupFacts {
  readonly header: Buffer
  readonly fields: readonly HeaderField[]
  readonly now: number
  readonly newMessageId: () => string
}

/** The header to store instead, or undefined when it is fine as it is. */
export function fixHeader({ header, fields, now, newMessageId }: FixupFacts): Buffer | undefined {
  // RFC 6376 §5.4 lets a signature cover a field's absence too, so even adding one could break it
  if (fieldValue(fields, "dkim-signature") !== undefined) return undefined
  const missing: string[] = []
  // RFC 6409 §8.2 and §8.3
  if (fieldValue(fields, "date") === undefined) missing.push(`Date: ${formatDate(now)}\r\n`)
  if (fieldValue(fields, "message-id") === undefined) missing.push(`Message-ID: <${newMessageId()}>\r\n`)
  // RFC 5322 §3.6.3: blind copies must not be shown to the others
  const hasBcc = fields.some(({ name }) => name === "bcc" || name === "resent-bcc")
  if (missing.length === 0 && !hasBcc) return undefined
  const kept = hasBcc ? selectHeaderFields(header, ["bcc", "resent-bcc"], true) : header
  return Buffer.concat([Buffer.from(missing.join("")), kept])
}
