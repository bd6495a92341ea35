import type { App } from "../app.ts"
import { createOutgoing, type Outgoing } from "../delivery/outgoing/outgoing.ts"
import { createSigningKeys } from "../delivery/outgoing/signing-keys.ts"
import type { DkimKey } from "../store/dkim-key-store.ts"
import { createDkimKeyStore } from "../store/sql/dkim-keys.ts"
import { said, type Said } from "../telemetry/health-words.ts"
import { openSrs } from "./srs.ts"

type OutgoingNeeds = Pick<App, "context" | "database" | "sealer" | "directory" | "files"> & { readonly contents: Pick<App["contents"], "read"> }

/** What mail is given on its way out: signatures, seals and return addresses. */
export function openOutgoing({ context: { config, clock, health }, contents, database, sealer, directory, files }: OutgoingNeeds): Outgoing {
  const store = createDkimKeyStore({ database, sealer })
  health.add("dkim", async () => keysInWords(await store.list()))
  return createOutgoing({
    contents,
    keys: createSigningKeys({ store, clock }),
    srs: openSrs(config, files.contentKey),
    isLocalDomain: (domain) => directory.current().isLocalDomain(domain),
    hostname: config.hostname,
    clock,
  })
}

/** Mail without a signature is no failure of this process; whoever runs it should see it all the same. */
export function keysInWords(keys: readonly Pick<DkimKey, "domain" | "state">[]): readonly Said[] {
  const domains = (state: DkimKey["state"]): string => [...new Set(keys.filter((key) => key.state === state).map(({ domain }) => domain))].join(", ")
  const [signing, waiting] = [domains("active"), domains("pending")]
  return [signing === "" ? said("dkimUnsigned") : said("dkimSigns", { domains: signing }), ...(waiting === "" ? [] : [said("dkimWaits", { domains: waiting })])]
}
