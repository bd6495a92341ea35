import type { KnownAnswer, RevocationDocument, RevocationStore } from "../../pki/revocation/revocation-store.ts"
import type { Database, Transaction } from "./database.ts"

/** What sources of revocation said, in PostgreSQL. Must not know: how it was verified, whether it is recent enough. */
export function createRevocationStore({ database }: { readonly database: Database }): RevocationStore {
  return {
    async latest(source) {
      const [row] = await database.query<{ sha256: string; fetchedAt: number }>(latest, [source])
      return row
    },
    saveLatest: (source, document, fetchedAt) =>
      database.transaction(async (tx) => {
        await keep(tx, document)
        await tx.query(saveLatest, [source, hexBytes(document.sha256), fetchedAt])
      }),
    keep: (document) => database.transaction((tx) => keep(tx, document)),
    async read(sha256) {
      const key = hexBytes(sha256)
      const [document] = await database.query<{ size: number }>(documentSize, [key])
      if (!document) return undefined
      const bytes = Buffer.alloc(document.size)
      for (let number = 0; number * pieceBytes < document.size; number++) {
        const [piece] = await database.query<{ bytes: Buffer }>(readPiece, [key, number])
        // deleted between two pieces
        if (!piece) return undefined
        bytes.set(piece.bytes, number * pieceBytes)
      }
      return bytes
    },
    async saveAnswers(answers, at) {
      // two rows for one certificate in one statement would be refused; the last one counts
      const rows = [...new Map(answers.map((answer) => [answer.fingerprint, answer])).values()]
      const column = <T>(of: (answer: (typeof rows)[number]) => T): readonly T[] => rows.map(of)
      const changed = await database.query<{ fingerprint: string }>(saveAnswers, [
        column(({ fingerprint }) => hexBytes(fingerprint)), column(({ status }) => status), column(({ source }) => source), column(({ producedAt }) => producedAt), column(({ nextUpdate }) => nextUpdate),
        column(({ revokedAt }) => revokedAt), column(({ reason }) => reason), column(({ evidence }) => (evidence === null ? null : hexBytes(evidence))), at,
      ])
      return changed.map(({ fingerprint }) => fingerprint)
    },
    answers: (fingerprints) => database.query<KnownAnswer>(answersOf, [fingerprints.map(hexBytes)]),
    deleteUnused: (before) =>
      database.transaction(async (tx) => {
        await tx.query(deleteSources, [before])
        const references = await tx.query<{ condition: string }>(foreignKeys)
        const unused = references.map(({ condition }) => `NOT EXISTS (${condition})`).join(" AND ")
        const rows = await tx.query({ text: `DELETE FROM revocation_document d WHERE d.kept_at < ${timestamp("$1")} AND ${unused} RETURNING 1` }, [before])
        return rows.length
      }),
  }
}

const pieceBytes = 256 * 1024

const hexBytes = (hex: string): Buffer => Buffer.from(hex, "hex")
const timestamp = (parameter: string): string => `to_timestamp(${parameter}::double precision / 1000)`
const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`

/** Writes what is not there yet. Of two who keep the same document at once the second waits for the first and finds it. */
async function keep(tx: Transaction, { sha256, kind, der }: RevocationDocument): Promise<void> {
  const key = hexBytes(sha256)
  const [row] = await tx.query<{ isNew: boolean }>(keepDocument, [key, kind, der.length])
  if (!row?.isNew) return
  for (let number = 0; number * pieceBytes < der.length; number++) {
    await tx.query(keepPiece, [key, number, der.subarray(number * pieceBytes, (number + 1) * pieceBytes)])
  }
}

const latest = { name: "revocation-latest", text: `SELECT encode(document, 'hex') AS sha256, ${ms("fetched_at")} AS "fetchedAt" FROM revocation_source WHERE source = $1` }

const keepDocument = {
  name: "revocation-keep",
  text: `INSERT INTO revocation_document AS d (sha256, kind, size) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO UPDATE SET kept_at = clock_timestamp() RETURNING xmax = 0 AS "isNew"`,
}
const keepPiece = { name: "revocation-keep-piece", text: "INSERT INTO revocation_piece (sha256, number, bytes) VALUES ($1, $2, $3)" }
const documentSize = { name: "revocation-size", text: "SELECT size FROM revocation_document WHERE sha256 = $1" }
const readPiece = { name: "revocation-read-piece", text: "SELECT bytes FROM revocation_piece WHERE sha256 = $1 AND number = $2" }

const saveLatest = {
  name: "revocation-save-latest",
  text: `
    INSERT INTO revocation_source AS s (source, document, fetched_at) VALUES ($1, $2, ${timestamp("$3")})
    ON CONFLICT (source) DO UPDATE SET document = excluded.document, fetched_at = excluded.fetched_at WHERE s.fetched_at < excluded.fetched_at`,
}

/** Ordered by key, so that two processes at it never wait for each other in a circle. */
const saveAnswers = {
  name: "revocation-save-answers",
  text: `
    WITH given AS (
      SELECT fingerprint, status, source, ${timestamp("produced_at")} AS produced_at, ${timestamp("next_update")} AS next_update, ${timestamp("revoked_at")} AS revoked_at, reason, document
      FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::bytea[])
        AS g (fingerprint, status, source, produced_at, next_update, revoked_at, reason, document)
    ), before AS (
      SELECT a.fingerprint, a.status FROM revocation_answer a JOIN given USING (fingerprint)
    ), saved AS (
      INSERT INTO revocation_answer AS a (fingerprint, status, source, produced_at, next_update, revoked_at, reason, document, checked_at)
      SELECT fingerprint, status, source, produced_at, next_update, revoked_at, reason, document, ${timestamp("$9")} FROM given ORDER BY fingerprint
      ON CONFLICT (fingerprint) DO UPDATE SET status = excluded.status, source = excluded.source, produced_at = excluded.produced_at, next_update = excluded.next_update,
        revoked_at = excluded.revoked_at, reason = excluded.reason, document = excluded.document, checked_at = excluded.checked_at
    )
    SELECT encode(g.fingerprint, 'hex') AS fingerprint FROM given g LEFT JOIN before b USING (fingerprint) WHERE b.status IS DISTINCT FROM g.status`,
}

const answersOf = {
  name: "revocation-answers",
  text: `
    SELECT encode(fingerprint, 'hex') AS fingerprint, status, source, ${ms("produced_at")} AS "producedAt", ${ms("next_update")} AS "nextUpdate", ${ms("revoked_at")} AS "revokedAt", reason,
      encode(document, 'hex') AS evidence, ${ms("checked_at")} AS "checkedAt"
    FROM revocation_answer WHERE fingerprint = ANY ($1::bytea[]) ORDER BY fingerprint`,
}

const deleteSources = { name: "revocation-delete-sources", text: `DELETE FROM revocation_source WHERE fetched_at < ${timestamp("$1")}` }

/** Whatever has a foreign key to a document keeps it, tables made by later migrations included. */
const foreignKeys = {
  name: "revocation-references",
  text: `
    SELECT format('SELECT FROM %s r WHERE r.%I = d.sha256', c.conrelid::regclass, a.attname) AS condition
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND c.confrelid = 'revocation_document'::regclass AND c.conrelid <> 'revocation_piece'::regclass`,
}
