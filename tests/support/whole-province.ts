import { defaultMailboxes } from "../../src/accounts/default-mailboxes.ts"
import { importFolder } from "../../src/accounts/import/import.ts"
import { type Grant, type Scope, scopeOf } from "../../src/accounts/administrator.ts"
import { createProvisioningStore } from "../../src/store/sql/provisioning.ts"
import type { TestDatabase } from "./database.ts"

/** The seeded province of 3,000 mailboxes and 4,228 holders, without certificates. */
export async function importProvince(database: TestDatabase): Promise<void> {
  const outcome = await importFolder(
    { dir: new URL("../../mailboxes-seed", import.meta.url).pathname, credentialsPath: null, suspendMissing: false, reactivate: false, dryRun: false },
    { store: createProvisioningStore(database), mailboxes: defaultMailboxes(true), clock: { now: () => Date.now() } },
  )
  if (outcome.kind !== "done") throw new Error(`the seed was not imported: ${outcome.kind}`)
}

/** What an administrator with these roles sees and changes. */
export function scope(...grants: readonly Grant[]): Scope {
  const found = scopeOf(grants, "directory:write")
  if (!found) throw new Error("these roles give nothing")
  return found
}

export const everywhere = scope({ role: "province", unitCode: null })
export const below = (unitCode: string): Scope => scope({ role: "unit", unitCode })
