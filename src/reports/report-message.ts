/** A report as mail: words for people and the compressed report (RFC 8460 §5.3, RFC 9990, RFC 6522). Pure; seven-bit but for an address that needs UTF-8. */
import { formatDate } from "../mail/date-time.ts"
import { base64Lines, encodedWord, foldedField } from "../mail/written-field.ts"
import type { ReportLetter, Reporter } from "./report-maker.ts"

export interface ReportMessage {
  readonly letter: ReportLetter
  readonly body: Uint8Array
  readonly reporter: Pick<Reporter, "organization" | "from">
  readonly to: string
  /** Without angle brackets. */
  readonly messageId: string
  readonly now: number
  /** Separates the parts; occurs in neither. */
  readonly boundary: string
}

const isPrintable = (text: string): boolean => /^[ -~]*$/.test(text)

/** RFC 5322 §3.4: a display name, quoted where it is ASCII. */
const displayName = (name: string): string => (isPrintable(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : encodedWord(name.replace(/\p{Cc}/gu, " ")))

export function reportMessage({ letter, body, reporter, to, messageId, now, boundary }: ReportMessage): Buffer {
  const { subject, headers, text, reportType, attachment } = letter
  const multipart = reportType === undefined ? "multipart/mixed" : `multipart/report; report-type="${reportType}"`
  const lines = [
    `From: ${displayName(reporter.organization)} <${reporter.from}>\r\n`,
    `To: <${to}>\r\n`,
    foldedField(`Subject: ${subject}`),
    `Date: ${formatDate(now)}\r\n`,
    `Message-ID: <${messageId}>\r\n`,
    ...headers.map(([name, value]) => foldedField(`${name}: ${value}`)),
    // RFC 3834 §5: nobody's machine should answer
    "Auto-Submitted: auto-generated\r\n",
    "MIME-Version: 1.0\r\n",
    `Content-Type: ${multipart};\r\n boundary="${boundary}"\r\n`,
    `\r\n--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Lines(text)}`,
    `\r\n--${boundary}\r\nContent-Type: ${attachment.type}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n filename="${attachment.fileName}"\r\n\r\n${base64Lines(body)}`,
    `\r\n--${boundary}--\r\n`,
  ]
  return Buffer.from(lines.join(""))
}
