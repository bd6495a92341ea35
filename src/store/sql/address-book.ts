import { provinceDate } from "../../accounts/province-date.ts"
import type { Clock } from "../../base/clock.ts"
import { failed, ok } from "../../base/result.ts"
import { failure } from "../../mail/failure.ts"
import type { AddressBookEntry, AddressBookSource } from "../address-book-source.ts"
import type { CertificateEntries } from "../certificate-entries.ts"
import { type Database, isUnavailable } from "./database.ts"

/** The people and offices of the directory, each joined with the certificates of its owner. Both are read in the order of account ids. */
export interface AddressBookSourceOptions {
  readonly database: Pick<Database, "query">
  readonly certificates: CertificateEntries
  readonly clock: Clock
}

const batchSize = 200

type PersonRow = Omit<AddressBookEntry, "certificates" | "units"> & { readonly unitCode: string }

export function createAddressBookSource({ database, certificates, clock }: AddressBookSourceOptions): AddressBookSource {
  return {
    async version() {
      const [row] = await database.query<{ version: number }>({ name: "directory-version", text: "SELECT version FROM directory_version" })
      return row?.version ?? 0
    },
    async *entries() {
      const unitNames = await readUnitNames(database)
      const certificatesOf = inOrder(certificates)
      try {
        for (let after = 0, more = true; more; ) {
          const rows = await database.query<PersonRow>(people, [after, batchSize, provinceDate(clock.now())])
          const batch: AddressBookEntry[] = []
          for (const { unitCode, ...person } of rows) batch.push({ ...person, units: unitNames(unitCode), certificates: await certificatesOf.of(person.accountId) })
          if (batch.length > 0) yield batch
          after = rows.at(-1)?.accountId ?? after
          more = rows.length === batchSize
        }
      } finally {
        await certificatesOf.close()
      }
    },
    async certificatesOf(address) {
      try {
        return ok((await certificates.find(address))?.certificates ?? [])
      } catch (error) {
        if (!isUnavailable(error)) throw error
        return failed(failure("unavailable", "The directory cannot be read now; try again in a moment."))
      }
    },
  }
}

/** Answers for ascending account ids from one pass over the certificates. */
function inOrder(certificates: CertificateEntries): { of(accountId: number): Promise<readonly Uint8Array[]>; close(): Promise<void> } {
  const batches = certificates.batches({ batchSize })
  let batch: readonly { readonly accountId: number; readonly certificates: readonly Uint8Array[] }[] = []
  let at = 0
  let ended = false
  return {
    async of(accountId) {
      for (;;) {
        for (let entry = batch[at]; entry && entry.accountId <= accountId; entry = batch[++at]) if (entry.accountId === accountId) return entry.certificates
        if (ended || at < batch.length) return []
        const next = await batches.next()
        if (next.done) ended = true
        else [batch, at] = [next.value.entries, 0]
      }
    },
    close: async () => void (await batches.return()),
  }
}

/** Names of a unit and of those above it; a few hundred rows, read once for a pass. */
async function readUnitNames(database: Pick<Database, "query">): Promise<(code: string) => readonly string[]> {
  const rows = await database.query<{ code: string; name: string; parent: string | null }>({ text: "SELECT code, name, parent_code AS parent FROM organization_unit" })
  const units = new Map(rows.map((row) => [row.code, row]))
  return (code) => {
    const names: string[] = []
    for (let unit = units.get(code); unit && names.length < maxUnitDepth; unit = unit.parent === null ? undefined : units.get(unit.parent)) names.push(unit.name)
    return names
  }
}

/** Deeper than any administration; the end of a circle, should one ever get into the table. */
const maxUnitDepth = 20

/** Title and telephone number are the owner's who holds the account on the day `$3`; an office has none. */
const people = {
  name: "address-book-people",
  text: `
    SELECT a.id AS "accountId", a.address, a.kind, a.display_name AS "displayName", a.unit_code AS "unitCode",
      coalesce(o.title, '') AS title, coalesce(o.phone, '') AS phone,
      ARRAY(SELECT l.address FROM alias l WHERE l.account_id = a.id ORDER BY l.address) AS aliases
    FROM account a LEFT JOIN LATERAL (
      SELECT p.title, p.phone FROM assignment s JOIN principal p ON p.id = s.principal_id
      WHERE s.account_id = a.id AND a.kind = 'personal' AND p.kind = 'individual' AND p.suspended_at IS NULL AND 'owner' = ANY (s.rights)
        AND (s.valid_from IS NULL OR s.valid_from <= $3::date) AND (s.valid_until IS NULL OR s.valid_until >= $3::date)
      ORDER BY p.id LIMIT 1
    ) o ON true
    WHERE a.suspended_at IS NULL AND a.id > $1 ORDER BY a.id LIMIT $2`,
}
