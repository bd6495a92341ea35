import { failed, ok } from "../../base/result.ts"
import { failure } from "../../mail/failure.ts"
import type { ForwardingStore } from "../forwarding-store.ts"
import type { Database, Transaction } from "./database.ts"

/** Forwards in PostgreSQL. */
export function createForwardingStore(database: Pick<Database, "query" | "transaction">): ForwardingStore {
  return {
    get: async (accountId) => (await database.query<Awaited<ReturnType<ForwardingStore["get"]>> & object>(get, [accountId]))[0],
    set: ({ accountId, target, keepCopy, principalId }, directoryVersion) =>
      database.transaction(async (tx) => {
        const [now] = await tx.query<{ version: number }>({ text: "SELECT version FROM directory_version FOR UPDATE" })
        if (now?.version !== directoryVersion) return failed(failure("inUse", "the directory has changed"))
        await tx.query(set, [accountId, target, keepCopy, principalId])
        return ok(await nextVersion(tx))
      }),
    end: (accountId) =>
      database.transaction(async (tx) => {
        const ended = await tx.query(end, [accountId])
        return ended.length === 0 ? undefined : nextVersion(tx)
      }),
  }
}

async function nextVersion(tx: Transaction): Promise<number> {
  const [next] = await tx.query<{ version: number }>({ text: "UPDATE directory_version SET version = version + 1 RETURNING version" })
  return next?.version ?? 0
}

const shown = (row: string): string => `CASE WHEN ${row}.account_id IS NOT NULL THEN jsonb_build_object('target', ${row}.target, 'keepCopy', ${row}.keep_copy, 'principal', ${row}.principal_id) END`

const get = {
  name: "forwarding-of",
  text: `SELECT account_id AS "accountId", target, keep_copy AS "keepCopy", principal_id AS "principalId", (extract(epoch FROM set_at) * 1000)::bigint AS "setAt" FROM forwarding WHERE account_id = $1`,
}

const set = {
  name: "set-forwarding",
  text: `
    WITH before AS (SELECT * FROM forwarding WHERE account_id = $1), f AS (
      INSERT INTO forwarding AS f (account_id, target, keep_copy, principal_id) VALUES ($1, $2, $3, $4)
      ON CONFLICT (account_id) DO UPDATE SET target = excluded.target, keep_copy = excluded.keep_copy, principal_id = excluded.principal_id, set_at = clock_timestamp() RETURNING *
    )
    INSERT INTO audit (kind, principal_id, account_id, detail)
    SELECT 'account.forwardingSet', $4, $1, jsonb_build_object('before', ${shown("b")}, 'after', ${shown("f")}) FROM f LEFT JOIN before b ON true`,
}

const end = {
  name: "end-forwarding",
  text: `
    WITH f AS (DELETE FROM forwarding WHERE account_id = $1 RETURNING *), a AS (
      INSERT INTO audit (kind, account_id, detail) SELECT 'account.forwardingEnded', $1, jsonb_build_object('before', ${shown("f")}) FROM f
    )
    SELECT 1 FROM f`,
}
