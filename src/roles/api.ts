import type { SignInAudit } from "../accounts/sign-in-audit.ts"
import { createApiGate } from "../api/gate.ts"
import { auditRoutes } from "../api/routes/audit.ts"
import { pauseRoutes } from "../api/routes/pauses.ts"
import { queueRoutes } from "../api/routes/queue.ts"
import { traceRoutes } from "../api/routes/trace.ts"
import { apiRouter } from "../api/server.ts"
import type { Account } from "../accounts/directory.ts"
import type { App } from "../app.ts"
import type { Outbox } from "../delivery/outbox.ts"
import { createApiTokenStore } from "../store/sql/api-tokens.ts"
import { createAuditStore } from "../store/sql/audit.ts"
import { createAuditChain } from "../store/sql/audit-chain.ts"
import { isUnavailable } from "../store/sql/database.ts"
import { createPauseStore } from "../store/sql/pauses.ts"
import { createQueueStore } from "../store/sql/queue.ts"
import { createTraceStore } from "../store/sql/trace.ts"
import { createApiLog } from "../telemetry/mail-log.ts"

/** The API as the role `web` serves it. */
export function createApi(app: App, { outbox, signIns }: { readonly outbox: Outbox; readonly signIns: SignInAudit }): ReturnType<typeof apiRouter> {
  const { database, directory, sealer, context: { config, clock, log } } = app
  const account = (address: string): Account | undefined => {
    const target = directory.current().resolve(address)
    return target.kind === "account" ? target.account : undefined
  }
  return apiRouter({
    gate: createApiGate({
      tokens: createApiTokenStore(database), requestsPerMinute: config.api.requestsPerMinute, maxFailures: config.auth.maxFailures, failureWindowMs: config.auth.failureWindow,
      failed: (clientAddress) => signIns.failed({ username: "token", clientAddress, service: "api", reason: "noPermission" }),
    }),
    routes: [
      // before what takes any word for a number
      ...pauseRoutes({ pauses: createPauseStore({ database }) }),
      ...queueRoutes({ queue: createQueueStore({ database }), accountOf: (address) => account(address)?.id, wake: (deliveries) => outbox.wake(deliveries) }),
      ...traceRoutes({ traces: createTraceStore({ database, sealer }), accountAddress: (address) => account(address)?.address, clock }),
      ...auditRoutes({ audit: createAuditStore(database), chain: createAuditChain({ database }), accountOf: (address) => account(address)?.id }),
    ],
    isUnavailable,
    log: createApiLog(log),
  })
}
