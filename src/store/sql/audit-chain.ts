import { setTimeout as wait } from "node:timers/promises"
import type { AuditChain, ChainState } from "../audit-store.ts"
import { type AuditEntry, type AuditSeal, chainHash, chainStart } from "../audit/entry.ts"
import type { AuditHead } from "../audit/head.ts"
import { advisoryLocks } from "./advisory-locks.ts"
import { entryColumns } from "./audit-rows.ts"
import type { Database } from "./database.ts"

/**
 * The chain in PostgreSQL. Ids commit out of their order, so the sealer must know that none below the last it takes can still appear. An INSERT locks the
 * table before it takes an id, and a commit can be seen before its locks are gone: once every transaction that held that lock after an id was handed
 * out has ended, all ids up to it are either there or never will be. Nobody waits for the sealer, and acceptances do nothing for it. Unlike transaction
 * ids this survives dump and restore. Must not know: when it is run.
 */
export interface AuditChainOptions {
  readonly database: Database
  /** Longest wait for writers in one call (ms); what they hold up is sealed by a later one. */
  readonly patienceMs?: number
}

/** Entries in one transaction: what is hashed without a pause is short. */
const batchSize = 100
const pageSize = 1_000
const pollMs = 20

export function createAuditChain({ database, patienceMs = 2_000 }: AuditChainOptions): AuditChain {
  /** Up to `through` nothing new can appear once none of `writers` is left. */
  let horizon: { readonly through: number; writers: ReadonlySet<string> } | undefined
  const writersNow = async (): Promise<ReadonlySet<string>> => new Set((await database.query<{ id: string }>(writers)).map(({ id }) => id))

  const settledThrough = async (): Promise<number | undefined> => {
    if (horizon === undefined) {
      const [row] = await database.query<{ through: number }>(lastId)
      // in this order: who took an id up to that one had the lock before
      horizon = { through: row?.through ?? 0, writers: await writersNow() }
    }
    for (let waited = 0; horizon.writers.size > 0; waited += pollMs) {
      if (waited >= patienceMs) return undefined
      await wait(pollMs)
      const now = await writersNow()
      horizon.writers = new Set([...horizon.writers].filter((writer) => now.has(writer)))
    }
    const { through } = horizon
    horizon = undefined
    return through
  }

  const sealBatch = (through: number): Promise<number> =>
    database.transaction(async (tx) => {
      const [lock] = await tx.query<{ taken: boolean }>({ text: "SELECT pg_try_advisory_xact_lock($1) AS taken" }, [advisoryLocks.auditSeal])
      if (!lock?.taken) return 0
      // nobody waits for the disk: a link that a power cut takes is made again, the same
      await tx.query({ text: "SET LOCAL synchronous_commit = off" })
      const [last = await readCheckpoint(tx)] = await tx.query<AuditSeal>(tip)
      const rows = await tx.query<AuditEntry>(nextEntries, [last.auditId, through, batchSize])
      if (rows.length === 0) return 0
      const hashes: Buffer[] = []
      for (const row of rows) hashes.push(chainHash(hashes.at(-1) ?? last.hash, row))
      await tx.query(insertSeals, [last.position, rows.map(({ id }) => id), hashes])
      return rows.length
    })

  const readCheckpoint = async (on: Pick<Database, "query"> = database): Promise<AuditSeal> =>
    (await on.query<AuditSeal>(checkpoint))[0] ?? { position: 0, auditId: 0, hash: chainStart }

  async function* seals(after: number): AsyncIterable<AuditSeal> {
    for (let last = after, more = true; more; ) {
      const page: readonly AuditSeal[] = await database.query<AuditSeal>(sealPage, [last, pageSize])
      yield* page
      last = page.at(-1)?.position ?? last
      more = page.length === pageSize
    }
  }

  async function* entries(afterId: number, throughId: number): AsyncIterable<AuditEntry> {
    for (let last = afterId, more = true; more; ) {
      const page: readonly AuditEntry[] = await database.query<AuditEntry>(nextEntries, [last, throughId, pageSize])
      yield* page
      last = page.at(-1)?.id ?? last
      more = page.length === pageSize
    }
  }

  return {
    async seal() {
      const through = await settledThrough()
      if (through === undefined) return { sealed: 0, complete: false }
      let sealed = 0
      for (let more = true; more; ) {
        const some = await sealBatch(through)
        sealed += some
        more = some === batchSize
      }
      return { sealed, complete: true }
    },
    async state() {
      const [row] = await database.query<ChainState>(state)
      if (!row) throw new Error("the state of the audit could not be read")
      return row
    },
    tip: async () => (await database.query<AuditSeal>(tip))[0] ?? readCheckpoint(),
    at: async (position) => (await database.query<AuditSeal>(sealAt, [position]))[0],
    seals,
    entries,
    positionOf: async (auditId) => (await database.query<{ position: number }>(positionOf, [auditId]))[0]?.position,
    strangers: async (limit) => (await database.query<{ id: number }>(strangers, [limit])).map(({ id }) => id),
    heads: (after) => database.query<AuditHead>(headsAfter, [after]),
    lastHead: async () => (await database.query<AuditHead>(lastHead))[0],
    addHead: async ({ position, auditId, hash, at, system, publicKey, signature, stamp }) =>
      (await database.query(addHead, [position, auditId, hash, at, system, publicKey, signature, stamp])).length > 0,
    checkpoint: () => readCheckpoint(),
    async forget(before) {
      await database.query(addCheckpoint, [before])
      let gone = 0
      for (let more = true; more; ) {
        const [row] = await database.query<{ gone: number }>(deletePrefix, [pageSize])
        gone += row?.gone ?? 0
        more = row?.gone === pageSize
      }
      return gone
    },
  }
}

/** Of the identity column; unlike a table it is read as it is now, whoever has committed. */
const lastId = { name: "audit-last-id", text: "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS through FROM audit_id_seq" }

/** Entries that can be seen were there before the sequence is read. */
const strangers = { name: "audit-strangers", text: `SELECT id FROM audit WHERE id > (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM audit_id_seq) ORDER BY id LIMIT $1` }

/** Virtual transaction ids are not used again. */
const writers = {
  name: "audit-writers",
  text: `SELECT virtualtransaction AS id FROM pg_locks
    WHERE locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND relation = 'audit'::regclass AND mode = 'RowExclusiveLock' AND granted`,
}

const tip = { name: "audit-tip", text: `SELECT position, audit_id AS "auditId", hash FROM audit_seal ORDER BY position DESC LIMIT 1` }
const sealAt = { name: "audit-seal-at", text: `SELECT position, audit_id AS "auditId", hash FROM audit_seal WHERE position = $1` }
const sealPage = { name: "audit-seals", text: `SELECT position, audit_id AS "auditId", hash FROM audit_seal WHERE position > $1 ORDER BY position LIMIT $2` }
const positionOf = { name: "audit-position", text: "SELECT position FROM audit_seal WHERE audit_id = $1" }
const nextEntries = { name: "audit-next-entries", text: `SELECT ${entryColumns} FROM audit a WHERE a.id > $1 AND a.id <= $2 ORDER BY a.id LIMIT $3` }

const insertSeals = {
  name: "audit-insert-seals",
  text: "INSERT INTO audit_seal (position, audit_id, hash) SELECT $1::bigint + t.n, t.id, t.hash FROM unnest($2::bigint[], $3::bytea[]) WITH ORDINALITY AS t (id, hash, n)",
}

const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

/** Of a link that there is: one beyond the end was put there by somebody who wants none to be signed. Where all links were forgotten, the checkpoint's. */
const ofTheChain = "position <= coalesce((SELECT max(position) FROM audit_seal), (SELECT max(position) FROM audit_checkpoint))"

const state = {
  name: "audit-state",
  text: `
    WITH last AS (SELECT coalesce((SELECT position FROM audit_seal ORDER BY position DESC LIMIT 1), 0) AS position,
        greatest((SELECT audit_id FROM audit_seal ORDER BY position DESC LIMIT 1), (SELECT max(audit_id) FROM audit_checkpoint), 0) AS audit_id),
      waiting AS (SELECT a.at FROM audit a WHERE a.id > (SELECT audit_id FROM last) ORDER BY a.id LIMIT 1),
      head AS (SELECT position, at FROM audit_head WHERE ${ofTheChain} ORDER BY position DESC LIMIT 1)
    SELECT last.position, coalesce(greatest(${ms("clock_timestamp() - waiting.at")}, 0), 0) AS "lagMs", coalesce(head.position, 0) AS "headPosition", ${ms("head.at")} AS "headAt"
    FROM last LEFT JOIN waiting ON true LEFT JOIN head ON true`,
}

const headColumns = `position, audit_id AS "auditId", hash, ${ms("at")} AS at, system, public_key AS "publicKey", signature, stamp`
const headsAfter = { name: "audit-heads", text: `SELECT ${headColumns} FROM audit_head WHERE position >= $1 ORDER BY position` }
const lastHead = { name: "audit-last-head", text: `SELECT ${headColumns} FROM audit_head WHERE ${ofTheChain} ORDER BY position DESC LIMIT 1` }
const addHead = {
  name: "audit-add-head",
  text: `INSERT INTO audit_head (position, audit_id, hash, at, system, public_key, signature, stamp) VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000), $5, $6, $7, $8)
    ON CONFLICT (position) DO NOTHING RETURNING position`,
}

const checkpoint = {
  name: "audit-checkpoint",
  text: `SELECT h.position, h.audit_id AS "auditId", h.hash FROM audit_checkpoint c JOIN audit_head h ON h.position = c.position ORDER BY c.position DESC LIMIT 1`,
}

/** A head is younger than all that it covers. */
const addCheckpoint = {
  name: "audit-add-checkpoint",
  text: `
    WITH c AS (
      INSERT INTO audit_checkpoint (position, audit_id) SELECT position, audit_id FROM audit_head WHERE at < to_timestamp($1::float8 / 1000) ORDER BY position DESC LIMIT 1
      ON CONFLICT (position) DO NOTHING RETURNING position, audit_id
    )
    INSERT INTO audit (kind, detail) SELECT 'audit.forgotten', jsonb_build_object('throughPosition', position, 'throughEntry', audit_id) FROM c`,
}

const deletePrefix = {
  name: "audit-delete-prefix",
  text: `
    WITH old AS (SELECT id FROM audit WHERE id <= (SELECT max(audit_id) FROM audit_checkpoint) ORDER BY id LIMIT $1),
      seals AS (DELETE FROM audit_seal WHERE audit_id IN (SELECT id FROM old)),
      gone AS (DELETE FROM audit WHERE id IN (SELECT id FROM old) RETURNING id)
    SELECT count(*) AS gone FROM gone`,
}
