import { createHash } from "node:crypto"
import type { Database } from "../../src/store/sql/database.ts"

/** Rows of the registry for tests that do not look into the bytes. */
export interface CertificateRow {
  readonly name: string
  readonly holder: string
  readonly use?: "personal" | "organizational" | "mobile"
  readonly state?: "active" | "suspended" | "revoked"
  readonly notBefore?: number
  readonly notAfter: number
  readonly from?: string
  readonly until?: string
  /** Addresses of the accounts it speaks for; absent: all of its holder. */
  readonly accounts?: readonly string[]
}

export const fingerprintOf = (name: string): string => createHash("sha256").update(name).digest("hex")

export async function registerRows(database: Pick<Database, "query">, rows: readonly CertificateRow[]): Promise<void> {
  for (const row of rows) {
    await database.query(
      {
        text: `INSERT INTO certificate (fingerprint, issuer_hash, serial_number, der, subject, issuer, addresses, principal_id, use, not_before, not_after, valid_from, valid_until, state, source)
          VALUES ($1, 'ca', $1, $2, 'CN=' || $3, 'CN=CA', '{}', $4, $5, $6, $7, $8, $9, $10, 'test')`,
      },
      [
        fingerprintOf(row.name), Buffer.from(row.name), row.name, row.holder, row.use ?? "personal", new Date(row.notBefore ?? 0), new Date(row.notAfter), row.from ?? null, row.until ?? null, row.state ?? "active",
      ],
    )
    await database.query({ text: "INSERT INTO certificate_account (fingerprint, account_id) SELECT $1, id FROM account WHERE address = ANY ($2::text[])" }, [fingerprintOf(row.name), row.accounts ?? []])
  }
  await database.query({ text: "UPDATE directory_version SET version = version + 1" })
}
