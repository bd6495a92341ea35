/**
 * Counts how TLS went with each domain (RFC 8460), for the reports that it may ask for. Counts gather in memory and are added to the store
 * every few seconds: a row for each session would cost more than the session. What a crash loses is a few seconds of statistics.
 */
import type { Clock } from "../base/clock.ts"
import type { TlsReportStore, TlsSessionCount, TlsSessions } from "../store/tls-policy-store.ts"

export interface TlsReporting {
  /** One session, or one try at it. */
  record(session: TlsSessions): void
}

export interface RunningTlsReporting extends TlsReporting {
  /** Saves what has gathered. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface TlsReportingParts {
  readonly store: Pick<TlsReportStore, "add">
  readonly clock: Clock
  readonly everyMs?: number
  readonly log: { tlsCountsNotSaved(event: { readonly rows: number; readonly error: unknown }): void }
}

const defaultEveryMs = 5_000
/** Different rows in memory; beyond it, with a database that is away, new ones are not counted. */
const maxRows = 20_000

export function createTlsReporting({ store, clock, everyMs = defaultEveryMs, log }: TlsReportingParts): RunningTlsReporting {
  let rows = new Map<string, TlsSessionCount>()
  let underWay: Promise<void> | undefined

  const count = (day: string, session: TlsSessions, sessions: number): void => {
    const { reason: _sample, ...told } = session
    const key = JSON.stringify([day, told])
    const known = rows.get(key)
    if (!known && rows.size >= maxRows) return
    rows.set(key, { ...(known ?? { ...session, day }), sessions: (known?.sessions ?? 0) + sessions })
  }

  const save = async (): Promise<void> => {
    const saving = rows
    if (saving.size === 0) return
    rows = new Map()
    try {
      await store.add([...saving.values()])
    } catch (error) {
      log.tlsCountsNotSaved({ rows: saving.size, error })
      for (const { day, sessions, ...session } of saving.values()) count(day, session, sessions)
    }
  }

  const flush = (): Promise<void> => (underWay ??= save().finally(() => (underWay = undefined)))
  const timer = setInterval(() => void flush(), everyMs)
  return {
    record: (session) => count(new Date(clock.now()).toISOString().slice(0, 10), session, 1),
    flush,
    async close() {
      clearInterval(timer)
      await underWay
      await flush()
    },
  }
}
