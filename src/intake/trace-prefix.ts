/**
 * The header lines put before a content when it is read (RFC 5321 §4.4). They are kept apart from the content, whose bytes never change.
 * Pure. `Return-Path:` comes first and is there only when some delivery ends here: who relays the message on leaves that line out.
 */
import { needsSmtpUtf8 } from "../mail/address.ts"
import { formatDate } from "../mail/date-time.ts"
import type { Envelope } from "../mail/envelope.ts"
import { type AuthenticationResult, authenticationResults, received, returnPath } from "../mail/trace-header.ts"
import type { MessageSource, SessionFacts } from "../store/acceptance-store.ts"

export interface TraceFacts {
  readonly source: MessageSource
  readonly envelope: Envelope
  readonly session: SessionFacts
  readonly hostname: string
  readonly acceptedAt: number
  readonly deliveredHere: boolean
  /** What was found out about who wrote it; empty: nothing that needs saying. */
  readonly results: readonly AuthenticationResult[]
}

/** Only when there is one forward-path: several would show blind copies to each other (RFC 5321 §7.2). */
const onlyRecipient = ({ recipients, smtpUtf8 }: Envelope): { readonly recipient?: string } => {
  const only = recipients.length === 1 ? recipients[0]?.forwardPath : undefined
  return only !== undefined && (smtpUtf8 || !needsSmtpUtf8(only)) ? { recipient: only } : {}
}

const receivedField = ({ source, envelope, session, hostname, acceptedAt }: TraceFacts): string => {
  if (source !== "mx" && source !== "submission") {
    return `Received: by ${hostname} with local (${source})\r\n\tid ${session.sessionId}; ${formatDate(acceptedAt)}\r\n`
  }
  return received({
    helo: session.helo, clientAddress: session.clientAddress, host: hostname, extended: true, tls: session.tls, authenticated: source === "submission",
    smtpUtf8: envelope.smtpUtf8, id: session.sessionId, at: acceptedAt, ...onlyRecipient(envelope),
  })
}

export function tracePrefix(facts: TraceFacts): string {
  const { deliveredHere, envelope, results, hostname } = facts
  // RFC 8601 §4.1: above the Received: of the server that found it out
  return `${deliveredHere ? returnPath(envelope.reversePath) : ""}${results.length > 0 ? authenticationResults(hostname, results) : ""}${receivedField(facts)}`
}
