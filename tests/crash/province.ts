import { appPasswordHash, newAppPassword } from "../../src/accounts/credential.ts"
import type { Database } from "../../src/store/sql/database.ts"

/** A small province for the crash test: accounts with an app password each, and a group of all of them. */
export interface CrashAccount {
  readonly id: number
  readonly address: string
  readonly password: string
}

export const domain = "vacham.example"
export const groupAddress = `tatca@${domain}`

export async function makeProvince(database: Database, count: number, appPasswordKey: Buffer): Promise<readonly CrashAccount[]> {
  await database.query({ text: `INSERT INTO organization_unit (code, name, kind, domain) VALUES ('VACHAM', 'Phòng thử va chạm', 'department', '${domain}')` })
  const accounts: CrashAccount[] = []
  for (let n = 1; n <= count; n++) {
    const address = `can.bo.${n}@${domain}`
    const password = newAppPassword()
    const [row] = await database.query<{ id: number }>(
      { text: "INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) VALUES ($1, 'personal', $2, 'VACHAM', 1e12) RETURNING id" },
      [address, `Cán bộ ${n}`],
    )
    if (!row) throw new Error("no account was made")
    await database.query({ text: "INSERT INTO mailbox (account_id, name, special_use) VALUES ($1, 'INBOX', NULL), ($1, 'Archive', '\\Archive')" }, [row.id])
    await database.query({ text: "INSERT INTO principal (id, kind, name, unit_code) VALUES ($1, 'individual', $2, 'VACHAM')" }, [`VC${n}`, `Cán bộ ${n}`])
    await database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) VALUES ($1, $2, '{owner}')" }, [row.id, `VC${n}`])
    await database.query({ text: "INSERT INTO credential (account_id, principal_id, kind, hash) VALUES ($1, $2, 'appPassword', $3)" }, [row.id, `VC${n}`, appPasswordHash(password, appPasswordKey)])
    accounts.push({ id: row.id, address, password })
  }
  await database.query({ text: "INSERT INTO mail_group (address, display_name) VALUES ($1, 'Tất cả')" }, [groupAddress])
  await database.query({ text: "INSERT INTO mail_group_member (group_address, member_address) SELECT $1, unnest($2::text[])" }, [groupAddress, accounts.map(({ address }) => address)])
  await database.query({ text: "UPDATE directory_version SET version = version + 1" })
  return accounts
}
