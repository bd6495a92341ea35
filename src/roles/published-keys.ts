import type { DkimWorkerParts } from "../../queue-workers/dkim.worker.ts"
import type { App } from "../app.ts"
import { openResolver } from "../dns/open-resolver.ts"
import { activatePublishedKeys } from "../domains/published-keys.ts"
import { createDkimKeyStore } from "../store/sql/dkim-keys.ts"
import { createDkimLog } from "../telemetry/mail-log.ts"

/** What the role `worker` needs to let DKIM keys sign once the DNS shows them. */
export function publishedKeys({ database, sealer, exclusive, context: { config, clock, log } }: App): Omit<DkimWorkerParts, "log"> {
  const parts = { store: createDkimKeyStore({ database, sealer }), resolver: openResolver(config.dns, clock), log: createDkimLog(log) }
  return { activatePublished: (signal) => activatePublishedKeys(parts, signal), exclusively: exclusive("dkim"), everyMs: config.dns.keyCheck }
}
