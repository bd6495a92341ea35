import { provinceDate } from "../../accounts/province-date.ts"
import type { Clock } from "../../base/clock.ts"
import type { CertificateBatch, CertificateEntries, CertificateEntry } from "../certificate-entries.ts"
import type { Database } from "./database.ts"

const defaultBatch = 200

interface EntryRow extends CertificateEntry {
  readonly version: number
}

export function createCertificateEntries({ database, clock }: { readonly database: Pick<Database, "query">; readonly clock: Clock }): CertificateEntries {
  const read = (statement: { readonly name: string; readonly text: string }, values: readonly unknown[]): Promise<EntryRow[]> => {
    const now = clock.now()
    return database.query<EntryRow>(statement, [new Date(now), provinceDate(now), ...values])
  }
  return {
    async *batches({ since, batchSize = defaultBatch } = {}): AsyncGenerator<CertificateBatch, void, undefined> {
      const [directory] = await database.query<{ version: number }>({ name: "directory-version", text: "SELECT version FROM directory_version" })
      if (directory?.version === since) return
      for (let after = 0, more = true; more; ) {
        const rows = await read(batch, [after, batchSize])
        const last = rows.at(-1)
        if (last) yield { version: last.version, entries: rows.map(entryOf) }
        after = last?.accountId ?? after
        more = rows.length === batchSize
      }
    },
    async find(address) {
      const [row] = await read(one, [address])
      return row && entryOf(row)
    },
  }
}

const entryOf = ({ accountId, address, displayName, unitNames, title, certificates }: EntryRow): CertificateEntry => ({ accountId, address, displayName, unitNames, title, certificates })

interface Choice {
  readonly ofAccount: string
  readonly ofAssignment: string
  readonly limit: string
}

/** A message to an account is for its owner to read; who may only sign for it has another certificate. `$1` is the time, `$2` the province's date. */
const entries = ({ ofAccount, ofAssignment, limit }: Choice): string => `
  WITH RECURSIVE held AS (
    SELECT s.account_id, array_agg(c.der ORDER BY c.not_after DESC, c.fingerprint) AS certificates, max(p.title) AS title
    FROM certificate c JOIN principal p ON p.id = c.principal_id JOIN assignment s ON s.principal_id = c.principal_id
    WHERE c.state = 'active' AND p.suspended_at IS NULL AND c.not_before <= $1::timestamptz AND c.not_after > $1::timestamptz
      AND (c.valid_from IS NULL OR c.valid_from <= $2::date) AND (c.valid_until IS NULL OR c.valid_until >= $2::date)
      AND 'owner' = ANY (s.rights) AND (s.valid_from IS NULL OR s.valid_from <= $2::date) AND (s.valid_until IS NULL OR s.valid_until >= $2::date)
      AND (NOT EXISTS (SELECT FROM certificate_account b WHERE b.fingerprint = c.fingerprint)
        OR EXISTS (SELECT FROM certificate_account b WHERE b.fingerprint = c.fingerprint AND b.account_id = s.account_id))
      AND ${ofAssignment}
    GROUP BY s.account_id
  ), page AS (
    SELECT a.id, a.address, a.display_name, a.unit_code, h.certificates, h.title FROM account a JOIN held h ON h.account_id = a.id
    WHERE a.suspended_at IS NULL AND ${ofAccount} ORDER BY a.id ${limit}
  ), tree AS (
    SELECT DISTINCT unit_code AS leaf, unit_code AS code, 1 AS height FROM page
    UNION ALL
    SELECT t.leaf, o.parent_code, t.height + 1 FROM tree t JOIN organization_unit o ON o.code = t.code WHERE o.parent_code IS NOT NULL AND t.height < 20
  ), named AS (
    SELECT t.leaf, array_agg(o.name ORDER BY t.height) AS names FROM tree t JOIN organization_unit o ON o.code = t.code GROUP BY t.leaf
  )
  SELECT v.version, p.id AS "accountId", p.address, p.display_name AS "displayName", n.names AS "unitNames", p.title, p.certificates
  FROM page p JOIN named n ON n.leaf = p.unit_code CROSS JOIN directory_version v ORDER BY p.id`

const batch = { name: "certificate-entries", text: entries({ ofAccount: "a.id > $3", ofAssignment: "s.account_id > $3", limit: "LIMIT $4" }) }

const one = { name: "certificate-entry", text: entries({ ofAccount: "a.address = $3", ofAssignment: "s.account_id = (SELECT id FROM account WHERE address = $3)", limit: "" }) }
