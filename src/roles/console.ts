import { createHmac } from "node:crypto"
import type { Authenticator } from "../accounts/login.ts"
import { createPasswordWork } from "../accounts/password-work.ts"
import type { App } from "../app.ts"
import { createLookupRates } from "../console/lookup-rates.ts"
import { consoleAreas } from "../console/pages/areas.ts"
import { consoleRouter } from "../console/web/console-router.ts"
import { createConsoleSessionStore } from "../store/sql/console-sessions.ts"
import { createCredentialStore } from "../store/sql/credentials.ts"
import { isUnavailable } from "../store/sql/database.ts"
import { createOverviewStore } from "../store/sql/overview.ts"
import { usageOf } from "../store/sql/quota.ts"
import { createConsoleLog } from "../telemetry/mail-log.ts"

export interface ConsoleServices {
  /** Shared with whatever else signs people in, so that failures are counted together. */
  readonly authenticator: Authenticator
}

/** The console as the role `web` serves it: what each area needs, from the store. */
export function createConsole(app: App, { authenticator }: ConsoleServices): ReturnType<typeof consoleRouter> {
  const { database, directory, context: { config, clock, log } } = app
  const { sessionIdle, sessionLife, requestsPerMinute } = config.console
  const sessions = createConsoleSessionStore({ database, idleMs: sessionIdle, absoluteMs: sessionLife })
  return consoleRouter({
    areas: consoleAreas({
      signIn: { authenticator, sessions },
      overview: { figures: createOverviewStore({ database }) },
      self: {
        sessions, directory, authenticator, clock,
        credentials: createCredentialStore(database),
        passwords: createPasswordWork({ cost: config.auth.bcryptCost }),
        appPasswordKey: app.files.appPasswordKey,
        usage: (accountIds) => usageOf(database, accountIds),
      },
    }),
    sessions, authenticator, directory, clock, isUnavailable,
    csrfKey: createHmac("sha256", app.files.appPasswordKey).update("console-forms").digest(),
    rates: createLookupRates(requestsPerMinute, 60),
    log: createConsoleLog(log),
  })
}
