import type { AdministratorStore, GrantOnRecord } from "../../accounts/administrators.ts"
import type { Database } from "./database.ts"

/** Administrators in PostgreSQL. Roles that were taken away are kept, so that the audit can still name them. */
export function createAdministratorStore(database: Pick<Database, "query">): AdministratorStore {
  return {
    // what a former person held with this account is nobody's any more, and would stand in the new one's way
    add: async ({ accountId, principalId, role, unitCode, by }) => (await database.query(add, [accountId, principalId, role, unitCode, by])).length > 0,
    list: () => database.query<GrantOnRecord>(list),
    async remove({ accountId, role, by }) {
      const [row] = await database.query<{ count: number }>(remove, [accountId, role, by])
      return row?.count ?? 0
    },
  }
}

const add = {
  name: "add-administrator",
  text: `
    WITH g AS (
      INSERT INTO administrator AS g (account_id, principal_id, role, unit_code, granted_by) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (account_id, role, coalesce(unit_code, '')) WHERE ended_at IS NULL
        DO UPDATE SET principal_id = excluded.principal_id, granted_at = clock_timestamp(), granted_by = excluded.granted_by WHERE g.principal_id IS DISTINCT FROM excluded.principal_id
      RETURNING id
    ), a AS (
      INSERT INTO audit (kind, principal_id, account_id, detail) SELECT 'administrator.added', $2, $1, jsonb_build_object('role', $3::text, 'unit', $4::text, 'by', $5::text) FROM g
    )
    SELECT id FROM g`,
}

const list = {
  name: "list-administrators",
  text: `
    SELECT a.address, g.principal_id AS "principalId", coalesce(p.name, '') AS name, g.role, g.unit_code AS "unitCode", u.name AS "unitName",
      (extract(epoch FROM g.granted_at) * 1000)::bigint AS "grantedAt", g.granted_by AS "grantedBy"
    FROM administrator g JOIN account a ON a.id = g.account_id LEFT JOIN principal p ON p.id = g.principal_id LEFT JOIN organization_unit u ON u.code = g.unit_code
    WHERE g.ended_at IS NULL ORDER BY a.address, g.id`,
}

const remove = {
  name: "remove-administrator",
  text: `
    WITH g AS (
      UPDATE administrator SET ended_at = clock_timestamp(), ended_by = $3 WHERE account_id = $1 AND ($2::text IS NULL OR role = $2) AND ended_at IS NULL RETURNING principal_id, role, unit_code
    ), a AS (
      INSERT INTO audit (kind, principal_id, account_id, detail) SELECT 'administrator.removed', principal_id, $1, jsonb_build_object('role', role, 'unit', unit_code, 'by', $3::text) FROM g
    )
    SELECT count(*) AS count FROM g`,
}
