/** What one attempt says of each recipient of a group, and of the destination. */
import { type EnhancedStatus, enhancedStatus } from "../mail/enhanced-status.ts"
import type { RemoteDelivery, TlsDetails } from "../store/delivery-store.ts"
import { bounceClass } from "./bounce-class.ts"
import type { Reading } from "./destination-state.ts"
import type { MailHost } from "./mx-lookup.ts"

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
  /** That only because enough went there in this minute. */
  readonly paced?: true
  /** Nobody was asked: it is not to be begun any more. */
  readonly stopped?: true
  /** When its turn came (ms), where somebody looked at the clock. */
  readonly startedAt?: number
  /** Nobody was asked: all hosts are paused, this is one of the pauses. */
  readonly pauseId?: number
}

/** What an attempt tells of its destination. A refusal of one recipient or one message is an answer like any other; what was wrong with TLS is the policy's business. */
export function readingOf({ outcomes, remoteMta }: Pick<AttemptReport, "outcomes" | "remoteMta">): Reading {
  if (outcomes.some(({ kind }) => kind === "relayed") || (remoteMta !== "" && outcomes.some(({ kind }) => kind === "failed"))) return "well"
  const deferred = outcomes.filter(({ kind }) => kind === "deferred")
  if (deferred.length === 0 || deferred.length < outcomes.length) return "neutral"
  if (deferred.some(({ status }) => status === "4.4.1" || status === "4.4.2")) return "unreachable"
  return deferred.every((outcome) => bounceClass({ ...outcome, kind: "deferred" }) === "throttled") ? "throttled" : "neutral"
}

export const shown = ({ name, address }: MailHost): string => (name === address ? `[${address}]` : `${name} [${address}]`)

interface SameForAll {
  readonly remoteMta: string
  readonly tlsDetails: TlsDetails | null
  readonly outcome: AttemptOutcome
}

export const same = (group: AttemptGroup, { remoteMta, tlsDetails, outcome }: SameForAll): AttemptReport => ({ remoteMta, tls: null, tlsDetails, dsnPassedOn: false, outcomes: group.deliveries.map(() => outcome) })

export const stopped = (group: AttemptGroup): AttemptReport => ({ ...unreached(group, { kind: "deferred", status: enhancedStatus.noAnswer, diagnostic: "stopped" }), stopped: true })

export const unreached = (group: AttemptGroup, outcome: AttemptOutcome): AttemptReport => same(group, { remoteMta: "", tlsDetails: null, outcome })
