import type { Clock } from "../base/clock.ts"
import type { Config } from "../config/schema.ts"
import { asciiDomain } from "../mail/address.ts"
import { newDkimKeys } from "../mail/dkim/new-keys.ts"
import { createSealer } from "../store/sealing.ts"
import { createDkimKeyStore } from "../store/sql/dkim-keys.ts"
import type { Database } from "../store/sql/database.ts"
import { prepareFiles } from "./prepare.ts"

/** Keys for the domain of the province itself, which sign for all domains below it; they wait to be published. Does nothing where there are keys. */
export async function makeFirstDkimKeys({ database, config, clock }: { readonly database: Database; readonly config: Config; readonly clock: Clock }): Promise<void> {
  const store = createDkimKeyStore({ database, sealer: createSealer((await prepareFiles(config)).contentKey) })
  if ((await store.list()).length > 0) return
  const [top] = await database.query<{ domain: string }>({ text: "SELECT domain FROM organization_unit WHERE parent_code IS NULL AND domain <> '' ORDER BY code LIMIT 1" })
  const domain = top && asciiDomain(top.domain)
  if (domain === undefined) return
  // another process may have been faster
  await store.add(domain, await newDkimKeys({ now: clock.now(), taken: new Set() }))
}
