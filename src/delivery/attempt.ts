/**
 * One attempt for the recipients of one envelope at one destination: host after host until one of them has answered.
 * Invariants: every recipient gets exactly one outcome; a refusal by the peer is an outcome, never an exception; a TLS policy is
 * never relaxed. Must not know: queues, the store's rows, retry times.
 */
import type { Clock } from "../base/clock.ts"
import { asciiDomain, needsSmtpUtf8, splitAddress } from "../mail/address.ts"
import { isDestination } from "../mail/destination-pattern.ts"
import { type EnhancedStatus, enhancedStatus } from "../mail/enhanced-status.ts"
import type { ContentStore } from "../store/content-store.ts"
import type { PausedHost, RemoteDelivery, TlsDetails } from "../store/delivery-store.ts"
import { bounceClass } from "./bounce-class.ts"
import type { Reading } from "./destination-state.ts"
import type { Destinations } from "./destinations.ts"
import { mailParameters, rcptParameters } from "./dsn-parameters.ts"
import { type MailHost, type Route, routeTo, routeToHost, type RoutingParts } from "./mx-lookup.ts"
import { relayedContent, type RelayedContent } from "./relayed-content.ts"
import { openHost, type OpenHostParts } from "./open-host.ts"
import type { Places } from "./places.ts"
import { type PooledSession, type SessionPool, sessionKey } from "./session-pool.ts"
import type { SmtpSession, TransactionResult } from "./smtp-client.ts"
import type { TlsDestination, TlsPolicyFor } from "./tls-policy.ts"

export interface AttemptParts extends Omit<OpenHostParts, "hostname"> {
  readonly routing: RoutingParts
  readonly tlsPolicyFor: TlsPolicyFor
  readonly contents: Pick<ContentStore, "read">
  /** "" or host:port that all remote mail goes through. */
  readonly smarthost: string
  /** Where MX hosts listen. */
  readonly port?: number
  /** Names that are looked up at once; absent: as many as there are. */
  readonly lookups?: Places
  /** Whose turn it is; absent: everybody's. */
  readonly destinations?: Destinations
  /** Asked when the turn has come: whether the deliveries are still ours to try. */
  readonly mayBegin?: () => boolean
  /** The group with what is added to it on its way out, made when its turn has come. */
  readonly asItLeaves?: (group: AttemptGroup) => Promise<AttemptGroup>
  /** Absent: each message has a session of its own. */
  readonly sessions?: SessionPool
  readonly clock?: Clock
  /** Hosts that are not to be connected to now. */
  readonly pausedHosts?: readonly PausedHost[]
}

/** Deliveries of one envelope whose recipients are at one domain; at least one. */
export interface AttemptGroup {
  readonly domain: string
  readonly deliveries: readonly [RemoteDelivery, ...RemoteDelivery[]]
}

export interface AttemptOutcome {
  readonly kind: "relayed" | "deferred" | "failed"
  readonly status: EnhancedStatus
  readonly diagnostic: string
}

export interface AttemptReport {
  /** Name and address of the host that decided, empty when none was reached. */
  readonly remoteMta: string
  readonly tls: string | null
  /** Null when no host was chosen. */
  readonly tlsDetails: TlsDetails | null
  /** In the order of the group. */
  readonly outcomes: readonly AttemptOutcome[]
  /** The peer took over the duty to report success (RFC 3461 §5.2.1). */
  readonly dsnPassedOn: boolean
  /** Nobody was asked: the destination is left alone until then (ms). */
  readonly restUntil?: number
  /** Nobody was asked: it is not to be begun any more. */
  readonly stopped?: true
  /** When its turn came (ms), where somebody looked at the clock. */
  readonly startedAt?: number
  /** Nobody was asked: all hosts are paused, this is one of the pauses. */
  readonly pauseId?: number
}

const smtpPort = 25
/** An attempt that takes longer is broken off. A large message over a slow line fits in. */
const attemptMs = 20 * 60_000

export async function attempt(group: AttemptGroup, parts: AttemptParts, signal: AbortSignal): Promise<AttemptReport> {
  const hop = nextHop(parts)
  const domain = hop?.name ?? asciiDomain(group.domain) ?? group.domain
  await parts.lookups?.take()
  const route = await (hop ? routeToHost(domain, parts.routing) : routeTo(domain, parts.routing)).finally(() => parts.lookups?.give())
  const mayNot = (): boolean => parts.mayBegin?.() === false
  if (route.kind !== "hosts") return mayNot() ? stopped(group) : unreached(group, route)
  const pauseOf = ({ name }: MailHost): PausedHost | undefined => parts.pausedHosts?.find(({ pattern }) => isDestination(pattern, name.toLowerCase()))
  const hosts = route.hosts.filter((host) => !pauseOf(host))
  const pauseId = hosts.length > 0 ? undefined : route.hosts.map(pauseOf).find(Boolean)?.id
  if (pauseId !== undefined) return mayNot() ? stopped(group) : { ...unreached(group, { kind: "deferred", status: enhancedStatus.systemUnavailable, diagnostic: "its mail hosts are paused by an administrator" }), pauseId }
  const turn = await parts.destinations?.enter(hostsKey(route.hosts), signal)
  if (turn?.kind === "stopped" || mayNot()) {
    if (turn?.kind === "go") turn.leave("neutral", "")
    return stopped(group)
  }
  if (turn?.kind === "rest") return { ...unreached(group, { kind: "deferred", status: enhancedStatus.noAnswer, diagnostic: `left alone for a while, because it did not take mail: ${turn.why}` }), restUntil: turn.until }
  const startedAt = parts.clock?.now()
  let report: AttemptReport | undefined
  try {
    report = await tryHosts({ group: (await parts.asItLeaves?.(group)) ?? group, route: { ...route, hosts }, port: hop?.port ?? parts.port ?? smtpPort, domain, parts, signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]) })
    return startedAt === undefined ? report : { ...report, startedAt }
  } finally {
    const [first] = report?.outcomes ?? []
    turn?.leave(report && !signal.aborted ? readingOf(report) : "neutral", first?.diagnostic ?? "")
  }
}

/** One destination however its hosts are ordered today. */
const hostsKey = (hosts: readonly MailHost[]): string => [...new Set(hosts.map(({ name }) => name))].toSorted().join(" ")

/** What an attempt tells of its destination. A refusal of one recipient or one message is an answer like any other; what was wrong with TLS is the policy's business. */
export function readingOf({ outcomes, remoteMta }: Pick<AttemptReport, "outcomes" | "remoteMta">): Reading {
  if (outcomes.some(({ kind }) => kind === "relayed") || (remoteMta !== "" && outcomes.some(({ kind }) => kind === "failed"))) return "well"
  const deferred = outcomes.filter(({ kind }) => kind === "deferred")
  if (deferred.length === 0 || deferred.length < outcomes.length) return "neutral"
  if (deferred.some(({ status }) => status === "4.4.1" || status === "4.4.2")) return "unreachable"
  return deferred.every((outcome) => bounceClass({ ...outcome, kind: "deferred" }) === "throttled") ? "throttled" : "neutral"
}

interface HostsTry {
  readonly group: AttemptGroup
  readonly route: Extract<Route, { readonly kind: "hosts" }>
  readonly port: number
  readonly domain: string
  readonly parts: AttemptParts
  readonly signal: AbortSignal
}

async function tryHosts({ group, route, port, domain, parts, signal }: HostsTry): Promise<AttemptReport> {
  const content = relayedContent(parts.contents, group.deliveries[0])
  const destination: TlsDestination = {
    domain,
    domainNames: route.domainNames,
    requireTls: group.deliveries[0].requireTls,
    tlsNotRequired: () => content.saysTlsNotRequired(),
  }
  let last: AttemptReport = unreached(group, { kind: "deferred", status: enhancedStatus.noAnswer, diagnostic: "no host was reached" })
  let policyFailure: AttemptReport | undefined
  let softFailure: AttemptReport | undefined
  for (const host of route.hosts) {
    if (signal.aborted) break
    const tried = await tryHost({ group, host, port, destination, content, parts, signal })
    if (tried.kind === "decided") return tried.report
    last = tried.report
    if (tried.kind === "unfit") policyFailure = tried.report
    // what was wrong with a host's TLS tells people more than that another one was not there
    else if (!softFailure?.tlsDetails?.fault) softFailure = tried.report
  }
  // A host that could not be reached may be the one that is fit: permanent only when every one of them was asked.
  return softFailure ?? policyFailure ?? last
}

type Tried =
  | { readonly kind: "decided"; readonly report: AttemptReport }
  /** The host could not be used now. */
  | { readonly kind: "next"; readonly report: AttemptReport }
  /** The host answers, but not with what the message demands. */
  | { readonly kind: "unfit"; readonly report: AttemptReport }

interface HostTry {
  readonly group: AttemptGroup
  readonly host: MailHost
  readonly port: number
  readonly destination: TlsDestination
  readonly content: RelayedContent
  readonly parts: AttemptParts
  readonly signal: AbortSignal
}

async function tryHost(one: HostTry): Promise<Tried> {
  const { group, host, port, destination, parts, signal } = one
  const policy = await parts.tlsPolicyFor(destination, host, port)
  const key = sessionKey({ host, port, policy })
  const kept = parts.sessions?.take(key)
  const again = kept && (await useSession(one, key, kept))
  if (again && !again.stale) return again
  const { tlsDetails, ...opened } = await openHost({ host, port, policy, signal }, { ...parts, hostname: parts.routing.hostname })
  if (opened.kind === "failed") {
    const { status, diagnostic, stage } = opened.failure
    const remoteMta = stage === "connect" || stage === "policy" ? "" : shown(host)
    // RFC 8689 §4.2.1: without verified TLS such a message is returned, not kept for better times
    if (stage === "tls" && destination.requireTls) return { kind: "unfit", report: same(group, { remoteMta, tlsDetails, outcome: { kind: "failed", status: enhancedStatus.requireTlsFailed, diagnostic } }) }
    return { kind: "next", report: same(group, { remoteMta, tlsDetails, outcome: { kind: "deferred", status, diagnostic } }) }
  }
  return useSession(one, key, { session: opened.session, tlsDetails })
}

/** `stale`: nothing was handed over, and on a new session it may be otherwise. */
type Used = Tried & { readonly stale: boolean }

async function useSession(one: HostTry, key: string, pooled: PooledSession): Promise<Used> {
  const { group, host, content, parts } = one
  const { session, tlsDetails } = pooled
  try {
    const unfit = await misfit(group, session, content)
    if (unfit) return { kind: "unfit", stale: false, report: { ...same(group, { remoteMta: shown(host), tlsDetails, outcome: unfit }), tls: session.tls } }
    return await transact(one, session, tlsDetails)
  } finally {
    if (parts.sessions && session.isOpen()) parts.sessions.give(key, pooled)
    else session.end()
  }
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

async function transact({ group, host, content, signal }: HostTry, session: SmtpSession, tlsDetails: TlsDetails): Promise<Used> {
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

const shown = ({ name, address }: MailHost): string => (name === address ? `[${address}]` : `${name} [${address}]`)

interface SameForAll {
  readonly remoteMta: string
  readonly tlsDetails: TlsDetails | null
  readonly outcome: AttemptOutcome
}

const same = (group: AttemptGroup, { remoteMta, tlsDetails, outcome }: SameForAll): AttemptReport => ({ remoteMta, tls: null, tlsDetails, dsnPassedOn: false, outcomes: group.deliveries.map(() => outcome) })

const stopped = (group: AttemptGroup): AttemptReport => ({ ...unreached(group, { kind: "deferred", status: enhancedStatus.noAnswer, diagnostic: "stopped" }), stopped: true })

const unreached = (group: AttemptGroup, outcome: AttemptOutcome): AttemptReport => same(group, { remoteMta: "", tlsDetails: null, outcome })

function nextHop({ smarthost }: AttemptParts): { readonly name: string; readonly port: number } | undefined {
  if (smarthost === "") return undefined
  const match = /^(.*?)(?::(\d+))?$/.exec(smarthost)
  return { name: (match?.[1] ?? smarthost).replace(/^\[(.*)\]$/, "$1"), port: Number(match?.[2] ?? smtpPort) }
}
