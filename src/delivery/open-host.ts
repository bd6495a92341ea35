/**
 * A session with one host, protected as the policy for it says, or the reason why there is none. Invariants: a policy that asks for TLS is
 * never relaxed; nothing of a message is sent before the peer has proven what it must; every try is counted for the domain's reports.
 * Must not know: messages, outcomes, other hosts.
 */
import { isIP } from "node:net"
import type { ConnectionOptions } from "node:tls"
import type { TlsDetails } from "../store/delivery-store.ts"
import type { MailHost } from "./mx-lookup.ts"
import { checkPeer, type PeerCheck } from "./peer-check.ts"
import { type HostFailure, openSmtpSession, type SmtpSession } from "./smtp-client.ts"
import { type TlsFault, tlsFault } from "./tls-fault.ts"
import type { TlsPeer } from "./tls-peer.ts"
import type { TlsPolicy } from "./tls-policy.ts"
import type { TlsReporting } from "./tls-reporting.ts"

export interface OpenHostParts {
  /** Our name in EHLO. */
  readonly hostname: string
  readonly connectTimeoutMs: number
  readonly commandTimeoutMs: number
  /** Certificates (PEM) that are trusted instead of the system's, where the policy names none. */
  readonly authorities?: readonly string[]
  /** Absent: nothing is counted. */
  readonly tlsReporting?: TlsReporting
}

export interface HostRequest {
  readonly host: MailHost
  readonly port: number
  readonly policy: TlsPolicy
  readonly signal: AbortSignal
}

export type OpenedHost =
  | { readonly kind: "open"; readonly session: SmtpSession; readonly tlsDetails: TlsDetails }
  | { readonly kind: "failed"; readonly failure: HostFailure; readonly tlsDetails: TlsDetails }

type Tried = Awaited<ReturnType<typeof openSmtpSession>>

export async function openHost(request: HostRequest, parts: OpenHostParts): Promise<OpenedHost> {
  const { host, policy } = request
  if (policy.kind === "unusable") {
    count(request, { fault: policy.fault, sendingIp: "" }, parts)
    const failure: HostFailure = { stage: "policy", status: policy.fault.type === "dnssec-invalid" ? "4.4.3" : "4.7.5", diagnostic: told(host, policy, policy.fault), fault: policy.fault }
    return { kind: "failed", failure, tlsDetails: detailsOf(policy, failure) }
  }
  const first = await tryOpen(request, parts, policy.kind === "opportunistic" ? "ifOffered" : "always")
  // RFC 7435: encryption that cannot be had does not stop mail that nobody asked it for
  const clear = first.kind === "failed" && first.failure.stage === "tls" && policy.kind === "opportunistic"
  const opened = clear ? await tryOpen(request, parts, "never") : first
  const seen = seenFault(policy, first)
  if (seen) count(request, seen, parts)
  if (opened.kind === "open") {
    const details = detailsOf(policy, opened.session, clear ? first.failure.fault : undefined)
    return { kind: "open", session: opened.session, tlsDetails: watchedBy(policy) && seen?.fault ? { ...details, testFault: plain(seen.fault) } : details }
  }
  const { failure } = opened
  return {
    kind: "failed",
    failure: failure.stage === "tls" && failure.fault ? { ...failure, diagnostic: told(host, policy, failure.fault) } : failure,
    tlsDetails: detailsOf(policy, failure),
  }
}

const tryOpen = ({ host, port, policy, signal }: HostRequest, parts: OpenHostParts, starttls: "never" | "ifOffered" | "always"): Promise<Tried> =>
  openSmtpSession({
    peer: { name: host.name, address: host.address, port },
    hostname: parts.hostname,
    connectTimeoutMs: parts.connectTimeoutMs,
    commandTimeoutMs: parts.commandTimeoutMs,
    starttls,
    tls: handshakeOptions(policy, parts.authorities),
    ...(policy.kind === "verified" && { check: (peer: TlsPeer) => checkPeer(policy.check, peer) }),
    signal,
  })

/** Options of the handshake. Nothing is refused by Node itself: `checkPeer` decides, and says why. */
function handshakeOptions(policy: TlsPolicy, authorities?: readonly string[]): ConnectionOptions {
  const context = policy.kind === "verified" && policy.check.kind === "pkix" ? policy.check.context : undefined
  return {
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(policy.kind === "verified" && isIP(policy.serverName) === 0 && { servername: policy.serverName }),
    ...(context ? { secureContext: context } : { minVersion: "TLSv1.2", ...(authorities && { ca: [...authorities] }) }),
  }
}

/** One English sentence: what was wrong, and who will not have it. */
const told = (host: MailHost, { reason }: TlsPolicy, { detail }: TlsFault): string => `${host.name} ${detail}; ${reason}`

interface Seen {
  readonly peer?: TlsPeer | undefined
  readonly verified?: TlsDetails["verified"] | undefined
  readonly fault?: TlsFault | undefined
}

const detailsOf = ({ kind, reason }: TlsPolicy, { peer, verified, fault: own }: Seen, fault = own): TlsDetails => ({
  policy: kind,
  reason,
  version: peer?.version ?? null,
  cipher: peer?.cipher ?? null,
  verified: verified ?? "no",
  subject: peer?.subject ?? "",
  fingerprint: peer?.fingerprint ?? "",
  fault: fault ? plain(fault) : null,
})

/** What a peer's certificate says may be no text that JSON can hold. */
const plain = ({ type, detail }: TlsFault): TlsFault => ({ type, detail: detail.toWellFormed() })

/** A session as reports count it. */
interface SeenSession {
  readonly fault: TlsFault | undefined
  /** Of our side; empty when there was no connection. */
  readonly sendingIp: string
}

/** What was wrong with its TLS in the eyes of the domain's own policy: of one that is only tested, what it would have refused. Hosts that could not be reached say nothing about it. */
function seenFault(policy: TlsPolicy, tried: Tried): SeenSession | undefined {
  if (tried.kind === "failed") {
    const { stage, fault, diagnostic, localAddress: sendingIp = "" } = tried.failure
    return stage === "tls" ? { fault: fault ?? tlsFault("validation-failure", diagnostic), sendingIp } : undefined
  }
  const { peer, localAddress: sendingIp } = tried.session
  return { sendingIp, fault: peer ? watchedFault(policy, peer) : tlsFault("starttls-not-supported", "does not offer TLS") }
}

function watchedFault(policy: TlsPolicy, peer: TlsPeer): TlsFault | undefined {
  const watched = watchedBy(policy)
  if (!watched || "type" in watched) return watched
  const checked = checkPeer(watched, peer)
  return checked.ok ? undefined : checked.failure
}

const watchedBy = (policy: TlsPolicy): PeerCheck | TlsFault | undefined => (policy.kind === "opportunistic" ? policy.watched : undefined)

function count({ host, policy }: HostRequest, { fault, sendingIp }: SeenSession, { tlsReporting }: OpenHostParts): void {
  if (policy.counted) tlsReporting?.record({ ...policy.counted, mxHost: host.name, receivingIp: host.address, sendingIp, result: fault?.type ?? "success", reason: fault?.detail.toWellFormed() ?? "" })
}
