import type { Grant } from "../../accounts/administrator.ts"
import type { ConsoleSession, ConsoleSessionStore, SessionSummary } from "../console-session-store.ts"
import type { Database } from "./database.ts"
import { isOwners } from "./second-factors.ts"

/** Console sessions in PostgreSQL. Ended ones are kept for a while, so that the audit can still name them. */
export interface ConsoleSessionsOptions {
  readonly database: Pick<Database, "query">
  readonly idleMs: number
  readonly absoluteMs: number
}

export function createConsoleSessionStore({ database, idleMs, absoluteMs }: ConsoleSessionsOptions): ConsoleSessionStore {
  const limits = [idleMs, absoluteMs] as const
  return {
    async find(sha256, byPerson) {
      const [found] = await database.query<ConsoleSession & { readonly stale: boolean; readonly grants: readonly Grant[] | null }>(find, [sha256, ...limits])
      if (!found) return undefined
      const { stale, grants, ...session } = found
      if (stale && byPerson) await database.query(seen, [session.id])
      return { ...session, grants: grants ?? [] }
    },
    async open({ sha256, accountId, principalId, clientAddress, userAgent, secondFactor, openedBy, provenAt = null, idToken = null }) {
      const [row] = await database.query<{ id: number }>(open, [accountId, principalId, sha256, clientAddress, userAgent, secondFactor, openedBy, idToken, provenAt])
      if (row === undefined) throw new Error("a session was not stored")
      return row.id
    },
    prove: async (id, { sha256, secondFactor }) => (await database.query(prove, [id, sha256, secondFactor])).length > 0,
    async idToken(id) {
      const [row] = await database.query<{ idToken: Buffer | null }>(idToken, [id])
      return row?.idToken ?? null
    },
    list: ({ accountId, principalId }) => database.query<SessionSummary>(list, [accountId, principalId, ...limits]),
    end: async (id, { accountId, principalId, why }) => (await database.query(end, [id, accountId, principalId, why])).length > 0,
    async forget() {
      const [row] = await database.query<{ count: number }>(forget, [absoluteMs])
      return row?.count ?? 0
    },
  }
}

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`
const within = (column: string, parameter: string): string => `${column} > clock_timestamp() - ${parameter} * interval '1 millisecond'`
/** Sessions of somebody, or of nobody. */
const samePrincipal = (left: string, right: string): string => `${left} IS NOT DISTINCT FROM ${right}`

const find = {
  name: "console-session",
  text: `
    SELECT s.id, s.account_id AS "accountId", s.principal_id AS "principalId", s.second_factor AS "secondFactor", s.opened_by AS "openedBy", ${ms("s.proven_at")} AS "provenAt", ${ms("s.created_at")} AS "createdAt",
      s.last_seen_at < clock_timestamp() - interval '1 minute' AS stale,
      EXISTS (SELECT FROM credential c WHERE c.account_id = s.account_id AND c.kind = 'oneTime' AND c.revoked_at IS NULL) AS "mustChangePassword",
      (SELECT jsonb_agg(jsonb_build_object('role', g.role, 'unitCode', g.unit_code)) FROM administrator g
        WHERE g.account_id = s.account_id AND g.ended_at IS NULL AND ${samePrincipal("g.principal_id", "s.principal_id")}) AS grants
    FROM console_session s JOIN account a ON a.id = s.account_id LEFT JOIN principal p ON p.id = s.principal_id
    WHERE s.sha256 = $1 AND s.ended_at IS NULL AND ${within("s.last_seen_at", "$2")} AND ${within("s.created_at", "$3")} AND a.suspended_at IS NULL AND p.suspended_at IS NULL
      -- half a sign-in does not wait for ever
      AND (s.second_factor <> 'awaited' OR s.created_at > clock_timestamp() - interval '15 minutes')`,
}

const seen = { name: "console-session-seen", text: "UPDATE console_session SET last_seen_at = clock_timestamp() WHERE id = $1" }

const open = {
  name: "open-console-session",
  text: `
    WITH s AS (
      INSERT INTO console_session (account_id, principal_id, sha256, client_address, user_agent, second_factor, opened_by, id_token, proven_at)
      VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 = 'none' AND EXISTS (SELECT FROM second_factor WHERE ended_at IS NULL AND ${isOwners()}) THEN 'awaited' ELSE $6 END, $7, $8, least(clock_timestamp(), to_timestamp($9::float8 / 1000))) RETURNING id, second_factor
    ), a AS (
      INSERT INTO audit (kind, principal_id, account_id, client_address, detail) SELECT 'console.signedIn', $2, $1, $4, jsonb_build_object('sessionId', id, 'via', $7::text, 'secondFactor', second_factor) FROM s
    )
    SELECT id FROM s`,
}

const idToken = { name: "console-session-id-token", text: 'SELECT id_token AS "idToken" FROM console_session WHERE id = $1' }

const prove = {
  name: "prove-console-session",
  text: "UPDATE console_session SET sha256 = $2, second_factor = $3, proven_at = clock_timestamp(), last_seen_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL RETURNING id",
}

const list = {
  name: "list-console-sessions",
  text: `
    SELECT id, ${ms("created_at")} AS "createdAt", ${ms("last_seen_at")} AS "lastSeenAt", client_address AS "clientAddress", user_agent AS "userAgent"
    FROM console_session
    WHERE account_id = $1 AND ${samePrincipal("principal_id", "$2::text")} AND ended_at IS NULL AND ${within("last_seen_at", "$3")} AND ${within("created_at", "$4")}
    ORDER BY last_seen_at DESC, id DESC`,
}

const end = {
  name: "end-console-session",
  text: `
    WITH s AS (
      UPDATE console_session SET ended_at = clock_timestamp(), ended_by = $4 WHERE id = $1 AND account_id = $2 AND ${samePrincipal("principal_id", "$3::text")} AND ended_at IS NULL RETURNING id
    ), a AS (
      INSERT INTO audit (kind, principal_id, account_id, detail) SELECT 'console.sessionEnded', $3, $2, jsonb_build_object('sessionId', id, 'why', $4::text) FROM s
    )
    SELECT id FROM s`,
}

/** A month beyond the longest life. */
const forget = {
  name: "forget-console-sessions",
  text: "WITH gone AS (DELETE FROM console_session WHERE created_at < clock_timestamp() - $1 * interval '1 millisecond' - interval '30 days' RETURNING 1) SELECT count(*) AS count FROM gone",
}
