import type { Suppression, SuppressionStore } from "../suppression-store.ts"
import type { Database } from "./database.ts"

/** The suppression list in PostgreSQL, and what an attempt does to it. */
export function createSuppressionStore({ database }: { readonly database: Database }): SuppressionStore {
  return {
    inForce: async (recipient) => (await database.query<Row>(inForce, [recipient])).map(suppression)[0],
    find: async (recipient) => (await database.query<Row>(find, [recipient])).map(suppression)[0],
    list: async ({ limit, counted }) => (await database.query<Row>(list, [limit, counted])).map(suppression),
    async add({ recipient, until, by, note }) {
      await database.query(add, [recipient, until === null ? "infinity" : new Date(until), by, note])
    },
    remove: async (recipient, by) => (await database.query(remove, [recipient, by])).length > 0,
    forget: async () => (await database.query(forget, [`${keepCountedDays} days`])).length,
  }
}

/** What is only counted is of no interest after this. */
const keepCountedDays = 365

interface Row extends Omit<Suppression, "until"> {
  readonly until: number | null
  readonly endless: boolean
}

const suppression = ({ endless, until, ...row }: Row): Suppression => ({ ...row, until: endless ? Infinity : until })

const columns = `recipient, bounces, (extract(epoch FROM first_at) * 1000)::bigint AS "firstAt", (extract(epoch FROM last_at) * 1000)::bigint AS "lastAt",
  CASE WHEN isfinite(until) THEN (extract(epoch FROM until) * 1000)::bigint END AS until, coalesce(until = 'infinity', false) AS endless, diagnostic, set_by AS by`

const inForce = { name: "suppression-in-force", text: `SELECT ${columns} FROM suppression WHERE recipient = $1 AND until > clock_timestamp()` }
const find = { name: "suppression-find", text: `SELECT ${columns} FROM suppression WHERE recipient = $1` }
const list = { name: "suppression-list", text: `SELECT ${columns} FROM suppression WHERE $2::boolean OR until > clock_timestamp() ORDER BY last_at DESC, recipient LIMIT $1` }

const add = {
  name: "suppression-add",
  text: `
    WITH entry AS (
      INSERT INTO suppression AS s (recipient, bounces, until, diagnostic, set_by) VALUES ($1, 0, $2, $4, $3)
      ON CONFLICT (recipient) DO UPDATE SET until = excluded.until, diagnostic = excluded.diagnostic, set_by = excluded.set_by, last_at = excluded.last_at
    )
    INSERT INTO audit (kind, detail) VALUES ('suppression.added', jsonb_build_object('recipient', $1::text, 'by', $3::text, 'note', $4::text, 'until', $2::timestamptz,
      'before', (SELECT jsonb_build_object('until', until, 'by', set_by, 'bounces', bounces) FROM suppression WHERE recipient = $1)))`,
}

const remove = {
  name: "suppression-remove",
  text: `
    WITH gone AS (DELETE FROM suppression WHERE recipient = $1 RETURNING recipient, until, set_by, bounces)
    INSERT INTO audit (kind, detail) SELECT 'suppression.removed', jsonb_build_object('recipient', recipient, 'by', $2::text, 'before', jsonb_build_object('until', until, 'by', set_by, 'bounces', bounces)) FROM gone RETURNING id`,
}

const forget = { name: "suppression-forget", text: "DELETE FROM suppression WHERE until <= clock_timestamp() OR (until IS NULL AND last_at < clock_timestamp() - $1::interval) RETURNING recipient" }

export interface CountParameters {
  readonly outcome: string
  readonly bounceClass: string
  readonly diagnostic: string
  readonly afterBounces: string
  readonly withinMs: string
  readonly forMs: string
}

/** WITH parts for the attempt's statement, on its `d` (envelope_id, recipient): a recipient that does not exist is counted once for each message; one that exists after all is not on the list. */
export const countSuppressionsSql = ({ outcome, bounceClass, diagnostic, afterBounces, withinMs, forMs }: CountParameters): string => `
    counted AS (
      INSERT INTO suppression AS s (recipient, bounces, last_envelope_id, until, diagnostic)
      SELECT d.recipient, 1, d.envelope_id, CASE WHEN ${afterBounces}::int = 1 THEN clock_timestamp() + ${forMs}::float8 * interval '1 millisecond' END, ${diagnostic}
      FROM d WHERE ${outcome} = 'failed' AND ${bounceClass} = 'mailboxUnknown' AND ${afterBounces}::int > 0
      ON CONFLICT (recipient) DO UPDATE SET
        bounces = ${bouncesNow(withinMs)}, last_at = excluded.last_at, last_envelope_id = excluded.last_envelope_id, diagnostic = excluded.diagnostic,
        until = CASE WHEN s.set_by = '' AND ${bouncesNow(withinMs)} >= ${afterBounces}::int THEN clock_timestamp() + ${forMs}::float8 * interval '1 millisecond' ELSE s.until END
    ), cleared AS (
      DELETE FROM suppression s USING d WHERE ${outcome} = 'relayed' AND s.recipient = d.recipient AND s.set_by = ''
    )`

const bouncesNow = (withinMs: string): string =>
  `CASE WHEN s.last_envelope_id = excluded.last_envelope_id THEN s.bounces WHEN s.last_at < clock_timestamp() - ${withinMs}::float8 * interval '1 millisecond' THEN 1 ELSE s.bounces + 1 END`
