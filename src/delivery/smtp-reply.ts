import type { EnhancedStatus } from "../mail/enhanced-status.ts"

/** What a peer answered, as far as a delivery's outcome is concerned. */
export interface SmtpReply {
  readonly kind: "accepted" | "deferred" | "failed"
  readonly status: EnhancedStatus
  /** The reply on one line, shortened. */
  readonly diagnostic: string
}

const maxDiagnosticChars = 1_000

/** A peer's text on one line, without control characters: it ends in logs, in the console and in DSNs. */
export const oneLine = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, maxDiagnosticChars)

/** Continuation lines of one reply repeat its codes (RFC 5321 §4.2.1, RFC 2034 §4). */
const repeatedCodes = /\n\d{3}[- ](?:[245]\.\d{1,3}\.\d{1,3} )?/g

/** A reply as nodemailer gives it: lines joined by LF, codes still in each. A peer that says something else than 2yz or 5yz is asked again later. */
export function parseReply(response: string): SmtpReply {
  const code = /^(\d{3})/.exec(response)?.[1] ?? "451"
  const kind = code.startsWith("2") ? "accepted" : code.startsWith("5") ? "failed" : "deferred"
  const statusClass = kind === "accepted" ? 2 : kind === "failed" ? 5 : 4
  // RFC 3463 §2: the class of the status must agree with the reply, otherwise it is not believed
  const given = /^\d{3}[- ]([245])\.(\d{1,3})\.(\d{1,3})\b/.exec(response)
  const status: EnhancedStatus = given && Number(given[1]) === statusClass ? `${statusClass}.${Number(given[2])}.${Number(given[3])}` : `${statusClass}.0.0`
  return { kind, status, diagnostic: oneLine(response.replace(/^(\d{3})-/, "$1 ").replace(repeatedCodes, " ")) }
}

/** For people; an error that is none was the end of the connection. */
export const describeError = (error: Error | undefined): string => oneLine(error?.message ?? "the connection was closed")
