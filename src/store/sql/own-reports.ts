import type { DueReport, OwnReport, OwnReportStore, ReportDestination } from "../own-report-store.ts"
import type { Database, Transaction } from "./database.ts"

/** Reports of ours in PostgreSQL, and the part of an acceptance that marks one as sent (see acceptances.ts). */
export const createOwnReportStore = (database: Pick<Database, "query">): OwnReportStore => ({
  settled: async (kind, day) => new Set((await database.query<{ domain: string }>(settled, [kind, day])).map(({ domain }) => domain)),
  async add({ kind, day, domain, reportId, body, total, failed, madeAt, destinations }) {
    const column = <T>(value: (destination: (typeof destinations)[number]) => T): T[] => destinations.map(value)
    const rows = await database.query(add, [kind, day, domain, reportId, body, total, failed, madeAt, column(({ uri }) => uri), column(({ dueAt }) => dueAt), column(({ giveUpAt }) => giveUpAt)])
    return rows.length > 0
  },
  due: (now, limit) => database.query<DueReport>(due, [now, limit]),
  notSent: async (destination, { detail, dueAt, now }) => void (await database.query(notSent, [...keyValues(destination), detail.replaceAll("\0", ""), dueAt, now])),
  posted: async (destination, now) => void (await database.query(posted, [...keyValues(destination), now])),
  list: ({ kind, since, domain, limit }) => database.query<OwnReport>(list, [kind, since, domain ?? null, limit]),
  async find(number) {
    const [row] = await database.query<OwnReport & { readonly body: Uint8Array }>(find, [number])
    return row
  },
  forget: async (day) => (await database.query(forget, [day])).length,
})

const keyValues = ({ kind, day, domain, uri }: ReportDestination): string[] => [kind, day, domain, uri]

/** False when it has been sent already. */
export const markReportSent = async (tx: Transaction, destination: ReportDestination, envelopeId: number): Promise<boolean> =>
  (await tx.query(markSent, [...keyValues(destination), envelopeId])).length > 0

const moment = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`
const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

const settled = { name: "own-reports-settled", text: "SELECT domain FROM own_report WHERE kind = $1 AND day = $2" }

const add = {
  name: "own-report-add",
  text: `
    WITH r AS (
      INSERT INTO own_report (kind, day, domain, report_id, body, total, failed, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, ${moment("$8")})
      ON CONFLICT DO NOTHING RETURNING kind, day, domain
    ), d AS (
      INSERT INTO own_report_destination (kind, day, domain, uri, due_at, give_up_at)
      SELECT r.kind, r.day, r.domain, t.uri, ${moment("t.due")}, ${moment("t.give_up")} FROM r, unnest($9::text[], $10::float8[], $11::float8[]) AS t (uri, due, give_up)
    )
    SELECT domain FROM r`,
}

const due = {
  name: "own-reports-due",
  text: `
    SELECT d.kind, d.day::text AS day, d.domain, d.uri, d.attempts, ${ms("d.give_up_at")} AS "giveUpAt", r.report_id AS "reportId", r.body
    FROM own_report_destination d JOIN own_report r USING (kind, day, domain)
    WHERE d.state = 'waiting' AND d.due_at <= ${moment("$1")} ORDER BY d.due_at LIMIT $2`,
}

const ofKey = "kind = $1 AND day = $2 AND domain = $3 AND uri = $4 AND state = 'waiting'"

const notSent = {
  name: "own-report-not-sent",
  text: `
    UPDATE own_report_destination SET attempts = attempts + 1, detail = $5, due_at = coalesce(${moment("$6")}, due_at), state = CASE WHEN $6::float8 IS NULL THEN 'failed' ELSE state END,
      settled_at = CASE WHEN $6::float8 IS NULL THEN ${moment("$7")} END
    WHERE ${ofKey}`,
}

const posted = { name: "own-report-posted", text: `UPDATE own_report_destination SET attempts = attempts + 1, detail = '', state = 'sent', settled_at = ${moment("$5")} WHERE ${ofKey}` }

const markSent = {
  name: "own-report-mark-sent",
  text: `UPDATE own_report_destination SET attempts = attempts + 1, detail = '', state = 'sent', settled_at = clock_timestamp(), envelope_id = $5 WHERE ${ofKey} RETURNING uri`,
}

const columns = `r.kind, r.day::text AS day, r.domain, r.number, r.report_id AS "reportId", r.total, r.failed, ${ms("r.made_at")} AS "madeAt", d.destinations`
const withDestinations = `
  own_report r LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('uri', d.uri, 'state', d.state, 'attempts', d.attempts, 'detail', d.detail, 'envelopeId', d.envelope_id, 'delivery', v.state, 'diagnostic', coalesce(v.diagnostic, '')) ORDER BY d.uri), '[]') AS destinations
    FROM own_report_destination d LEFT JOIN LATERAL (SELECT v.state::text, v.diagnostic FROM delivery v WHERE v.envelope_id = d.envelope_id ORDER BY v.id LIMIT 1) v ON true
    WHERE d.kind = r.kind AND d.day = r.day AND d.domain = r.domain
  ) d ON true`

const list = {
  name: "own-reports-list",
  text: `
    SELECT ${columns} FROM ${withDestinations}
    WHERE r.kind = $1 AND r.body IS NOT NULL AND (r.day + 1)::timestamp AT TIME ZONE 'UTC' > ${moment("$2")} AND ($3::text IS NULL OR r.domain = $3)
    ORDER BY r.day DESC, r.domain LIMIT $4`,
}

const find = { name: "own-report-find", text: `SELECT ${columns}, r.body FROM ${withDestinations} WHERE r.number = $1 AND r.body IS NOT NULL` }

const forget = { name: "own-reports-forget", text: "DELETE FROM own_report WHERE day < $1 RETURNING domain" }
