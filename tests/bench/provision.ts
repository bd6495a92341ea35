import { join } from "node:path"
import { appPasswordHash } from "../../src/accounts/credential.ts"
import { defaultMailboxes } from "../../src/accounts/default-mailboxes.ts"
import { loadOrCreateKey } from "../../src/base/key-file.ts"
import { systemClock } from "../../src/base/clock.ts"
import type { Config } from "../../src/config/schema.ts"
import { newDkimKeys } from "../../src/mail/dkim/new-keys.ts"
import { prepareFiles } from "../../src/roles/prepare.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { connectDatabase } from "../../src/store/sql/connect.ts"
import { createDkimKeyStore } from "../../src/store/sql/dkim-keys.ts"
import { addressOf, passwordOf, type UserPattern } from "./target.ts"

/** Puts the bench users into an empty directory: one person, one account and one app password each, which must be 28 characters of its alphabet; and keys that sign what they send. */
export async function provision(config: Config, users: UserPattern, count: number): Promise<void> {
  const key = await loadOrCreateKey(join(config.dataDir, "keys", "credential.key"))
  const { database, close } = await connectDatabase(config, "congthu bench")
  try {
    const numbers = Array.from({ length: count }, (_, index) => index + 1)
    const addresses = numbers.map((number) => addressOf({ users }, number))
    const hashes = numbers.map((number) => {
      const hash = appPasswordHash(passwordOf({ users }, number), key)
      if (hash === undefined) throw new Error(`${users.password} does not give app passwords`)
      return hash
    })
    const mailboxes = defaultMailboxes(false)
    await database.transaction(async (tx) => {
      const domain = users.address.slice(users.address.indexOf("@") + 1)
      await tx.query({ text: "INSERT INTO organization_unit (code, name, kind, domain) VALUES ('BENCH', 'Bench', 'department', $1)" }, [domain])
      await tx.query({ text: "INSERT INTO principal (id, kind, name, unit_code) SELECT 'bench:' || address, 'individual', address, 'BENCH' FROM unnest($1::text[]) AS address" }, [addresses])
      await tx.query(
        { text: "INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) SELECT address, 'personal', address, 'BENCH', 1099511627776 FROM unnest($1::text[]) AS address" },
        [addresses],
      )
      await tx.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) SELECT id, 'bench:' || address, '{owner}' FROM account WHERE unit_code = 'BENCH'" })
      await tx.query(
        {
          text: `INSERT INTO credential (account_id, principal_id, kind, hash, label)
            SELECT a.id, 'bench:' || a.address, 'appPassword', u.hash, 'bench' FROM unnest($1::text[], $2::text[]) AS u (address, hash) JOIN account a USING (address)`,
        },
        [addresses, hashes],
      )
      await tx.query(
        {
          text: `INSERT INTO mailbox (account_id, name, special_use)
            SELECT a.id, m.name, m.special_use FROM account a CROSS JOIN unnest($1::text[], $2::text[]) AS m (name, special_use) WHERE a.unit_code = 'BENCH'`,
        },
        [mailboxes.map(({ name }) => name), mailboxes.map(({ specialUse }) => specialUse)],
      )
      await tx.query({ text: "UPDATE directory_version SET version = version + 1" })
    })
    const keys = createDkimKeyStore({ database, sealer: createSealer((await prepareFiles(config)).contentKey) })
    const domain = users.address.slice(users.address.indexOf("@") + 1)
    await keys.add(domain, await newDkimKeys({ now: systemClock.now(), taken: new Set() }))
    await keys.activate(domain)
  } finally {
    await close()
  }
}
