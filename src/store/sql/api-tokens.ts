import type { ApiToken, ApiTokenHolder, ApiTokenStore } from "../../accounts/api-token.ts"
import type { Database } from "./database.ts"

/** Keys to the API in PostgreSQL. A revoked one is kept, so that the audit can still name it. */
export function createApiTokenStore(database: Pick<Database, "query">): ApiTokenStore {
  return {
    async live(sha256) {
      const [holder] = await database.query<ApiTokenHolder & { readonly stale: boolean }>(live, [sha256])
      if (!holder) return undefined
      const { stale, ...token } = holder
      if (stale) await database.query(used, [token.id])
      return token
    },
    async add({ name, sha256, scopes, createdBy, expiresAt }) {
      const [row] = await database.query<{ id: number }>(add, [name, sha256, scopes, createdBy, expiresAt])
      if (row === undefined) throw new Error("a token was not stored")
      return row.id
    },
    list: () => database.query<ApiToken>(list),
    revoke: async (id, by) => (await database.query(revoke, [id, by])).length > 0,
  }
}

const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

const isLive = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())"

const live = {
  name: "live-api-token",
  text: `SELECT id, name, scopes, coalesce(last_used_at < clock_timestamp() - interval '1 minute', true) AS stale FROM api_token WHERE sha256 = $1 AND ${isLive}`,
}

const used = { name: "api-token-used", text: "UPDATE api_token SET last_used_at = clock_timestamp() WHERE id = $1" }

const add = {
  name: "add-api-token",
  text: `
    WITH t AS (INSERT INTO api_token (name, sha256, scopes, created_by, expires_at) VALUES ($1, $2, $3, $4, to_timestamp($5::float8 / 1000)) RETURNING id, name, scopes, created_by),
    a AS (INSERT INTO audit (kind, detail) SELECT 'apiToken.created', jsonb_build_object('tokenId', id, 'name', name, 'scopes', scopes, 'by', created_by) FROM t)
    SELECT id FROM t`,
}

const list = {
  name: "list-api-tokens",
  text: `SELECT id, name, scopes, ${ms("created_at")} AS "createdAt", created_by AS "createdBy", ${ms("expires_at")} AS "expiresAt", ${ms("last_used_at")} AS "lastUsedAt", ${ms("revoked_at")} AS "revokedAt" FROM api_token ORDER BY id`,
}

const revoke = {
  name: "revoke-api-token",
  text: `
    WITH t AS (UPDATE api_token SET revoked_at = clock_timestamp(), revoked_by = $2 WHERE id = $1 AND ${isLive} RETURNING id, name),
    a AS (INSERT INTO audit (kind, detail) SELECT 'apiToken.revoked', jsonb_build_object('tokenId', id, 'name', name, 'by', $2::text) FROM t)
    SELECT id FROM t`,
}
