import { createHmac } from "node:crypto"
import type { Authenticator } from "../accounts/login.ts"
import type { SignInAudit } from "../accounts/sign-in-audit.ts"
import { createPasswordWork } from "../accounts/password-work.ts"
import type { App } from "../app.ts"
import type { ClientSettings } from "../console/client-setup/client-settings.ts"
import { createLookupRates } from "../console/lookup-rates.ts"
import type { DescribedApi } from "../console/pages/api/described-api.ts"
import { consoleAreas } from "../console/pages/areas.ts"
import { consoleRouter } from "../console/web/console-router.ts"
import { createAuditStore } from "../store/sql/audit.ts"
import { createCertificateRegistry } from "../store/sql/certificates.ts"
import { isUnavailable } from "../store/sql/database.ts"
import { usageOf } from "../store/sql/quota.ts"
import { createConsoleLog } from "../telemetry/mail-log.ts"
import { openSessions } from "./console-sessions.ts"
import { createSecondFactors, needsSecondFactor } from "./second-factors.ts"
import { openSingleSignOn } from "./single-sign-on.ts"
import type { WebPorts } from "./web-ports.ts"
import { openSubscriptions } from "./webhooks.ts"

export interface ConsoleServices {
  /** Shared with whatever else signs people in, so that failures are counted together. */
  readonly authenticator: Authenticator
  /** What the API is, in OpenAPI. */
  readonly apiDocument: DescribedApi
  readonly ports: WebPorts
  /** What mail clients are told. */
  readonly client: ClientSettings
  readonly signIns: SignInAudit
}

/** Whoever changed something sees it at once; other processes hear of it by the feed. */
async function directoryChanged({ directory, feed }: App, version: number): Promise<void> {
  feed.publish([{ kind: "directory", version }])
  await directory.refresh()
}

/** The console as the role `web` serves it: what each area needs, from the store. */
export async function createConsole(app: App, { authenticator, signIns, apiDocument, client, ports }: ConsoleServices): Promise<ReturnType<typeof consoleRouter>> {
  const { database, directory, context: { config, clock, log } } = app
  const { requestsPerMinute } = config.console
  const sessions = openSessions(app)
  const factors = createSecondFactors(app, signIns)
  const singleSignOn = await openSingleSignOn(app, signIns)
  return consoleRouter({
    areas: consoleAreas({
      signIn: { authenticator, sessions, factors, directory, clock, singleSignOn },
      overview: { overview: ports.overview },
      directory: ports.directory,
      operation: ports.operation,
      self: {
        sessions, directory, authenticator, clock,
        credentials: ports.credentials,
        passwords: createPasswordWork({ cost: config.auth.bcryptCost }),
        appPasswordKey: app.files.appPasswordKey,
        usage: (accountIds) => usageOf(database, accountIds),
        registry: createCertificateRegistry(database),
        accesses: createAuditStore(database).accessesOf,
        client, mailPassword: config.auth.mailPassword,
        delegation: ports.directory,
        forwarding: { store: ports.forwarding, rules: config.forwarding, changed: (version) => directoryChanged(app, version) },
      },
      security: { factors, sessions, resets: ports.resets, needsSecondFactor: needsSecondFactor(config), mailPassword: config.auth.mailPassword },
      api: { document: apiDocument, webhooks: openSubscriptions(app), nameOf: (by) => directory.current().principal(by)?.name ?? by },
    }),
    sessions, authenticator, directory, clock, isUnavailable, factors, mounted: [ports.board],
    needsSecondFactor: needsSecondFactor(config),
    singleSignOn: singleSignOn?.provider.name,
    csrfKey: createHmac("sha256", app.files.appPasswordKey).update("console-forms").digest(),
    rates: createLookupRates(requestsPerMinute, 60),
    log: createConsoleLog(log),
  })
}
