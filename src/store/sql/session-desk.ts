import { provinceDate } from "../../accounts/province-date.ts"
import type { Clock } from "../../base/clock.ts"
import type { ListedSession, SessionDesk } from "../presence.ts"
import type { Database } from "./database.ts"
import { covered, ranksAbove } from "./edit.ts"
import { staleMs } from "./presence.ts"
import { inScope, scopeValue } from "./scope.ts"

/** Who is connected, over whatever protocol, in PostgreSQL. */
export interface SessionDeskOptions {
  readonly database: Pick<Database, "query">
  /** Of the console: one that is idle for longer has ended. */
  readonly idleMs: number
  readonly absoluteMs: number
  readonly clock: Clock
}

export const createSessionDesk = ({ database, idleMs, absoluteMs, clock }: SessionDeskOptions): SessionDesk => ({
  async list(scope, { protocol, text }, { limit, offset }) {
    const values: unknown[] = [scopeValue(scope), idleMs, absoluteMs, protocol ?? null, text === undefined ? null : `%${text.replace(/[\\%_]/g, "\\$&")}%`]
    const [rows, [counted]] = await Promise.all([database.query<ListedSession>(list, [...values, limit, offset]), database.query<{ total: number }>(count, values)])
    return { rows, total: counted?.total ?? 0 }
  },
  async end(scope, { protocol, process, id }, { by, clientAddress }) {
    if (protocol === "console" && !/^\d{1,15}$/.test(id)) return "none"
    const [whose] = protocol === "console" ? await database.query<Whose>(ofConsole, [id]) : await database.query<Whose>(ofConnection, [process, id])
    if (!whose) return "none"
    const { accountId, principalId } = whose
    // whom it signed in, whatever else the account is used by
    const isAbove = await ranksAbove({ tx: database, scope, today: provinceDate(clock.now()) }, principalId === null ? { accountId } : { principalId })
    if (isAbove) return whose.unitCode !== null && (await covered({ tx: database, scope }, whose.unitCode)) ? "above" : "none"
    const ended = protocol === "console" ? await database.query(endConsole, [scopeValue(scope), id, by, clientAddress]) : await database.query(endConnection, [scopeValue(scope), process, id, by, clientAddress])
    return ended.length > 0 ? "ended" : "none"
  },
})

interface Whose {
  readonly accountId: number
  readonly principalId: string | null
  readonly unitCode: string | null
}

const whose = (from: string): string => `SELECT s.account_id AS "accountId", s.principal_id AS "principalId", a.unit_code AS "unitCode" FROM ${from} s JOIN account a ON a.id = s.account_id`
const ofConsole = { name: "session-of-console", text: `${whose("console_session")} WHERE s.id = $1::bigint` }
const ofConnection = { name: "session-of-connection", text: `${whose("presence")} WHERE s.process = $1 AND s.session_id = $2` }

const consoleOpen = "ended_at IS NULL AND last_seen_at > clock_timestamp() - $2 * interval '1 millisecond' AND created_at > clock_timestamp() - $3 * interval '1 millisecond'"

const from = `
  FROM (
    SELECT p.protocol, p.process, p.session_id AS id, p.account_id, p.principal_id, p.client_address, p.client_id, p.tls, p.since
      FROM presence p JOIN presence_process o ON o.process = p.process AND o.seen_at > clock_timestamp() - interval '${staleMs} milliseconds'
    UNION ALL SELECT 'console', '', id::text, account_id, principal_id, client_address, user_agent, 'HTTPS', created_at FROM console_session WHERE ${consoleOpen}
  ) AS s JOIN account a ON a.id = s.account_id LEFT JOIN principal h ON h.id = s.principal_id
  WHERE ${inScope("a.unit_code", "$1")} AND ($4::text IS NULL OR s.protocol = $4) AND ($5::text IS NULL OR a.address ILIKE $5 OR h.name ILIKE $5 OR s.client_address ILIKE $5)`

const list = {
  name: "session-list",
  text: `SELECT s.protocol, s.process, s.id, a.address AS account, h.name AS principal, s.client_address AS "clientAddress", s.client_id AS "clientId", s.tls, (extract(epoch FROM s.since) * 1000)::bigint AS since
    ${from} ORDER BY s.since DESC, s.id LIMIT $6 OFFSET $7`,
}
const count = { name: "session-count", text: `SELECT count(*) AS total ${from}` }

/** The entry in the audit, of whichever kind of session it was. */
const told = (protocol: string): string =>
  `INSERT INTO audit (kind, account_id, principal_id, client_address, detail) SELECT 'session.ended', account_id, principal_id, $CLIENT, jsonb_build_object('by', $BY::text, 'protocol', ${protocol}, 'from', client_address) FROM ended RETURNING id`

const endConnection = {
  name: "session-end-connection",
  text: `WITH ended AS (UPDATE presence p SET end_wanted = true FROM account a WHERE a.id = p.account_id AND p.process = $2 AND p.session_id = $3 AND NOT p.end_wanted AND ${inScope("a.unit_code", "$1")} RETURNING p.*)
    ${told("protocol").replace("$CLIENT", "$5").replace("$BY", "$4")}`,
}
const endConsole = {
  name: "session-end-console",
  text: `WITH ended AS (UPDATE console_session p SET ended_at = clock_timestamp(), ended_by = 'an administrator' FROM account a WHERE a.id = p.account_id AND p.id = $2::bigint AND p.ended_at IS NULL AND ${inScope("a.unit_code", "$1")} RETURNING p.*)
    ${told("'console'").replace("$CLIENT", "$4").replace("$BY", "$3")}`,
}
