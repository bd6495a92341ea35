/**
 * Remote deliveries from claim to saved outcome. Purpose: as few transactions as there are envelopes and destinations, at most
 * `concurrency` of them at once, few of them at one destination. Invariants: only what is claimed is tried; the outcome is saved before the job ends; a refusal never
 * fails a job. Must not know: SMTP, DNS, the queue engine.
 */
import { setTimeout as pause } from "node:timers/promises"
import type { Clock } from "../base/clock.ts"
import { latestRead } from "../base/latest-read.ts"
import { splitAddress } from "../mail/address.ts"
import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { Attempt, DeliveryStore, Outcome, PausedHost, RemoteDelivery } from "../store/delivery-store.ts"
import { attempt, type AttemptParts } from "./attempt.ts"
import type { AttemptGroup, AttemptOutcome, AttemptReport } from "./attempt-report.ts"
import { bounceClass, greylistWaitMs } from "./bounce-class.ts"
import { restRule } from "./destination-state.ts"
import { createDestinations, slowPerPlace } from "./destinations.ts"
import type { Outgoing } from "./outgoing/outgoing.ts"
import { createPlaces } from "./places.ts"
import { createSessionPool } from "./session-pool.ts"
import { nextTry, type RetrySchedule } from "./retry-schedule.ts"

export interface RemoteDeliveryLog {
  attempted(event: { readonly deliveryId: number; readonly envelopeId: number; readonly outcome: string; readonly status: string; readonly remoteMta: string; readonly tls: string | null; readonly ms: number }): void
  attemptFailed(event: { readonly envelopeId: number; readonly error: unknown }): void
  leaseNotExtended(event: { readonly deliveries: number; readonly error: unknown }): void
  leftAloneFailed(event: { readonly deliveries: number; readonly error: unknown }): void
}

export interface RemoteDeliveryParts {
  readonly deliveries: Pick<DeliveryStore, "claimRemote" | "pausedHosts" | "layAside" | "extendLease" | "recordAttempt" | "postpone" | "dsnMade">
  readonly attempts: AttemptParts
  /** What they leave with beside the accepted bytes; absent: nothing. */
  readonly outgoing?: Outgoing
  readonly schedule: RetrySchedule
  /** Transactions at once, to all destinations together. */
  readonly concurrency: number
  /** See `DestinationsParts`. */
  readonly slowMs?: number
  readonly clock: Clock
  readonly random: () => number
  readonly log: RemoteDeliveryLog
  /** Called when an outcome may owe the sender a DSN. */
  readonly settled?: () => void
}

export interface RemoteDeliveries {
  /** Resolves when every one of `ids` that was due and free has been tried and its outcome is saved. */
  relay(ids: readonly number[]): Promise<void>
  /** As `relay`, but a destination that is slow does not keep the caller: resolves soon when the rest can go on by itself. */
  begin(ids: readonly number[]): Promise<void>
  /** Ends what is under way; the deliveries come back as deferred, or when their lease runs out. */
  close(): Promise<void>
}

/** A worker that dies keeps its deliveries this long. While it lives it extends the lease, of those that wait for a place too. */
const leaseMs = 2 * 60_000
const renewMs = leaseMs / 3
/** Between two tries at saving an outcome, and for how long. */
const saveEveryMs = 1_000
const saveForMs = 20 * 60_000
/** Claimed at once: what shares a destination among them shares a transaction. */
const claimBatch = 100
/** RFC 5321 §4.5.3.1.8: every server takes 100 recipients. */
const maxRecipients = 100

/** A job that takes longer goes on without its caller. */
const patienceMs = 1_000
/** Jobs for each place that go on without their callers: more than can be slow. Beyond it the queue engine keeps them, which is what it is for. */
const leftAlonePerPlace = slowPerPlace + 5
/** A look-up is a datagram or two; a name whose servers do not answer must not keep the others waiting. */
const lookupsPerPlace = 10
/** What was put off together is spread over this, or over the first rest where that is shorter. */
const spreadMs = 10_000

export function createRemoteDeliveries(parts: RemoteDeliveryParts): RemoteDeliveries {
  const { deliveries, clock, log } = parts
  const sessions = createSessionPool()
  const rule = restRule(parts.schedule.waitsMs)
  const attempts: AttemptParts = { lookups: createPlaces(parts.concurrency * lookupsPerPlace), destinations: createDestinations({ ...parts, rule, total: Math.max(parts.concurrency, 1) }), sessions, clock, ...parts.attempts }
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  /** Asked for once by those who begin together. */
  const currentPauses = latestRead(() => deliveries.pausedHosts())

  const tryAndRecord = async (group: AttemptGroup, batch: Batch): Promise<void> => {
    const report = await reportOf(group, batch)
    // nobody was asked: no attempt
    if (report.pauseId !== undefined) return deliveries.layAside(group.deliveries.map(({ id }) => id), report.pauseId)
    const endedAt = clock.now()
    const { startedAt = endedAt } = report
    // not begun: the lease runs out, and whoever is there then begins
    if (report.stopped || await postponed(group, report, endedAt)) return
    for (const [index, delivery] of group.deliveries.entries()) {
      const outcome = settle(delivery, report.outcomes[index], endedAt)
      await save({ deliveryId: delivery.id, startedAt, endedAt, remoteMta: report.remoteMta, tls: report.tls, tlsDetails: report.tlsDetails, outcome, ...classOf(outcome, report.outcomes[index]) })
      // RFC 3461 §5.2.1: whoever took the request for a success report makes the report
      if (outcome.kind === "relayed" && report.dsnPassedOn && delivery.notify.includes("success")) await deliveries.dsnMade([delivery.id], "success")
      log.attempted({ deliveryId: delivery.id, envelopeId: delivery.envelopeId, outcome: outcome.kind, status: outcome.status, remoteMta: report.remoteMta, tls: report.tls, ms: endedAt - startedAt })
    }
    parts.settled?.()
  }

  /** A destination that is left alone costs nobody an attempt, unless it is the last. */
  const postponed = async ({ deliveries: [first, ...others] }: AttemptGroup, { restUntil, paced, outcomes: [outcome] }: AttemptReport, now: number): Promise<boolean> => {
    if (restUntil === undefined || now >= first.expiresAt) return false
    // what was put off together does not come back at the same moment: the one that is sent ahead has time to see how it is
    const spread = paced ? 0 : Math.round(parts.random() * Math.min(spreadMs, rule.firstMs))
    await deliveries.postpone({ ids: [first, ...others].map(({ id }) => id), at: restUntil + spread, diagnostic: outcome?.diagnostic ?? "", status: outcome?.status ?? enhancedStatus.noAnswer, bounceClass: paced ? null : "unreachable" })
    parts.settled?.()
    return true
  }

  /** An outcome that is not saved means a second copy at the peer once the lease has run out, so a database that is away is waited for. */
  const save = async (made: Attempt): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        return await deliveries.recordAttempt(made)
      } catch (error) {
        if (stopping.signal.aborted || tries * saveEveryMs > saveForMs) throw error
        await pause(saveEveryMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      }
    }
  }

  const reportOf = async (group: AttemptGroup, { lease, pausedHosts }: Batch): Promise<AttemptReport> => {
    try {
      return await attempt(group, { ...attempts, pausedHosts, mayBegin: () => clock.now() <= lease.until(), asItLeaves: (waited) => asItLeaves(waited, parts.outgoing) }, stopping.signal)
    } catch (error) {
      // a bug, or the content's blob cannot be read: the delivery must not be forgotten for it
      log.attemptFailed({ envelopeId: group.deliveries[0].envelopeId, error })
      const outcome: AttemptOutcome = { kind: "deferred", status: enhancedStatus.storeUnavailable, diagnostic: "an error in this server" }
      return { remoteMta: "", tls: null, tlsDetails: null, dsnPassedOn: false, outcomes: group.deliveries.map(() => outcome) }
    }
  }

  const settle = (delivery: RemoteDelivery, outcome: AttemptOutcome | undefined, now: number): Outcome => {
    const { kind, status, diagnostic } = outcome ?? { kind: "deferred" as const, status: enhancedStatus.connectionLost, diagnostic: "no outcome" }
    if (kind !== "deferred") return { kind, status, diagnostic }
    // broken off by us, not by the peer: whoever runs next may try at once
    if (stopping.signal.aborted) return { kind, status, diagnostic, nextAttemptAt: now }
    const next = nextTry(parts.schedule, { attempts: delivery.attempts + 1, now, expiresAt: delivery.expiresAt, random: parts.random(), ...(bounceClass({ kind, status, diagnostic }) === "greylisted" && { greylistedMs: greylistWaitMs(diagnostic) }) })
    if (next.kind === "retry") return { kind: "deferred", status, diagnostic, nextAttemptAt: next.at }
    return { kind: "failed", status: enhancedStatus.expired, diagnostic: diagnostic === "" ? "no attempt succeeded in time" : diagnostic }
  }

  const relay = async (ids: readonly number[]): Promise<void> => {
    for (let at = 0; at < ids.length && !stopping.signal.aborted; at += claimBatch) {
      const asked = clock.now()
      const claimed = await deliveries.claimRemote(ids.slice(at, at + claimBatch), leaseMs)
      const lease = keepLease(claimed.map(({ id }) => id), asked)
      const work = async (): Promise<void> => {
        const pausedHosts = claimed.length > 0 ? await currentPauses() : []
        await Promise.all(groupByDestination(claimed).map((group) => tryAndRecord(group, { lease, pausedHosts })))
      }
      await work().finally(() => lease.end())
    }
  }

  const keepLease = (ids: readonly number[], claimedAt: number): Lease => {
    let until = claimedAt + leaseMs
    const renew = async (): Promise<void> => {
      const asked = clock.now()
      await deliveries.extendLease(ids, leaseMs)
      until = asked + leaseMs
    }
    // a database that is away is asked again at the next turn
    const timer = setInterval(() => void renew().catch((error: unknown) => log.leaseNotExtended({ deliveries: ids.length, error })), renewMs)
    return { until: () => until, end: () => clearInterval(timer) }
  }

  const tracked = (ids: readonly number[]): Promise<void> => {
    const work = relay(ids)
    const ended = work.catch(() => undefined).finally(() => underWay.delete(ended))
    underWay.add(ended)
    return work
  }

  return {
    relay: tracked,
    async begin(ids) {
      const work = tracked(ids)
      const patience = new AbortController()
      const impatient = pause(patienceMs, undefined, { signal: patience.signal, ref: false }).then(() => "impatient" as const, () => "done" as const)
      const first = await Promise.race([work.then(() => "done" as const), impatient]).finally(() => patience.abort())
      if (first === "done" || underWay.size > parts.concurrency * leftAlonePerPlace) return work
      // its leases run out, and the sweeper finds what it was about
      work.catch((error: unknown) => log.leftAloneFailed({ deliveries: ids.length, error }))
    },
    async close() {
      stopping.abort()
      await Promise.all(underWay)
      sessions.close()
    },
  }
}

/** Deliveries of one envelope leave with the same fields; only the first is looked at for what belongs to the envelope. */
async function asItLeaves(group: AttemptGroup, outgoing: Outgoing | undefined): Promise<AttemptGroup> {
  if (!outgoing) return group
  const [first, ...others] = group.deliveries
  const fields = await outgoing(first)
  return { ...group, deliveries: [{ ...first, ...fields }, ...others.map((delivery) => ({ ...delivery, ...fields }))] }
}

/** What an outcome means; one that has waited too long is told by what it waited for. */
function classOf({ kind }: Outcome, last: AttemptOutcome | undefined): Pick<Attempt, "bounceClass"> {
  if (!last || kind === "relayed" || kind === "delivered") return {}
  return { bounceClass: bounceClass({ ...last, kind: last.kind === "failed" ? "failed" : "deferred" }) }
}

interface Batch {
  readonly lease: Lease
  readonly pausedHosts: readonly PausedHost[]
}

/** Our right to a batch of claimed deliveries. */
interface Lease {
  until(): number
  end(): void
}

/** Recipients of one envelope at one domain share a transaction. */
export function groupByDestination(deliveries: readonly RemoteDelivery[]): AttemptGroup[] {
  const groups = new Map<string, { domain: string; deliveries: [RemoteDelivery, ...RemoteDelivery[]] }>()
  for (const delivery of deliveries) {
    const domain = (splitAddress(delivery.recipient)?.domain ?? delivery.recipient).toLowerCase()
    for (let part = 0; ; part++) {
      const key = `${delivery.envelopeId} ${domain} ${part}`
      const group = groups.get(key)
      if (!group) groups.set(key, { domain, deliveries: [delivery] })
      else if (group.deliveries.length < maxRecipients) group.deliveries.push(delivery)
      else continue
      break
    }
  }
  return [...groups.values()]
}
