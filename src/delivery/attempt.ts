/**
 * One attempt for the recipients of one envelope at one destination: host after host until one of them has answered.
 * Invariants: every recipient gets exactly one outcome; a refusal by the peer is an outcome, never an exception; a TLS policy is
 * never relaxed. Must not know: queues, the store's rows, retry times.
 */
import { asciiDomain } from "../mail/address.ts"
import { isDestination } from "../mail/destination-pattern.ts"
import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { ContentStore } from "../store/content-store.ts"
import type { PausedHost } from "../store/delivery-store.ts"
import { type AttemptGroup, type AttemptReport, readingOf, same, shown, stopped, unreached } from "./attempt-report.ts"
import { handOver, type Tried, type Used } from "./hand-over.ts"
import { type MailHost, type Route, routeTo, routeToHost, type RoutingParts } from "./mx-lookup.ts"
import { openHost, type OpenHostParts } from "./open-host.ts"
import type { Places } from "./places.ts"
import { relayedContent, type RelayedContent } from "./relayed-content.ts"
import { type PooledSession, type SessionPool, sessionKey } from "./session-pool.ts"
import { takeTurn, type TurnParts } from "./take-turn.ts"
import type { TlsDestination, TlsPolicyFor } from "./tls-policy.ts"

export interface AttemptParts extends Omit<OpenHostParts, "hostname">, TurnParts {
  readonly routing: RoutingParts
  readonly tlsPolicyFor: TlsPolicyFor
  readonly contents: Pick<ContentStore, "read">
  /** "" or host:port that all remote mail goes through. */
  readonly smarthost: string
  /** Where MX hosts listen. */
  readonly port?: number
  /** Names that are looked up at once; absent: as many as there are. */
  readonly lookups?: Places
  /** Asked when the turn has come: whether the deliveries are still ours to try. */
  readonly mayBegin?: () => boolean
  /** The group with what is added to it on its way out, made when its turn has come. */
  readonly asItLeaves?: (group: AttemptGroup) => Promise<AttemptGroup>
  /** Absent: each message has a session of its own. */
  readonly sessions?: SessionPool
  /** Hosts that are not to be connected to now. */
  readonly pausedHosts?: readonly PausedHost[]
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
  const turn = await takeTurn({ key: hostsKey(route.hosts), names: [asciiDomain(group.domain) ?? group.domain, ...route.hosts.map(({ name }) => name.toLowerCase())] }, parts, signal)
  if (turn?.kind === "stopped" || mayNot()) {
    if (turn?.kind === "go") turn.leave("neutral", "")
    return stopped(group)
  }
  if (turn?.kind === "rest") return { ...unreached(group, { kind: "deferred", status: enhancedStatus.noAnswer, diagnostic: `left alone for a while, because it did not take mail: ${turn.why}` }), restUntil: turn.until }
  if (turn?.kind === "paced") return { ...unreached(group, { kind: "deferred", status: enhancedStatus.congestion, diagnostic: `waits its turn: at most ${turn.perMinute} messages a minute go to this destination` }), restUntil: turn.until, paced: true }
  const startedAt = parts.clock?.now()
  let report: AttemptReport | undefined
  try {
    report = await tryHosts({ group: (await parts.asItLeaves?.(group)) ?? group, route: { ...route, hosts }, port: hop?.port ?? parts.port ?? smtpPort, domain, parts, signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMs), ...(turn ? [turn.signal] : [])]) })
    return startedAt === undefined ? report : { ...report, startedAt }
  } finally {
    const [first] = report?.outcomes ?? []
    turn?.leave(report && !signal.aborted ? readingOf(report) : "neutral", first?.diagnostic ?? "")
  }
}

/** One destination however its hosts are ordered today. */
const hostsKey = (hosts: readonly MailHost[]): string => [...new Set(hosts.map(({ name }) => name))].toSorted().join(" ")

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

interface HostTry {
  readonly group: AttemptGroup
  readonly host: MailHost
  readonly port: number
  readonly destination: TlsDestination
  readonly content: RelayedContent
  readonly parts: AttemptParts
  readonly signal: AbortSignal
}

/** RFC 8460 §3: a report goes out whatever the peer's TLS is like, and is no subject of the next report, or two servers would report about each other's reports for ever. */
const uncounted: Pick<OpenHostParts, "tlsReporting"> = { tlsReporting: { record: () => undefined } }

async function tryHost(one: HostTry): Promise<Tried> {
  const { group, host, port, destination, parts, signal } = one
  const policy = await parts.tlsPolicyFor(destination, host, port)
  const key = sessionKey({ host, port, policy })
  const kept = parts.sessions?.take(key)
  const again = kept && (await useSession(one, key, kept))
  if (again && !again.stale) return again
  const { tlsDetails, ...opened } = await openHost({ host, port, policy, signal }, { ...parts, hostname: parts.routing.hostname, ...(group.deliveries[0].source === "report" && uncounted) })
  if (opened.kind === "failed") {
    const { status, diagnostic, stage } = opened.failure
    const remoteMta = stage === "connect" || stage === "policy" ? "" : shown(host)
    // RFC 8689 §4.2.1: without verified TLS such a message is returned, not kept for better times
    if (destination.requireTls && (stage === "tls" || (policy.kind === "unusable" && policy.lasting))) return { kind: "unfit", report: same(group, { remoteMta, tlsDetails, outcome: { kind: "failed", status: enhancedStatus.requireTlsFailed, diagnostic } }) }
    return { kind: "next", report: same(group, { remoteMta, tlsDetails, outcome: { kind: "deferred", status, diagnostic } }) }
  }
  return useSession(one, key, { session: opened.session, tlsDetails })
}

async function useSession(one: HostTry, key: string, pooled: PooledSession): Promise<Used> {
  const { sessions } = one.parts
  try {
    return await handOver(one, pooled)
  } finally {
    if (sessions && pooled.session.isOpen()) sessions.give(key, pooled)
    else pooled.session.end()
  }
}

function nextHop({ smarthost }: AttemptParts): { readonly name: string; readonly port: number } | undefined {
  if (smarthost === "") return undefined
  const match = /^(.*?)(?::(\d+))?$/.exec(smarthost)
  return { name: (match?.[1] ?? smarthost).replace(/^\[(.*)\]$/, "$1"), port: Number(match?.[2] ?? smtpPort) }
}
