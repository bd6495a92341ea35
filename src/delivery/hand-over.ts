/**
 * One message handed over on a session that is open: whether the host offers what it needs, the transaction, and what became of each recipient.
 * Invariants: every recipient gets exactly one outcome; after the last byte was sent no other host is tried. Must not know: how the session came about.
 */
import { asciiDomain, needsSmtpUtf8, splitAddress } from "../mail/address.ts"
import { type EnhancedStatus, enhancedStatus } from "../mail/enhanced-status.ts"
import type { TlsDetails } from "../store/delivery-store.ts"
import { type AttemptGroup, type AttemptOutcome, type AttemptReport, same, shown } from "./attempt-report.ts"
import { mailParameters, rcptParameters } from "./dsn-parameters.ts"
import type { MailHost } from "./mx-lookup.ts"
import type { RelayedContent } from "./relayed-content.ts"
import type { PooledSession } from "./session-pool.ts"
import type { SmtpSession, TransactionResult } from "./smtp-client.ts"

export interface HandOver {
  readonly group: AttemptGroup
  readonly host: MailHost
  readonly content: RelayedContent
  readonly signal: AbortSignal
}

export type Tried =
  | { readonly kind: "decided"; readonly report: AttemptReport }
  /** The host could not be used now. */
  | { readonly kind: "next"; readonly report: AttemptReport }
  /** The host answers, but not with what the message demands. */
  | { readonly kind: "unfit"; readonly report: AttemptReport }

/** `stale`: nothing was handed over, and on a new session it may be otherwise. */
export type Used = Tried & { readonly stale: boolean }

export async function handOver(one: HandOver, { session, tlsDetails }: PooledSession): Promise<Used> {
  const { group, host, content } = one
  const unfit = await misfit(group, session, content)
  if (unfit) return { kind: "unfit", stale: false, report: { ...same(group, { remoteMta: shown(host), tlsDetails, outcome: unfit }), tls: session.tls } }
  return transact(one, session, tlsDetails)
}

/** What the message needs and this host does not offer, as an outcome. */
async function misfit({ deliveries }: AttemptGroup, session: SmtpSession, content: RelayedContent): Promise<AttemptOutcome | undefined> {
  const [first] = deliveries
  const failed = (status: EnhancedStatus, diagnostic: string): AttemptOutcome => ({ kind: "failed", status, diagnostic })
  if (first.requireTls && !session.offers("REQUIRETLS")) return failed(enhancedStatus.requireTlsFailed, "the next host does not offer REQUIRETLS")
  if (session.maxBytes !== undefined && content.bytes > session.maxBytes) return failed(enhancedStatus.messageTooBig, `the next host takes at most ${session.maxBytes} bytes`)
  if (!session.offers("SMTPUTF8") && (addressesNeedUtf8(deliveries) || (first.smtpUtf8 && (await content.hasUtf8Header())))) return failed(enhancedStatus.utf8AddressNotSupported, "the next host does not offer SMTPUTF8")
  // RFC 6152 §3; converting would break signatures. RFC 3463 §3.7 X.6.3: conversion required but not supported.
  if (!session.offers("8BITMIME") && (await content.hasEightBit())) return failed("5.6.3", "the next host does not offer 8BITMIME")
  return undefined
}

async function transact({ group, host, content, signal }: HandOver, session: SmtpSession, tlsDetails: TlsDetails): Promise<Used> {
  const { deliveries } = group
  const [first] = deliveries
  const passOn = session.offers("DSN")
  const byRecipient = new Map(deliveries.map((delivery) => [wireAddress(delivery.recipient), delivery]))
  const utf8 = session.offers("SMTPUTF8") && (first.smtpUtf8 || addressesNeedUtf8(deliveries))
  const result = await session.send({
    reversePath: wireAddress(first.reversePath),
    recipients: [...byRecipient.keys()],
    bytes: content.bytes,
    chunks: content.chunks,
    eightBit: true,
    requireTls: first.requireTls,
    // nodemailer asks for SMTPUTF8 by itself when an address shows that it is needed
    mailParameters: `${utf8 && !addressesNeedUtf8(deliveries) ? " SMTPUTF8" : ""}${passOn ? mailParameters(first) : ""}`,
    rcptParameters: (recipient) => {
      const delivery = byRecipient.get(recipient)
      return passOn && delivery ? rcptParameters(delivery) : ""
    },
  }, signal)
  const stale = isStale(result)
  const about = { remoteMta: shown(host), tls: session.tls, tlsDetails, dsnPassedOn: passOn }
  if (result.kind === "answered") {
    const replies = new Map([...byRecipient.keys()].map((recipient, index) => [recipient, result.replies[index]]))
    const outcomes = deliveries.map(({ recipient }): AttemptOutcome => {
      const reply = replies.get(wireAddress(recipient))
      if (!reply) return { kind: "deferred", status: enhancedStatus.connectionLost, diagnostic: "the next host gave no answer" }
      return { ...reply, kind: reply.kind === "accepted" ? "relayed" : reply.kind }
    })
    return { kind: "decided", stale, report: { ...about, outcomes } }
  }
  const outcome: AttemptOutcome =
    result.kind === "unreadable"
      ? { kind: "deferred", status: enhancedStatus.storeUnavailable, diagnostic: "the content could not be read" }
      : { kind: "deferred", status: enhancedStatus.connectionLost, diagnostic: result.diagnostic }
  const report = { ...about, outcomes: deliveries.map(() => outcome) }
  // once all was sent the message may have arrived: another host would be a second copy
  return { kind: result.kind === "lost" && !result.contentSent ? "next" : "decided", stale, report }
}

/** The peer has had enough of this connection, which it may at any time between two messages (RFC 5321 §3.8). */
const isStale = (result: TransactionResult): boolean =>
  result.kind === "lost" ? !result.contentSent : result.kind === "answered" && result.replies.every(({ diagnostic }) => diagnostic.startsWith("421"))

const addressesNeedUtf8 = (deliveries: AttemptGroup["deliveries"]): boolean => needsUtf8(deliveries[0].reversePath) || deliveries.some(({ recipient }) => needsUtf8(recipient))

const needsUtf8 = (address: string): boolean => address !== "" && needsSmtpUtf8(address)

/** RFC 6531 §3.2: A-labels go everywhere; an address whose local part needs SMTPUTF8 stays as it is. */
const wireAddress = (address: string): string => {
  const parts = splitAddress(address)
  return parts === undefined || needsSmtpUtf8(address) ? address : `${parts.localPart}@${asciiDomain(parts.domain) ?? parts.domain}`
}
