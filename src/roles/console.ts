import { createHmac } from "node:crypto"
import type { Authenticator } from "../accounts/login.ts"
import type { SignInAudit } from "../accounts/sign-in-audit.ts"
import { createPasswordWork } from "../accounts/password-work.ts"
import { type App, queueBackend } from "../app.ts"
import type { ClientSettings } from "../console/client-setup/client-settings.ts"
import { createLookupRates } from "../console/lookup-rates.ts"
import type { DescribedApi } from "../console/pages/api/described-api.ts"
import { consoleAreas } from "../console/pages/areas.ts"
import { consoleRouter } from "../console/web/console-router.ts"
import { createAuditStore } from "../store/sql/audit.ts"
import { createCertificateRegistry } from "../store/sql/certificates.ts"
import { consoleDirectory } from "./console-directory.ts"
import type { Outbox } from "../delivery/outbox.ts"
import { findSignature } from "./message-signature.ts"
import { loadAuditKey } from "./audit.ts"
import { certificateStatuses, operationPorts } from "./operation-pages.ts"
import { createConsoleSessionStore } from "../store/sql/console-sessions.ts"
import { createCredentialStore } from "../store/sql/credentials.ts"
import { isUnavailable } from "../store/sql/database.ts"
import { createFactorResets } from "../store/sql/factor-resets.ts"
import { createForwardingStore } from "../store/sql/forwarding.ts"
import { createOverviewStore } from "../store/sql/overview.ts"
import { usageOf } from "../store/sql/quota.ts"
import type { HealthReport } from "../telemetry/health.ts"
import { createConsoleLog } from "../telemetry/mail-log.ts"
import { createSecondFactors, needsSecondFactor } from "./second-factors.ts"
import { openQueueBoard } from "./queue-board.ts"
import { openSingleSignOn } from "./single-sign-on.ts"
import { openSubscriptions } from "./webhooks.ts"

export interface ConsoleServices {
  /** Shared with whatever else signs people in, so that failures are counted together. */
  readonly authenticator: Authenticator
  /** Of every role. */
  readonly health: () => Promise<readonly HealthReport[]>
  /** What the API is, in OpenAPI. */
  readonly apiDocument: DescribedApi
  readonly outbox: Outbox
  /** What mail clients are told. */
  readonly client: ClientSettings
  readonly signIns: SignInAudit
}

/** Whoever changed something sees it at once; other processes hear of it by the feed. */
async function directoryChanged({ directory, feed }: App, version: number): Promise<void> {
  feed.publish([{ kind: "directory", version }])
  await directory.refresh()
}

const openSessions = ({ database, context: { config } }: App) => createConsoleSessionStore({ database, idleMs: config.console.sessionIdle, absoluteMs: config.console.sessionLife })

/** Deletes sessions that ended long ago. */
export const forgetSessions = (app: App): Promise<number> => openSessions(app).forget()

/** The console as the role `web` serves it: what each area needs, from the store. */
export async function createConsole(app: App, { authenticator, signIns, health, apiDocument, client, outbox }: ConsoleServices): Promise<ReturnType<typeof consoleRouter>> {
  const { database, directory, context: { config, clock, log } } = app
  const { requestsPerMinute, accountLicences, holderLicences } = config.console
  const sessions = openSessions(app)
  const forwarding = createForwardingStore(database)
  const directoryPorts = consoleDirectory(app, { outbox, forwarding })
  const factors = createSecondFactors(app, signIns)
  const singleSignOn = await openSingleSignOn(app, signIns)
  const board = openQueueBoard({ backend: queueBackend(app), database, title: `Công Thư · ${config.hostname}` })
  app.onClose(() => board.close())
  return consoleRouter({
    areas: consoleAreas({
      signIn: { authenticator, sessions, factors, directory, clock, singleSignOn },
      overview: { figures: createOverviewStore({ database }), health, licences: { accounts: accountLicences, holders: holderLicences }, clock, onError: (error) => log.warn({ err: error }, "console: figures could not be read") },
      directory: directoryPorts,
      operation: operationPorts({
        ...app, clock, outbox, engine: board.engine, consoleIdleMs: config.console.sessionIdle, consoleLifeMs: config.console.sessionLife, statusOf: certificateStatuses(app), forwarding: config.forwarding, onError: (error) => log.error({ err: error }, "console: work behind a page failed"),
        findSignature: (question) => findSignature(question, { config, database, clock, log }), auditKey: async () => Buffer.from((await loadAuditKey(config)).publicKey).toString("hex"), auditKeepMs: config.audit.keep,
      }),
      self: {
        sessions, directory, authenticator, clock,
        credentials: createCredentialStore(database),
        passwords: createPasswordWork({ cost: config.auth.bcryptCost }),
        appPasswordKey: app.files.appPasswordKey,
        usage: (accountIds) => usageOf(database, accountIds),
        registry: createCertificateRegistry(database),
        accesses: createAuditStore(database).accessesOf,
        client, mailPassword: config.auth.mailPassword,
        delegation: directoryPorts,
        forwarding: { store: forwarding, rules: config.forwarding, changed: (version) => directoryChanged(app, version) },
      },
      security: { factors, sessions, resets: createFactorResets(database), needsSecondFactor: needsSecondFactor(config), mailPassword: config.auth.mailPassword },
      api: { document: apiDocument, webhooks: openSubscriptions(app), nameOf: (by) => directory.current().principal(by)?.name ?? by },
    }),
    sessions, authenticator, directory, clock, isUnavailable, factors, mounted: [board.mounted],
    needsSecondFactor: needsSecondFactor(config),
    singleSignOn: singleSignOn?.provider.name,
    csrfKey: createHmac("sha256", app.files.appPasswordKey).update("console-forms").digest(),
    rates: createLookupRates(requestsPerMinute, 60),
    log: createConsoleLog(log),
  })
}
