import type { App } from "../app.ts"
import { createOutgoing, type Outgoing } from "../delivery/outgoing/outgoing.ts"
import { createSigningKeys } from "../delivery/outgoing/signing-keys.ts"
import { createDkimKeyStore } from "../store/sql/dkim-keys.ts"
import { openSrs } from "./srs.ts"

type OutgoingNeeds = Pick<App, "context" | "database" | "sealer" | "directory" | "files"> & { readonly contents: Pick<App["contents"], "read"> }

/** What mail is given on its way out: signatures, seals and return addresses. */
export function openOutgoing({ context: { config, clock }, contents, database, sealer, directory, files }: OutgoingNeeds): Outgoing {
  return createOutgoing({
    contents,
    keys: createSigningKeys({ store: createDkimKeyStore({ database, sealer }), clock }),
    srs: openSrs(config, files.contentKey),
    isLocalDomain: (domain) => directory.current().isLocalDomain(domain),
    hostname: config.hostname,
    clock,
  })
}
