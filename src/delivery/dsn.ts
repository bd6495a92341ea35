/**
 * Builds a delivery status notification (RFC 3464) as multipart/report (RFC 6522): human words, machine fields, the message or
 * its header. Pure: bytes out, nothing read or sent. Parts are seven-bit unless UTF-8 addresses or the returned message demand
 * otherwise (RFC 6533).
 */
import { createHash } from "node:crypto"
import { formatDate } from "../mail/date-time.ts"
import { base64Lines, encodedWord, foldedField } from "../mail/written-field.ts"
import type { DsnKind, OwedDsn } from "../store/delivery-store.ts"
import { typedAddress } from "./dsn-parameters.ts"
import { dsnSubject, dsnText } from "./dsn-text.ts"
import { oneLine } from "./smtp-reply.ts"

export interface DsnRequest {
  /** Recipients of one envelope that share a kind; at least one. */
  readonly owed: readonly [OwedDsn, ...OwedDsn[]]
  readonly hostname: string
  readonly now: number
  /** What is returned of the message. */
  readonly returned: { readonly kind: "full" | "headers"; readonly bytes: Uint8Array }
  /** Separates the parts; must not occur in the returned bytes. */
  readonly boundary: string
}

export interface Dsn {
  readonly chunks: readonly Uint8Array[]
  /** It carries UTF-8 addresses or a UTF-8 header and needs SMTPUTF8. */
  readonly utf8: boolean
}

const isAscii = (text: string): boolean => /^[ -~]*$/.test(text)
const hasHighByte = (bytes: Uint8Array): boolean => bytes.some((byte) => byte > 0x7f)

/** The same for every try at the same DSN, so that a second one can be recognised. */
export const dsnMessageId = (owed: readonly OwedDsn[], hostname: string): string => {
  const identity = owed.map(({ deliveryId, kind }) => `${deliveryId}-${kind}`).sort().join(" ")
  return `dsn.${createHash("sha256").update(identity).digest("base64url").slice(0, 27)}@${hostname}`
}

export function buildDsn({ owed, hostname, now, returned, boundary }: DsnRequest): Dsn {
  const [first] = owed
  const addressesUtf8 = !isAscii(first.reversePath) || owed.some(({ recipient, originalRecipient }) => !isAscii(recipient) || !isAscii(originalRecipient))
  const eightBit = hasHighByte(returned.bytes)
  const headerUtf8 = eightBit && hasHighByte(headerOf(returned.bytes))
  const utf8 = addressesUtf8 || headerUtf8
  const part = (type: string, encoding: string): string => `\r\n--${boundary}\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`
  const words = dsnText({
    kind: first.kind,
    hostname,
    recipients: owed.map(({ originalRecipient, diagnostic, relayed, kind }) => ({ address: typedAddress(originalRecipient).address, relayed, diagnostic: kind === "success" ? "" : diagnostic })),
    retryUntil: formatDate(first.expiresAt),
  })
  const returnedType = returned.kind === "full" ? (utf8 ? "message/global" : "message/rfc822") : utf8 ? "message/global-headers" : "text/rfc822-headers"
  const head = [
    header({ owed, hostname, now, boundary, references: messageIdOf(returned.bytes) }),
    part("text/plain; charset=utf-8", "base64"),
    base64Lines(words),
    part(utf8 ? "message/global-delivery-status" : "message/delivery-status", utf8 ? "8bit" : "7bit"),
    statusFields({ owed, hostname, now, utf8 }),
    part(returnedType, eightBit ? "8bit" : "7bit"),
  ].join("")
  return { chunks: [Buffer.from(head), returned.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)], utf8 }
}

interface HeaderFacts {
  readonly owed: readonly [OwedDsn, ...OwedDsn[]]
  readonly hostname: string
  readonly now: number
  readonly boundary: string
  readonly references: string | undefined
}

/** RFC 3464 §2: From the mail system, To the reverse-path; RFC 3834 §5: not to be answered by machines. */
const header = ({ owed, hostname, now, boundary, references }: HeaderFacts): string =>
  [
    `From: Mail Delivery System <MAILER-DAEMON@${hostname}>`,
    `To: <${owed[0].reversePath}>`,
    `Subject: ${encodedWord(dsnSubject[owed[0].kind])}`,
    `Date: ${formatDate(now)}`,
    `Message-ID: <${dsnMessageId(owed, hostname)}>`,
    ...(references === undefined ? [] : [`In-Reply-To: ${references}`, `References: ${references}`]),
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    `Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="${boundary}"`,
    "",
    "",
  ].join("\r\n")

const action = ({ kind, relayed }: OwedDsn): string => ({ failure: "failed", delay: "delayed", success: relayed ? "relayed" : "delivered" })[kind satisfies DsnKind]

/** RFC 3464 §2.2, §2.3. Fields of the message, then those of each recipient. */
function statusFields({ owed, hostname, now, utf8 }: { readonly owed: readonly [OwedDsn, ...OwedDsn[]]; readonly hostname: string; readonly now: number; readonly utf8: boolean }): string {
  const [first] = owed
  const group = (fields: readonly (readonly [name: string, value: string] | undefined)[]): string => fields.map((field) => (field ? foldedField(`${field[0]}: ${safe(field[1], utf8)}`) : "")).join("")
  const message = group([first.envid === null ? undefined : ["Original-Envelope-Id", first.envid], ["Reporting-MTA", `dns; ${hostname}`], ["Arrival-Date", formatDate(first.acceptedAt)]])
  const recipients = owed.map((one) => {
    const original = typedAddress(one.originalRecipient)
    const final = typedAddress(one.recipient)
    const host = one.remoteMta.split(" ")[0] ?? ""
    return group([
      ["Original-Recipient", `${original.type}; ${original.address}`],
      ["Final-Recipient", `${final.type}; ${final.address}`],
      ["Action", action(one)],
      ["Status", one.status],
      host === "" ? undefined : ["Remote-MTA", `dns; ${host}`],
      one.diagnostic === "" ? undefined : ["Diagnostic-Code", `${/^[245]\d\d /.test(one.diagnostic) ? "smtp" : "x-local"}; ${one.diagnostic}`],
      ["Last-Attempt-Date", formatDate(one.kind === "delay" ? now : one.settledAt)],
      one.kind === "delay" ? ["Will-Retry-Until", formatDate(one.expiresAt)] : undefined,
    ])
  })
  return [message, ...recipients].join("\r\n")
}

/** A remote's words must neither end a field, nor leave ASCII where it is not allowed, nor be too long to fold (RFC 5322 §2.1.1). */
const safe = (value: string, utf8: boolean): string => {
  const words = oneLine(value).replace(/[^ ]{249}(?=[^ ])/gu, "$& ")
  return utf8 ? words.toWellFormed() : words.replace(/[^ -~]/gu, "?")
}

const headerOf = (bytes: Uint8Array): Buffer => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = buffer.indexOf("\r\n\r\n")
  return end === -1 ? buffer : buffer.subarray(0, end)
}

const messageIdOf = (bytes: Uint8Array): string | undefined => /^message-id:\s*(<[!-;=?-~]{3,250}>)/im.exec(headerOf(bytes).toString("latin1"))?.[1]
