import { createHmac } from "node:crypto"
import type { Authenticator } from "../accounts/login.ts"
import { createPasswordWork } from "../accounts/password-work.ts"
import type { App } from "../app.ts"
import { createLookupRates } from "../console/lookup-rates.ts"
import type { DescribedApi } from "../console/pages/api/described-api.ts"
import { consoleAreas } from "../console/pages/areas.ts"
import { consoleRouter } from "../console/web/console-router.ts"
import { createConsoleSessionStore } from "../store/sql/console-sessions.ts"
import { createCredentialStore } from "../store/sql/credentials.ts"
import { isUnavailable } from "../store/sql/database.ts"
import { createOverviewStore } from "../store/sql/overview.ts"
import { usageOf } from "../store/sql/quota.ts"
import type { HealthReport } from "../telemetry/health.ts"
import { createConsoleLog } from "../telemetry/mail-log.ts"

export interface ConsoleServices {
  /** Shared with whatever else signs people in, so that failures are counted together. */
  readonly authenticator: Authenticator
  /** Of every role. */
  readonly health: () => Promise<readonly HealthReport[]>
  /** What the API is, in OpenAPI. */
  readonly apiDocument: DescribedApi
}

const openSessions = ({ database, context: { config } }: App) => createConsoleSessionStore({ database, idleMs: config.console.sessionIdle, absoluteMs: config.console.sessionLife })

/** Deletes sessions that ended long ago. */
export const forgetSessions = (app: App): Promise<number> => openSessions(app).forget()

/** The console as the role `web` serves it: what each area needs, from the store. */
export function createConsole(app: App, { authenticator, health, apiDocument }: ConsoleServices): ReturnType<typeof consoleRouter> {
  const { database, directory, context: { config, clock, log } } = app
  const { requestsPerMinute, accountLicences, holderLicences } = config.console
  const sessions = openSessions(app)
  return consoleRouter({
    areas: consoleAreas({
      signIn: { authenticator, sessions },
      overview: { figures: createOverviewStore({ database }), health, licences: { accounts: accountLicences, holders: holderLicences }, clock, onError: (error) => log.warn({ err: error }, "console: figures could not be read") },
      self: {
        sessions, directory, authenticator, clock,
        credentials: createCredentialStore(database),
        passwords: createPasswordWork({ cost: config.auth.bcryptCost }),
        appPasswordKey: app.files.appPasswordKey,
        usage: (accountIds) => usageOf(database, accountIds),
      },
      api: { document: apiDocument },
    }),
    sessions, authenticator, directory, clock, isUnavailable,
    csrfKey: createHmac("sha256", app.files.appPasswordKey).update("console-forms").digest(),
    rates: createLookupRates(requestsPerMinute, 60),
    log: createConsoleLog(log),
  })
}
