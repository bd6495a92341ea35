import type { ApiToken, ApiTokenHolder, ApiTokenStore } from "../../accounts/api-token.ts"
import { gather } from "../../base/gather.ts"
import type { Database } from "./database.ts"

/** Keys to the API in PostgreSQL. A revoked one is kept, so that the audit can still name it. */
export function createApiTokenStore(database: Pick<Database, "query">): ApiTokenStore {
  const find = gather(async (hashes: readonly Uint8Array[]) => {
    const rows = await database.query<ApiTokenHolder & { readonly sha256: Buffer; readonly stale: boolean }>(live, [hashes])
    const found = new Map(rows.map(({ sha256, ...row }) => [sha256.toString("hex"), row]))
    return hashes.map((hash) => found.get(Buffer.from(hash).toString("hex")))
  }, { maxItems: 100, atOnce: 1 })
  return {
    async live(sha256) {
      const holder = await find(sha256)
      if (!holder) return undefined
      const { stale, ...token } = holder
      if (stale) await database.query(used, [token.id])
      return token
    },
    async add({ name, sha256, scopes, createdBy, expiresAt, sender, unitCode }) {
      const [row] = await database.query<{ id: number }>(add, [name, sha256, scopes, createdBy, expiresAt, sender?.accountId ?? null, sender?.principalId ?? null, unitCode ?? null])
      if (row === undefined) throw new Error("a token was not stored")
      return row.id
    },
    list: () => database.query<ApiToken>(list),
    revoke: async (id, by) => (await database.query(revoke, [id, by])).length > 0,
    senderOf: async (accountId) => (await database.query<ApiTokenHolder>(senderOf, [accountId]))[0],
    setWebhook: async (id, webhook, by) => (await database.query(setWebhook, [id, webhook?.url ?? null, webhook?.secret ?? null, by])).length > 0,
  }
}

const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

const isLive = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())"

const holder = `id, name, scopes, account_id AS "accountId", principal_id AS "principalId", webhook_url IS NOT NULL AS webhook, unit_code AS "unitCode"`

const live = {
  name: "live-api-token",
  text: `SELECT ${holder}, coalesce(last_used_at < clock_timestamp() - interval '1 minute', true) AS stale, sha256 FROM api_token WHERE sha256 = ANY ($1::bytea[]) AND ${isLive}`,
}

const used = { name: "api-token-used", text: "UPDATE api_token SET last_used_at = clock_timestamp() WHERE id = $1" }

const add = {
  name: "add-api-token",
  text: `
    WITH t AS (INSERT INTO api_token (name, sha256, scopes, created_by, expires_at, account_id, principal_id, unit_code) VALUES ($1, $2, $3, $4, to_timestamp($5::float8 / 1000), $6, $7, $8) RETURNING id, name, scopes, created_by, account_id, unit_code),
    a AS (INSERT INTO audit (kind, detail) SELECT 'apiToken.created', jsonb_build_object('tokenId', id, 'name', name, 'scopes', scopes, 'accountId', account_id, 'unitCode', unit_code, 'by', created_by) FROM t)
    SELECT id FROM t`,
}

const list = {
  name: "list-api-tokens",
  text: `SELECT ${holder}, ${ms("created_at")} AS "createdAt", created_by AS "createdBy", ${ms("expires_at")} AS "expiresAt", ${ms("last_used_at")} AS "lastUsedAt", ${ms("revoked_at")} AS "revokedAt" FROM api_token ORDER BY id`,
}

const senderOf = {
  name: "api-token-of-sender",
  text: `SELECT ${holder} FROM api_token WHERE account_id = $1 AND 'notifications:send' = ANY (scopes) AND ${isLive} ORDER BY id LIMIT 1`,
}

const setWebhook = {
  name: "set-api-token-webhook",
  text: `
    WITH t AS (UPDATE api_token SET webhook_url = $2, webhook_secret = $3 WHERE id = $1 AND account_id IS NOT NULL AND ${isLive} RETURNING id, name),
    a AS (INSERT INTO audit (kind, detail) SELECT 'apiToken.webhook', jsonb_build_object('tokenId', id, 'name', name, 'url', $2::text, 'by', $4::text) FROM t)
    SELECT id FROM t`,
}

const revoke = {
  name: "revoke-api-token",
  text: `
    WITH t AS (UPDATE api_token SET revoked_at = clock_timestamp(), revoked_by = $2 WHERE id = $1 AND ${isLive} RETURNING id, name),
    a AS (INSERT INTO audit (kind, detail) SELECT 'apiToken.revoked', jsonb_build_object('tokenId', id, 'name', name, 'by', $2::text) FROM t)
    SELECT id FROM t`,
}
