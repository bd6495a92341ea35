import type { FactorStore, FactorSummary, StoredPasskey, StoredTotp } from "../../accounts/factors/factor-store.ts"
import type { Database, Statement } from "./database.ts"

/** Second factors in PostgreSQL. One that was removed is kept without its secret, so that the audit can still name it. */
export function createFactorStore(database: Pick<Database, "query" | "transaction">): FactorStore {
  const happens = async (statement: Statement, values: readonly unknown[]): Promise<boolean> => (await database.query(statement, values)).length > 0
  return {
    async list({ accountId, principalId }) {
      const [factors, [codes]] = await Promise.all([database.query<FactorSummary>(list, [accountId, principalId]), database.query<{ left: number }>(codesLeft, [accountId, principalId])])
      return { factors, recoveryCodesLeft: codes?.left ?? 0 }
    },
    totps: ({ accountId, principalId }) => database.query<StoredTotp>(totps, [accountId, principalId]),
    passkeys: ({ accountId, principalId }) => database.query<StoredPasskey>(passkeys, [accountId, principalId]),
    async passkey(credentialId) {
      const [found] = await database.query<StoredPasskey>(passkey, [credentialId])
      return found
    },
    async addTotp({ owner: { accountId, principalId }, name, sessionId, secret, lastStep }) {
      await database.query(addTotp, [accountId, principalId, sessionId, name, secret, lastStep])
    },
    addPasskey: ({ owner: { accountId, principalId }, name, sessionId, credentialId, publicKey, signCount, transports }) => happens(addPasskey, [accountId, principalId, sessionId, name, credentialId, publicKey, signCount, transports]),
    useTotp: (id, { step, clientAddress }) => happens(useTotp, [id, step, clientAddress]),
    usePasskey: (id, { signCount, clientAddress }) => happens(usePasskey, [id, signCount, clientAddress]),
    useRecoveryCode: ({ accountId, principalId }, { hash, clientAddress }) => happens(useRecoveryCode, [accountId, principalId, hash, clientAddress]),
    setRecoveryCodes: ({ accountId, principalId }, hashes) =>
      database.transaction(async (tx) => {
        await tx.query({ text: `DELETE FROM recovery_code WHERE ${isOwners()}` }, [accountId, principalId])
        await tx.query({ text: "INSERT INTO recovery_code (account_id, principal_id, hash) SELECT $1, $2, unnest($3::bytea[])" }, [accountId, principalId, hashes])
        await tx.query({ text: "INSERT INTO audit (kind, principal_id, account_id, detail) VALUES ('secondFactor.recoveryCodesMade', $2, $1, jsonb_build_object('codes', $3::int))" }, [accountId, principalId, hashes.length])
      }),
    remove: ({ accountId, principalId }, id, { needed }) =>
      database.transaction(async (tx) => {
        // all of them: two that are removed at once must not each leave the other
        const factors = await tx.query<{ id: number }>(lockFactors, [accountId, principalId])
        if (!factors.some((factor) => factor.id === id)) return "none"
        if (needed && factors.length === 1) return "last"
        const removed = await tx.query(remove, [accountId, principalId, id])
        await tx.query({ text: `DELETE FROM recovery_code WHERE ${isOwners()} AND NOT EXISTS (SELECT FROM second_factor WHERE ended_at IS NULL AND ${isOwners()})` }, [accountId, principalId])
        return removed.length > 0 ? "removed" : "none"
      }),
    spend: (sha256) => happens(spend, [sha256]),
  }
}

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`

/** Rows of the owner $1 (account), $2 (principal, or null). */
export const isOwners = (prefix = ""): string => `(CASE WHEN $2::text IS NULL THEN ${prefix}principal_id IS NULL AND ${prefix}account_id = $1 ELSE ${prefix}principal_id = $2 END)`

const list = {
  name: "list-factors",
  text: `SELECT id, kind, name, ${ms("created_at")} AS "createdAt", ${ms("last_used_at")} AS "lastUsedAt", last_used_from AS "lastUsedFrom" FROM second_factor WHERE ended_at IS NULL AND ${isOwners()} ORDER BY id`,
}

const codesLeft = { name: "recovery-codes-left", text: `SELECT count(*) AS left FROM recovery_code WHERE used_at IS NULL AND ${isOwners()}` }

const totps = { name: "totps", text: `SELECT id, secret FROM second_factor WHERE kind = 'totp' AND ended_at IS NULL AND ${isOwners()} ORDER BY last_used_at DESC NULLS LAST, id` }

const passkeyColumns = `id, account_id AS "accountId", principal_id AS "principalId", credential_id AS "credentialId", public_key AS "publicKey", sign_count AS "signCount", transports`
const passkeys = { name: "passkeys", text: `SELECT ${passkeyColumns} FROM second_factor WHERE kind = 'passkey' AND ended_at IS NULL AND ${isOwners()} ORDER BY id` }
const passkey = { name: "passkey", text: `SELECT ${passkeyColumns} FROM second_factor WHERE credential_id = $1 AND ended_at IS NULL` }

/** Of the factor `f`: its entry in the audit, and the end of sessions that a password alone has opened elsewhere ($3: the one that stays). */
const added = `
  a AS (
    INSERT INTO audit (kind, principal_id, account_id, detail) SELECT 'secondFactor.added', $2, $1, jsonb_build_object('factorId', id, 'kind', kind, 'name', name) FROM f
  ), s AS (
    UPDATE console_session c SET ended_at = clock_timestamp(), ended_by = 'second factor added' FROM f
    WHERE c.ended_at IS NULL AND c.id <> $3 AND c.second_factor <> 'passed' AND ${isOwners("c.")}
  )
  SELECT id FROM f`

const addTotp = {
  name: "add-totp",
  text: `
    WITH f AS (
      INSERT INTO second_factor (account_id, principal_id, kind, name, secret, last_step) VALUES ($1, $2, 'totp', $4, $5, $6) RETURNING id, kind, name
    ), ${added}`,
}

const addPasskey = {
  name: "add-passkey",
  text: `
    WITH f AS (
      INSERT INTO second_factor (account_id, principal_id, kind, name, credential_id, public_key, sign_count, transports) VALUES ($1, $2, 'passkey', $4, $5, $6, $7, $8)
      ON CONFLICT (credential_id) WHERE ended_at IS NULL DO NOTHING RETURNING id, kind, name
    ), ${added}`,
}

/** Of the factor `f`, used from `address`. */
const used = (address: string): string => `
  a AS (
    INSERT INTO audit (kind, principal_id, account_id, client_address, detail) SELECT 'secondFactor.used', principal_id, account_id, ${address}, jsonb_build_object('factorId', id, 'kind', kind, 'name', name) FROM f
  )
  SELECT id FROM f`

const useTotp = {
  name: "use-totp",
  text: `
    WITH f AS (
      UPDATE second_factor SET last_step = $2, last_used_at = clock_timestamp(), last_used_from = $3 WHERE id = $1 AND last_step < $2 AND ended_at IS NULL RETURNING id, kind, name, principal_id, account_id
    ), ${used("$3")}`,
}

/** WebAuthn Level 3 §7.2, step 22: a count that stays 0 is none; any other must grow. */
const usePasskey = {
  name: "use-passkey",
  text: `
    WITH f AS (
      UPDATE second_factor SET sign_count = $2, last_used_at = clock_timestamp(), last_used_from = $3
      WHERE id = $1 AND (sign_count < $2 OR sign_count = 0 AND $2 = 0) AND ended_at IS NULL RETURNING id, kind, name, principal_id, account_id
    ), ${used("$3")}`,
}

const useRecoveryCode = {
  name: "use-recovery-code",
  text: `
    WITH c AS (
      UPDATE recovery_code SET used_at = clock_timestamp(), used_from = $4 WHERE used_at IS NULL AND hash = $3 AND ${isOwners()} RETURNING id, principal_id, account_id
    ), a AS (
      INSERT INTO audit (kind, principal_id, account_id, client_address, detail) SELECT 'secondFactor.recoveryCodeUsed', principal_id, account_id, $4, jsonb_build_object('codeId', id) FROM c
    )
    SELECT id FROM c`,
}

const lockFactors = { name: "lock-factors", text: `SELECT id FROM second_factor WHERE ended_at IS NULL AND ${isOwners()} ORDER BY id FOR UPDATE` }

const remove = {
  name: "remove-factor",
  text: `
    WITH f AS (
      UPDATE second_factor SET ended_at = clock_timestamp(), ended_by = 'removed by its holder', secret = NULL WHERE id = $3 AND ended_at IS NULL AND ${isOwners()} RETURNING id, kind, name
    ), a AS (
      INSERT INTO audit (kind, principal_id, account_id, detail) SELECT 'secondFactor.removed', $2, $1, jsonb_build_object('factorId', id, 'kind', kind, 'name', name) FROM f
    )
    SELECT id FROM f`,
}

/** Those that no challenge can be as old as go on the way. */
const spend = {
  name: "spend-challenge",
  text: `
    WITH old AS (DELETE FROM spent_challenge WHERE spent_at < clock_timestamp() - interval '1 day')
    INSERT INTO spent_challenge (sha256) VALUES ($1) ON CONFLICT DO NOTHING RETURNING 1`,
}
