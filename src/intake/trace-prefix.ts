/**
 * The header lines put before a content when it is read (RFC 5321 §4.4). They are kept apart from the content, whose bytes never change.
 * Pure. `Return-Path:` comes first and is there only when some delivery ends here: who relays the message on leaves that line out.
 */
import { needsSmtpUtf8 } from "../mail/address.ts"
import type { Envelope } from "../mail/envelope.ts"
import type { MessageSource, SessionFacts } from "../store/acceptance-store.ts"

export interface TraceFacts {
  readonly source: MessageSource
  readonly envelope: Envelope
  readonly session: SessionFacts
  readonly hostname: string
  readonly acceptedAt: number
  readonly deliveredHere: boolean
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const
const two = (value: number): string => String(value).padStart(2, "0")

/** RFC 5322 §3.3 date-time in UTC. */
export const dateTime = (ms: number): string => {
  const at = new Date(ms)
  return `${days[at.getUTCDay()]}, ${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`
}

/** The client's own name for itself is a claim: what is not a host name or a literal is not repeated. */
const heloShown = (helo: string): string => (/^[A-Za-z0-9._:[\]-]{1,255}$/.test(helo) ? helo : "unknown")

const addressLiteral = (address: string): string => (address.includes(":") ? `[IPv6:${address}]` : `[${address}]`)

/** RFC 3848 and RFC 6531 §4.3: how it came in. */
const withProtocol = ({ source, envelope, session }: TraceFacts): string =>
  `${envelope.smtpUtf8 ? "UTF8SMTP" : "ESMTP"}${session.tls === null ? "" : "S"}${source === "submission" ? "A" : ""}`

/** `for` only when there is one forward-path: several would show blind copies to each other (RFC 5321 §7.2). */
const forClause = (envelope: Envelope): string => {
  const only = envelope.recipients.length === 1 ? envelope.recipients[0]?.forwardPath : undefined
  return only !== undefined && (envelope.smtpUtf8 || !needsSmtpUtf8(only)) ? `\r\n\tfor <${only}>` : ""
}

const received = (facts: TraceFacts): string => {
  const { session, hostname, acceptedAt, envelope, source } = facts
  const overSmtp = source === "mx" || source === "submission"
  const from = overSmtp ? `from ${heloShown(session.helo)} (${addressLiteral(session.clientAddress)})\r\n\t` : ""
  const how = overSmtp ? `with ${withProtocol(facts)}` : `with local (${source})`
  const tls = session.tls === null ? "" : ` (${session.tls})`
  return `Received: ${from}by ${hostname} ${how}${tls}\r\n\tid ${session.sessionId}${forClause(envelope)};\r\n\t${dateTime(acceptedAt)}\r\n`
}

export const tracePrefix = (facts: TraceFacts): string =>
  `${facts.deliveredHere ? `Return-Path: <${facts.envelope.reversePath}>\r\n` : ""}${received(facts)}`
