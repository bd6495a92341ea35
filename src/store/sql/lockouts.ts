import type { Lockout, LockoutDesk, Lockouts } from "../../accounts/lockouts.ts"
import type { Clock } from "../../base/clock.ts"
import type { Database } from "./database.ts"

/** Lockouts in PostgreSQL. Those who go on guessing cost one question in some seconds. */
export interface LockoutOptions {
  readonly database: Pick<Database, "query">
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}

const rememberMs = 2_000
const maxRemembered = 10_000
const maxNameCharacters = 320
const maxUnderWay = 50

export function createLockouts({ database, clock, onError }: LockoutOptions): Lockouts {
  /** Asked for and not lifted, until when that is believed. */
  const remembered = new Map<string, number>()
  let underWay = 0
  return {
    note({ key, kind, network, name, failures, forMs }) {
      // a flood of lockouts is seen without the last of them
      if (underWay >= maxUnderWay) return
      underWay++
      const shown = name.replaceAll("\0", "").slice(0, maxNameCharacters).toWellFormed()
      database
        .query(note, [key, kind, network, shown, failures, forMs])
        .catch(onError)
        .finally(() => underWay--)
    },
    async isLifted(key) {
      const now = clock.now()
      if ((remembered.get(key) ?? 0) > now) return false
      try {
        if ((await database.query(lifted, [key])).length > 0) return true
      } catch (error) {
        onError(error)
      }
      if (remembered.size >= maxRemembered) remembered.clear()
      remembered.set(key, now + rememberMs)
      return false
    },
  }
}

export const createLockoutDesk = (database: Pick<Database, "query">): LockoutDesk => ({
  list: (limit) => database.query<Lockout>(list, [limit]),
  lift: async (id, by) => (await database.query(lift, [id, by])).length > 0,
})

/** A few that are over go with each that begins. */
const note = {
  name: "lockout-note",
  text: `
    WITH gone AS (DELETE FROM lockout WHERE id IN (SELECT id FROM lockout WHERE until < clock_timestamp() AND key <> $1 ORDER BY until LIMIT 20))
    INSERT INTO lockout (key, kind, network, name, failures, until) VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6 * interval '1 millisecond')
    ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, until = excluded.until, since = clock_timestamp(), lifted_at = NULL`,
}

const lifted = { name: "lockout-lifted", text: "SELECT 1 AS yes FROM lockout WHERE key = $1 AND lifted_at IS NOT NULL" }

const list = {
  name: "lockout-list",
  text: `SELECT id, kind, network, name, failures, (extract(epoch FROM since) * 1000)::bigint AS since, (extract(epoch FROM until) * 1000)::bigint AS until
    FROM lockout WHERE until > clock_timestamp() AND lifted_at IS NULL ORDER BY since DESC LIMIT $1`,
}

const lift = {
  name: "lockout-lift",
  text: `
    WITH lifted AS (UPDATE lockout SET lifted_at = clock_timestamp() WHERE id = $1 AND lifted_at IS NULL AND until > clock_timestamp() RETURNING *)
    INSERT INTO audit (kind, detail) SELECT 'lockout.lifted', jsonb_build_object('by', $2::text, 'kind', kind, 'network', network, 'name', name, 'failures', failures) FROM lifted RETURNING id`,
}
