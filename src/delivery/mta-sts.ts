/**
 * The MTA-STS policy of a domain (RFC 8461). Purpose: once a domain has said that its mail must be protected, nobody on the way can take
 * that back. Invariants: a policy that was fetched stays in force until its max_age has passed, whatever the DNS and the policy server say
 * or do not say meanwhile; only another policy that was fetched replaces it. Must not know: connections, messages.
 */
import type { Clock } from "../base/clock.ts"
import type { DnsResolver } from "../dns/resolver.ts"
import type { StoredTlsPolicy, TlsPolicyStore } from "../store/tls-policy-store.ts"
import { announcedId } from "./mta-sts-policy.ts"
import type { MtaStsFetch } from "./mta-sts-fetch.ts"
import type { TlsFault } from "./tls-fault.ts"

export interface MtaStsPolicies {
  /** The policy in force; undefined when the domain has none. Waits for a fetch only where none is known, or another one has been announced. */
  of(domain: string): Promise<StoredTlsPolicy | undefined>
  /** Fetches anew what was fetched long ago, before it ends; returns how many. To be called now and then. */
  refresh(): Promise<number>
  /** Breaks off what is under way. */
  close(): Promise<void>
}

export interface MtaStsParts {
  readonly resolver: DnsResolver
  readonly store: TlsPolicyStore
  readonly fetch: MtaStsFetch
  readonly clock: Clock
  /** A policy was announced, but cannot be had. */
  readonly failed: (domain: string, fault: TlsFault) => void
}

/** What another process has fetched is seen after this. */
const rememberMs = 60_000
/** RFC 8461 §3.3: a policy that cannot be fetched is asked for again after five minutes or more. */
const retryMs = 5 * 60_000
/** RFC 8461 §3.3: refreshed once a day, so that no attack short of max_age outlasts it. */
const refreshAfterMs = 24 * 3_600_000
/** A domain that nobody has written to for so long is let go. */
const askedWithinMs = 30 * 24 * 3_600_000
const refreshAtOnce = 200
/** A policy that has ended is of no use but to compare ids. */
const keepEndedMs = 7 * 24 * 3_600_000
/** Domains in memory; the store has all. */
const maxRemembered = 10_000

interface Remembered {
  readonly policy: StoredTlsPolicy | undefined
  readonly readAt: number
}

const endsAt = ({ fetchedAt, maxAgeSeconds }: StoredTlsPolicy): number => fetchedAt + maxAgeSeconds * 1000

export function createMtaStsPolicies({ resolver, store, fetch, clock, failed }: MtaStsParts): MtaStsPolicies {
  const remembered = new Map<string, Remembered>()
  const failedAt = new Map<string, number>()
  const underWay = new Map<string, Promise<StoredTlsPolicy | undefined>>()
  const stopping = new AbortController()

  const remember = (domain: string, policy: StoredTlsPolicy | undefined): StoredTlsPolicy | undefined => {
    remembered.delete(domain)
    remembered.set(domain, { policy, readAt: clock.now() })
    dropOldest(remembered)
    return policy
  }

  const stored = async (domain: string): Promise<StoredTlsPolicy | undefined> => {
    const known = remembered.get(domain)
    if (known && clock.now() - known.readAt < rememberMs) return known.policy
    return remember(domain, await store.find(domain, clock.now()))
  }

  const announced = async (domain: string): Promise<string | undefined> => {
    const answer = await resolver.resolve(`_mta-sts.${domain}`, "TXT")
    return answer.kind === "records" ? announcedId(answer.records) : undefined
  }

  /** The new policy, saved; undefined when it cannot be had. */
  const fetchNew = (domain: string, id: string): Promise<StoredTlsPolicy | undefined> => {
    const same = underWay.get(domain)
    if (same) return same
    const fetching = fetchAndSave(domain, id).finally(() => underWay.delete(domain))
    underWay.set(domain, fetching)
    return fetching
  }

  const fetchAndSave = async (domain: string, id: string): Promise<StoredTlsPolicy | undefined> => {
    // another process may have it by now
    const known = await store.find(domain, clock.now())
    if (known && known.id === id && endsAt(known) > clock.now() && clock.now() - known.fetchedAt < retryMs) return remember(domain, known)
    const fetched = await fetch(domain, stopping.signal)
    if (!fetched.ok) {
      failedAt.delete(domain)
      failedAt.set(domain, clock.now())
      dropOldest(failedAt)
      if (!stopping.signal.aborted) failed(domain, fetched.failure)
      return undefined
    }
    failedAt.delete(domain)
    const policy = { domain, id, fetchedAt: clock.now(), ...fetched.value }
    await store.save(policy)
    return remember(domain, policy)
  }

  const mayFetch = (domain: string): boolean => clock.now() - (failedAt.get(domain) ?? -Infinity) >= retryMs

  return {
    async of(domain) {
      const [last, id] = await Promise.all([stored(domain), announced(domain)])
      const known = last && endsAt(last) > clock.now() ? last : undefined
      // RFC 8461 §3.3: without an announcement, or without an answer, what is known stays in force
      if (id === undefined || !mayFetch(domain)) return known
      if (!known || known.id !== id) return (await fetchNew(domain, id)) ?? known
      // what fails in the background is tried again by the next message
      if (clock.now() - known.fetchedAt >= refreshAfterMs) void fetchNew(domain, id).catch(() => undefined)
      return known
    },
    async refresh() {
      const now = clock.now()
      await store.forget(now - keepEndedMs)
      let refreshed = 0
      for (const domain of await store.refreshable({ now, fetchedBefore: now - refreshAfterMs, askedSince: now - askedWithinMs, limit: refreshAtOnce })) {
        if (stopping.signal.aborted) break
        const id = await announced(domain)
        if (id !== undefined && mayFetch(domain) && (await fetchNew(domain, id))) refreshed++
      }
      return refreshed
    },
    async close() {
      stopping.abort()
      await Promise.allSettled(underWay.values())
    },
  }
}

function dropOldest(map: Map<string, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= maxRemembered) break
    map.delete(oldest)
  }
}
