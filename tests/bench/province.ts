import { seedDirectory } from "../../mailboxes-seed/seed.ts"
import { appPasswordHash, newAppPassword } from "../../src/accounts/credential.ts"
import { createPasswordWork } from "../../src/accounts/password-work.ts"
import type { Config } from "../../src/config/schema.ts"
import { makeFirstDkimKeys } from "../../src/roles/first-dkim-keys.ts"
import { prepareFiles } from "../../src/roles/prepare.ts"
import { systemClock } from "../../src/base/clock.ts"
import { connectDatabase } from "../../src/store/sql/connect.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import type { Database } from "../../src/store/sql/database.ts"

/** The seeded province of 3,000 mailboxes with certificates, and who signs in to its console. */
export interface Login {
  readonly address: string
  readonly password: string
}

export interface ProvinceLogins {
  readonly province: Login
  readonly unit: Login
  /** Nothing but a person who owns a mailbox and shares an office's. */
  readonly holder: Login
  /** The holder's app password, for mail: what a person sends needs no signature. */
  readonly mail: Login
}

export interface Province extends ProvinceLogins {
  readonly httpsPort: number
  readonly database: Database
  /** Turns of event loops that took more than 5 ms of CPU, since this was asked last. */
  longTurns(): Promise<readonly LongTurn[]>
}

export interface LongTurn {
  readonly role: string
  /** When it was over, ms since the epoch. */
  readonly until: number
  readonly cpuMs: number
  /** The time it took, with what others took from it. */
  readonly ms: number
}

/** Fills an empty data folder, as the first start does. */
export async function provisionProvince(config: Config): Promise<ProvinceLogins> {
  const { appPasswordKey } = await prepareFiles(config)
  const { database, close } = await connectDatabase(config, "congthu bench")
  try {
    const { logins } = await seedDirectory({ database, config })
    await makeFirstDkimKeys({ database, config, clock: systemClock })
    const [province, unit] = logins
    if (!province || !unit) throw new Error("the seed made no logins")
    return { province, unit, ...(await holderLogins(database, { config, appPasswordKey, others: [province.address, unit.address] })) }
  } finally {
    await close()
  }
}

async function holderLogins(database: Database, { config, appPasswordKey, others }: { readonly config: Config; readonly appPasswordKey: Buffer; readonly others: readonly string[] }): Promise<Pick<ProvinceLogins, "holder" | "mail">> {
  const [row] = await database.query<{ id: number; address: string; principalId: string }>(sharer, [others])
  if (!row) throw new Error("the seed has nobody who shares an office")
  const { id: accountId, address, principalId } = row
  const credentials = createCredentialStore(database)
  const password = "Hoa đào nở muộn"
  await credentials.setPassword(accountId, await createPasswordWork({ cost: config.auth.bcryptCost }).hash(password))
  const appPassword = newAppPassword()
  await credentials.addAppPassword({ accountId, principalId, label: "bench", hash: appPasswordHash(appPassword, appPasswordKey) ?? "" })
  return { holder: { address, password }, mail: { address, password: appPassword } }
}

const sharer = {
  text: `
    SELECT a.id, a.address, own.principal_id AS "principalId" FROM account a JOIN assignment own ON own.account_id = a.id AND 'owner' = ANY (own.rights)
      JOIN assignment shared ON shared.principal_id = own.principal_id JOIN account o ON o.id = shared.account_id
    WHERE a.kind = 'personal' AND o.kind = 'organizational' AND a.suspended_at IS NULL AND NOT a.address = ANY ($1::text[])
    ORDER BY cardinality(shared.rights) DESC, a.id LIMIT 1`,
}
