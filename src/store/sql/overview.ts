import { provinceDate } from "../../accounts/province-date.ts"
import type { LiveFigures, MailFigures, MailPeriod, OverviewStore, UnitFigures } from "../overview-store.ts"
import type { Database } from "./database.ts"
import { inScope, scopeValue } from "./scope.ts"

/** The dashboard's figures in PostgreSQL. */
export function createOverviewStore({ database }: { readonly database: Pick<Database, "query"> }): OverviewStore {
  return {
    async units(scope, now) {
      const [row] = await database.query<UnitFigures>(units, [scopeValue(scope), now, certificatesWithinMs])
      return row ?? { accounts: 0, holders: 0, mailboxBytes: 0, certificatesEnding: 0 }
    },
    async live(now) {
      const dayStart = Date.parse(`${provinceDate(now)}T00:00:00+07:00`)
      const [[today], [rest]] = await Promise.all([database.query<MailFigures>(todayMail, [dayStart, now]), database.query<RestRow>(restOfLive, [dayStart])])
      if (!today || !rest) throw new Error("figures without a row")
      const { waiting, held, oldestMs, failedSignIns, contents, contentBytes, mailboxBytes } = rest
      const storage: LiveFigures["storage"] = contents === null || contentBytes === null ? null : { contents, contentBytes, mailboxBytes }
      return { today, queue: { waiting, held, oldestMs }, failedSignIns, storage }
    },
    async history(now) {
      const [days, weeks] = await Promise.all([database.query<MailPeriod>(history, ["day", now, days14]), database.query<MailPeriod>(history, ["week", now, weeks12])])
      return { days, weeks }
    },
    async count(now) {
      let counted = 0
      for (let hours = maxHours; hours === maxHours; counted += hours) hours = (await database.query(countHours, [now, maxHours, keepMs, settleMs])).length
      await database.query(countStorage)
      return counted
    },
  }
}

interface RestRow {
  readonly waiting: number
  readonly held: number
  readonly oldestMs: number
  readonly failedSignIns: number
  readonly contents: number | null
  readonly contentBytes: number | null
  readonly mailboxBytes: number
}

const dayMs = 86_400_000
const certificatesWithinMs = 60 * dayMs
const days14 = "13 days"
const weeks12 = "77 days"
/** In one statement, so that none takes long. */
const maxHours = 48
/** Beyond what the dashboard shows nothing is counted. */
const keepMs = 90 * dayMs
/** A transaction that was open at the end of the hour may commit a little later. */
const settleMs = 10 * 60_000

const at = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`
const local = (time: string): string => `(${time} AT TIME ZONE 'Asia/Ho_Chi_Minh')`

const units = {
  name: "overview-units",
  text: `
    SELECT (SELECT count(*) FROM account WHERE suspended_at IS NULL AND ${inScope("unit_code", "$1")}) AS accounts,
      (SELECT count(*) FROM principal WHERE suspended_at IS NULL AND ${inScope("unit_code", "$1")}) AS holders,
      (SELECT coalesce(sum(m.bytes), 0)::bigint FROM mailbox m JOIN account a ON a.id = m.account_id WHERE ${inScope("a.unit_code", "$1")}) AS "mailboxBytes",
      (SELECT count(*) FROM certificate c JOIN principal p ON p.id = c.principal_id
        WHERE c.state = 'active' AND c.not_after > ${at("$2")} AND c.not_after <= ${at("$2")} + $3 * interval '1 millisecond' AND ${inScope("p.unit_code", "$1")}) AS "certificatesEnding"`,
}

/** What "signed" and "over TLS" mean: evidence was frozen of each signed message; the trace says how it came (RFC 3848); an attempt says what protected it. */
const figures = (from: string, to: string): string => `
  (SELECT count(*) FILTER (WHERE e.source = 'mx') AS received, count(*) FILTER (WHERE e.source = 'mx' AND v.envelope_id IS NOT NULL) AS received_signed,
      count(*) FILTER (WHERE e.source = 'mx' AND e.trace_prefix ~ 'with (ESMTP|UTF8SMTP)S') AS received_tls,
      count(*) FILTER (WHERE e.source = 'submission') AS submitted, count(*) FILTER (WHERE e.source = 'submission' AND v.envelope_id IS NOT NULL) AS submitted_signed
    FROM envelope e LEFT JOIN evidence v ON v.envelope_id = e.id WHERE e.accepted_at >= ${from} AND e.accepted_at < ${to}) AS i,
  (SELECT count(*) AS relayed, count(*) FILTER (WHERE t.tls IS NOT NULL) AS relayed_tls FROM attempt t WHERE t.outcome = 'relayed' AND t.ended_at >= ${from} AND t.ended_at < ${to}) AS o`

const columns = ["received", "received_signed", "received_tls", "submitted", "submitted_signed", "relayed", "relayed_tls"] as const
const camel = (column: string): string => column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
const fromBoth = columns.join(", ")

const countHours = {
  name: "count-mail-hours",
  text: `
    WITH first AS (
      SELECT greatest(date_trunc('hour', ${at("$1")} - $3 * interval '1 millisecond'), date_trunc('hour', m.hour)) AS hour
      FROM (SELECT coalesce((SELECT min(hour) FROM mail_hour), least((SELECT min(accepted_at) FROM envelope), (SELECT min(ended_at) FROM attempt))) AS hour) AS m WHERE m.hour IS NOT NULL
    ), missing AS (
      SELECT h AS hour FROM first, generate_series(first.hour, ${at("$1")} - $4 * interval '1 millisecond' - interval '1 hour', interval '1 hour') AS h
      WHERE NOT EXISTS (SELECT FROM mail_hour m WHERE m.hour = h) ORDER BY h LIMIT $2
    )
    INSERT INTO mail_hour (hour, ${fromBoth}) SELECT n.hour, ${fromBoth} FROM missing n, LATERAL (SELECT * FROM ${figures("n.hour", "n.hour + interval '1 hour'")}) AS f ON CONFLICT DO NOTHING RETURNING hour`,
}

/** In both clauses: without the first the rows would be read, without the second none of them would be one row of zeros. */
const storageDue = "NOT EXISTS (SELECT FROM storage_count WHERE contents >= 100000 AND counted_at > clock_timestamp() - interval '6 hours')"

/** Millions of contents are gigabytes to read: those are counted four times a day. */
const countStorage = {
  name: "count-storage",
  text: `
    INSERT INTO storage_count (contents, content_bytes) SELECT count(*), coalesce(sum(size), 0)::bigint FROM content
    WHERE ${storageDue} HAVING ${storageDue}
    ON CONFLICT (only_row) DO UPDATE SET contents = excluded.contents, content_bytes = excluded.content_bytes, counted_at = clock_timestamp()`,
}

/** Hours of today that are counted, and the rest from its rows: an hour or two, unless no worker runs. */
const todayMail = {
  name: "overview-today",
  text: `
    WITH counted AS (SELECT ${columns.map((column) => `coalesce(sum(${column}), 0)::bigint AS ${column}`).join(", ")}, greatest(${at("$1")}, max(hour) + interval '1 hour') AS until FROM mail_hour WHERE hour >= ${at("$1")}),
    rest AS (SELECT * FROM ${figures("(SELECT until FROM counted)", `${at("$2")} + interval '1 minute'`)})
    SELECT ${columns.map((column) => `c.${column} + r.${column} AS "${camel(column)}"`).join(", ")} FROM counted c, rest r`,
}

/** Few contents are counted where they are: on a young system figures of a quarter of an hour ago would look broken. */
const storageNow = (column: string, count: string): string => `CASE WHEN s.contents >= 5000 THEN s.${column} WHEN s.contents IS NOT NULL THEN (SELECT ${count} FROM content) END`

const restOfLive = {
  name: "overview-live",
  text: `
    SELECT q.waiting, q.held, coalesce((extract(epoch FROM clock_timestamp() - (SELECT accepted_at FROM envelope WHERE id = q.oldest)) * 1000)::bigint, 0) AS "oldestMs",
      (SELECT coalesce(sum((detail->>'times')::bigint), 0)::bigint FROM audit WHERE kind = 'signIn.failed' AND at >= ${at("$1")}) AS "failedSignIns",
      ${storageNow("contents", "count(*)")} AS contents, ${storageNow("content_bytes", "coalesce(sum(size), 0)::bigint")} AS "contentBytes", (SELECT coalesce(sum(bytes), 0)::bigint FROM mailbox) AS "mailboxBytes"
    FROM (SELECT count(*) FILTER (WHERE state <> 'held') AS waiting, count(*) FILTER (WHERE state = 'held') AS held, min(envelope_id) FILTER (WHERE state <> 'held') AS oldest
      FROM delivery WHERE state NOT IN ('delivered', 'relayed', 'failed')) AS q LEFT JOIN storage_count s ON true`,
}

const history = {
  name: "overview-history",
  text: `
    SELECT to_char(p.start, 'YYYY-MM-DD') AS start, ${columns.map((column) => `coalesce(sum(m.${column}), 0)::bigint AS "${camel(column)}"`).join(", ")}
    FROM generate_series(date_trunc($1, ${local(at("$2"))} - $3::interval), date_trunc($1, ${local(at("$2"))}), ('1 ' || $1)::interval) AS p (start)
    LEFT JOIN mail_hour m ON ${local("m.hour")} >= p.start AND ${local("m.hour")} < p.start + ('1 ' || $1)::interval
    GROUP BY p.start ORDER BY p.start`,
}
