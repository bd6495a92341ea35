import type { FactorHolder, FactorResets } from "../../accounts/factors/factor-store.ts"
import type { Database } from "./database.ts"
import { inScope, scopeValue } from "./scope.ts"
import { isOwners } from "./second-factors.ts"

/** People who lost their second factors, in PostgreSQL. Who holds a role is helped only by whoever may give roles: to reset is half the way to being him. */
export function createFactorResets(database: Pick<Database, "query" | "transaction">): FactorResets {
  return {
    search: (scope, text, limit) => database.query<FactorHolder>(search, [scopeValue(scope), `%${text.replace(/[\\%_]/g, "\\$&")}%`, limit]),
    reset: ({ scope, owner: { accountId, principalId }, ofAdministrators, by }) =>
      database.transaction(async (tx) => {
        const owner = [accountId, principalId]
        const [found] = await tx.query<{ administrator: boolean }>(inReach, [...owner, scopeValue(scope)])
        if (!found) return "none"
        if (found.administrator && !ofAdministrators) return "administrator"
        const ended = await tx.query<{ kind: string; name: string }>({ text: `UPDATE second_factor SET ended_at = clock_timestamp(), ended_by = $3, secret = NULL WHERE ended_at IS NULL AND ${isOwners()} RETURNING kind, name` }, [...owner, `reset by ${by}`])
        if (ended.length === 0) return "none"
        await tx.query({ text: `DELETE FROM recovery_code WHERE ${isOwners()}` }, owner)
        await tx.query({ text: `UPDATE console_session SET ended_at = clock_timestamp(), ended_by = 'second factor reset' WHERE ended_at IS NULL AND ${isOwners()}` }, owner)
        await tx.query({ text: "INSERT INTO audit (kind, principal_id, account_id, detail) VALUES ('secondFactor.reset', $2, $1, jsonb_build_object('by', $3::text, 'removed', $4::jsonb))" }, [...owner, by, JSON.stringify(ended)])
        return "done"
      }),
  }
}

/** Of the account `a` and the principal `p` (or nobody). */
const hasRole = `EXISTS (SELECT FROM administrator r WHERE r.ended_at IS NULL AND CASE WHEN p.id IS NULL THEN r.principal_id IS NULL AND r.account_id = a.id ELSE r.principal_id = p.id END)`
const unit = "coalesce(p.unit_code, a.unit_code)"

const search = {
  name: "search-factor-holders",
  text: `
    WITH holder AS (
      SELECT min(account_id) AS account_id, principal_id, count(*) AS factors, max(last_used_at) AS last_used_at
      FROM second_factor WHERE ended_at IS NULL GROUP BY principal_id, CASE WHEN principal_id IS NULL THEN account_id END
    )
    SELECT a.id AS "accountId", p.id AS "principalId", a.address, coalesce(p.name, a.display_name) AS name, u.name AS "unitName", h.factors,
      (extract(epoch FROM h.last_used_at) * 1000)::bigint AS "lastUsedAt", ${hasRole} AS administrator
    FROM holder h JOIN account a ON a.id = h.account_id LEFT JOIN principal p ON p.id = h.principal_id JOIN organization_unit u ON u.code = ${unit}
    WHERE ${inScope(unit, "$1")} AND (a.address ILIKE $2 OR coalesce(p.name, a.display_name) ILIKE $2)
    ORDER BY a.address LIMIT $3`,
}

const inReach = {
  name: "factor-holder-in-reach",
  text: `
    SELECT ${hasRole} AS administrator FROM account a LEFT JOIN principal p ON p.id = $2
    WHERE a.id = $1 AND ($2::text IS NULL OR p.id IS NOT NULL) AND ${inScope(unit, "$3")}`,
}
