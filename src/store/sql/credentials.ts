import type { CredentialStore, CredentialSummary, StoredCredential } from "../../accounts/credential.ts"
import { failed, ok } from "../../base/result.ts"
import { failure } from "../../mail/failure.ts"
import { type Database, isUnavailable } from "./database.ts"
import { holderOf } from "./holder-of.ts"

/** Credentials in PostgreSQL. A revoked one is kept, so that the audit can still name it. */
export function createCredentialStore(database: Database): CredentialStore {
  return {
    async live(accountId) {
      try {
        return ok(await database.query<StoredCredential>(live, [accountId]))
      } catch (error) {
        if (isUnavailable(error)) return failed(failure("unavailable", "Sign-in is not possible now; try again later."))
        throw error
      }
    },
    list: (accountId) => database.query<CredentialSummary>(list, [accountId]),
    setPassword: (accountId, hash, kept) =>
      database.transaction(async (tx) => {
        // Two at once would both revoke the old one and then collide.
        await tx.query({ text: "SELECT FROM account WHERE id = $1 FOR UPDATE" }, [accountId])
        if (kept && (await tx.query({ text: "SELECT FROM credential WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL" }, [kept.replaces, accountId])).length === 0) return false
        const before = await tx.query({ text: "UPDATE credential SET revoked_at = clock_timestamp() WHERE account_id = $1 AND (kind IN ('password', 'oneTime') OR $2) AND revoked_at IS NULL RETURNING id" }, [accountId, kept?.appPasswords === false])
        await tx.query({ text: `INSERT INTO credential (account_id, principal_id, kind, hash) VALUES ($1, ${holderOf("$1")}, 'password', $2)` }, [accountId, hash])
        await tx.query({ text: "INSERT INTO audit (kind, account_id, detail) VALUES ('credential.passwordSet', $1, jsonb_build_object('appPasswordsKept', $2::bool, 'first', $3::bool))" }, [accountId, kept?.appPasswords !== false, before.length === 0])
        await tx.query({ text: "UPDATE console_session SET ended_at = clock_timestamp(), ended_by = 'password changed' WHERE account_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $2" }, [accountId, kept?.sessionId ?? null])
        return true
      }),
    async used(credentialId, clientAddress) {
      await database.query(used, [credentialId, clientAddress])
    },
    async addAppPassword({ accountId, principalId, label, hash }) {
      const [row] = await database.query<{ id: number }>({ text: addAppPassword }, [accountId, principalId, label, hash])
      if (row === undefined) throw new Error("a credential was not stored")
      return row.id
    },
    async revoke(accountId, credentialId) {
      const rows = await database.query({ text: revoke }, [accountId, credentialId])
      return rows.length > 0
    },
  }
}

/** Lists of one-time passwords lie about on paper and in mail: one that nobody has used by then opens nothing. */
const oneTimeLife = "30 days"

const live = {
  name: "live-credentials",
  text: `
    SELECT c.id, c.kind, c.hash, c.principal_id AS "principalId", CASE WHEN c.kind = 'password' THEN ARRAY(
      SELECT DISTINCT f.principal_id FROM second_factor f WHERE f.ended_at IS NULL
      AND (f.principal_id IN (SELECT s.principal_id FROM assignment s WHERE s.account_id = $1 AND 'owner' = ANY (s.rights)) OR f.principal_id IS NULL AND f.account_id = $1)
    ) ELSE '{}' END AS "guardedFor"
    FROM credential c JOIN account a ON a.id = c.account_id LEFT JOIN principal p ON p.id = c.principal_id
    WHERE c.account_id = $1 AND c.revoked_at IS NULL AND a.suspended_at IS NULL AND p.suspended_at IS NULL
      AND (c.kind <> 'oneTime' OR c.created_at > clock_timestamp() - interval '${oneTimeLife}')
    ORDER BY c.id`,
}

const list = {
  name: "list-credentials",
  text: `SELECT id, kind, principal_id AS "principalId", label, (extract(epoch FROM created_at) * 1000)::bigint AS "createdAt",
      (extract(epoch FROM last_used_at) * 1000)::bigint AS "lastUsedAt", last_used_from AS "lastUsedFrom"
    FROM credential WHERE account_id = $1 AND revoked_at IS NULL ORDER BY id`,
}

const used = {
  name: "credential-used",
  text: "UPDATE credential SET last_used_at = clock_timestamp(), last_used_from = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')",
}

const addAppPassword = `
  WITH c AS (INSERT INTO credential (account_id, principal_id, kind, label, hash) VALUES ($1, $2, 'appPassword', $3, $4) RETURNING id),
  a AS (
    INSERT INTO audit (kind, principal_id, account_id, detail)
    SELECT 'credential.appPasswordCreated', $2, $1, jsonb_build_object('credentialId', id, 'label', $3::text) FROM c
  )
  SELECT id FROM c`

const revoke = `
  WITH c AS (
    UPDATE credential SET revoked_at = clock_timestamp() WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING id, principal_id, kind
  ), a AS (
    INSERT INTO audit (kind, principal_id, account_id, detail)
    SELECT 'credential.revoked', principal_id, $1, jsonb_build_object('credentialId', id, 'kind', kind) FROM c
  )
  SELECT id FROM c`
