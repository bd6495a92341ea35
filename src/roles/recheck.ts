import type { RecheckWorkerParts } from "../../queue-workers/recheck.worker.ts"
import type { App } from "../app.ts"
import { recheckCertificates } from "../pki/revocation/recheck.ts"
import { activeCertificates } from "../store/sql/active-certificates.ts"
import { openRevocation } from "./revocation.ts"

/** What the role `worker` needs to check the registry's certificates again now and then. */
export async function registryRecheck(app: App): Promise<Omit<RecheckWorkerParts, "log">> {
  const { database, feed, context: { config, clock } } = app
  const { paths, purpose, checker, store } = await openRevocation(app)
  return {
    recheck: () => recheckCertificates({ certificates: activeCertificates(database, clock), paths: paths(), purpose, checker, store, now: clock.now() }),
    announce: () => feed.publish([{ kind: "revocation" }]),
    exclusively: app.exclusive("recheck"),
    everyMs: config.pki.revocation.recheck,
  }
}
