import type { AuthenticityFacts } from "../../policy/authenticity-facts.ts"
import type { MessageFacts } from "../../policy/facts.ts"
import type { PolicyVerdict } from "../../policy/verdict.ts"
import type { DmarcCount, DmarcObservation, DmarcRecord, DmarcStore } from "../../store/dmarc-store.ts"

/**
 * Counts what became of mail whose author's domain has a DMARC record. Rows are gathered and written now and then: the figures are for reports, and
 * what a process loses when it is killed is seconds of them.
 */
export interface DmarcTally {
  /** Must not throw; the message waits for nothing. */
  count(judged: { readonly facts: MessageFacts; readonly verdict: PolicyVerdict; readonly marks: readonly string[] }, clientAddress: string): void
  close(): Promise<void>
}

export interface DmarcTallyParts {
  readonly store: Pick<DmarcStore, "add">
  readonly flushMs?: number
  readonly log: { dmarcNotCounted(event: { readonly rows: number; readonly error: unknown }): void }
}

/** A flood of senders is written in between. */
const maxRows = 2_000

export function createDmarcTally({ store, flushMs = 10_000, log }: DmarcTallyParts): DmarcTally {
  let rows = new Map<string, { readonly observation: DmarcObservation; messages: number }>()
  /** What each domain published last. */
  let records = new Map<string, DmarcRecord>()
  let writing: Promise<void> = Promise.resolve()

  const flush = (): Promise<void> => {
    if (rows.size === 0) return writing
    const some: readonly DmarcCount[] = [...rows.values()].map(({ observation, messages }) => ({ ...observation, messages }))
    const published = [...records.values()]
    rows = new Map()
    records = new Map()
    writing = writing.then(() => store.add(some, published)).catch((error: unknown) => log.dmarcNotCounted({ rows: some.length, error }))
    return writing
  }
  const timer = setInterval(() => void flush(), flushMs).unref()

  return {
    count(judged, clientAddress) {
      const observation = dmarcObservation(judged, clientAddress)
      if (!observation) return
      const { day, policyDomain } = observation
      const record = judged.facts.authenticity?.dmarc.record
      if (record !== undefined) records.set(`${day} ${policyDomain}`, { day, policyDomain, record })
      const key = JSON.stringify(observation)
      const known = rows.get(key)
      if (known) known.messages++
      else rows.set(key, { observation, messages: 1 })
      if (rows.size >= maxRows) void flush()
    },
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}

const strength = { none: 0, quarantine: 1, reject: 2 } as const

/** Undefined for a message of which no domain asks for a report. Pure. */
export function dmarcObservation({ facts, verdict, marks }: Parameters<DmarcTally["count"]>[0], clientAddress: string): DmarcObservation | undefined {
  const { authenticity, at } = facts
  if (!authenticity) return undefined
  // deferred: it comes again, and is counted then
  if (verdict.kind === "defer") return undefined
  const { spf, dkim, dmarc, arc } = authenticity
  const { policy, policyDomain } = dmarc
  if (policy === null || policyDomain === null) return undefined
  const disposition = dmarc.result !== "fail" ? "none" : verdict.kind === "reject" ? "reject" : verdict.kind === "quarantine" || verdict.kind === "hold" || marks.some((mark) => mark.toLowerCase() === "$junk") ? "quarantine" : "none"
  const isWeaker = dmarc.result === "fail" && strength[disposition] < strength[policy]
  return {
    day: new Date(at).toISOString().slice(0, 10), policyDomain, headerFrom: dmarc.domain, source: clientAddress.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, ""), disposition,
    override: !isWeaker ? "" : arc.vouched ? "trusted_forwarder" : "local_policy",
    dkimAligned: dkim.some(({ aligned }) => aligned), spfAligned: spf.aligned, spf: { domain: spf.domain, result: spf.result },
    dkim: signaturesThatFit(dkim),
  }
}

/** A row is told apart by all of it, and an index takes 2,704 bytes: one message with eight long names must not cost the others their count. */
const maxSignatureBytes = 1_400

/** The author's own first. */
function signaturesThatFit(dkim: AuthenticityFacts["dkim"]): DmarcObservation["dkim"] {
  let left = maxSignatureBytes
  return dkim.toSorted((a, b) => Number(b.aligned) - Number(a.aligned)).flatMap(({ domain, selector, result }) => {
    const signature = { domain, selector, result }
    left -= Buffer.byteLength(JSON.stringify(signature))
    return left < 0 ? [] : [signature]
  })
}
