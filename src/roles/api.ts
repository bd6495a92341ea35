import type { SignInAudit } from "../accounts/sign-in-audit.ts"
import { createApiGate } from "../api/gate.ts"
import { type ApiDocument, openApiDocument } from "../api/openapi/document.ts"
import { apiRoutes } from "../api/routes/all.ts"
import { scimRouter } from "../api/scim/router.ts"
import { apiRouter } from "../api/server.ts"
import type { Account } from "../accounts/directory.ts"
import { type App, createFreeSpace, openLockouts } from "../app.ts"
import { canonicalAddress } from "../mail/address.ts"
import { createApiTokenStore } from "../store/sql/api-tokens.ts"
import { isUnavailable } from "../store/sql/database.ts"
import { createNotificationStore } from "../store/sql/notifications.ts"
import { createScimStore } from "../store/sql/scim.ts"
import { createTemplateStore } from "../store/sql/templates.ts"
import { createTraceStore } from "../store/sql/trace.ts"
import { createApiLog } from "../telemetry/mail-log.ts"
import { openNotifications } from "./notifications.ts"
import { actionParts } from "./provisioning.ts"
import type { WebPorts } from "./web-ports.ts"
import { openSubscriptions } from "./webhooks.ts"

/** Ten thousand recipients with data of their own, and a long letter. */
const maxRequestBytes = 6 * 1024 * 1024

/** The API and SCIM as the role `web` serves them. */
export async function createApi(app: App, { signIns, ports }: { readonly signIns: SignInAudit; readonly ports: WebPorts }): Promise<{ readonly router: ReturnType<typeof apiRouter>; readonly document: ApiDocument; readonly scim: ReturnType<typeof scimRouter> }> {
  const { database, directory, sealer, feed, context: { config, clock, log } } = app
  const readStatus = new Set(config.notifications.readStatus.map(canonicalAddress))
  const account = (address: string): Account | undefined => {
    const target = directory.current().resolve(address)
    return target.kind === "account" ? target.account : undefined
  }
  const accountOf = (address: string): number | undefined => account(address)?.id
  const routes = apiRoutes({
    overview: { overview: ports.overview },
    certificates: ports.operation.certificates,
    held: ports.operation.held,
    policies: ports.operation.policies,
    connections: ports.operation.connections,
    reports: ports.operation.reports,
    tokens: { tokens: createApiTokenStore(database) },
    pauses: ports.operation.queue,
    queue: { ...ports.operation.queue, accountOf },
    trace: { traces: createTraceStore({ database, sealer }), accountAddress: (address) => account(address)?.address, clock },
    audit: ports.operation.audit,
    notifications: {
      notifications: openNotifications(app, await createFreeSpace(app)), store: createNotificationStore({ database }), clock, callsPerMinute: config.notifications.callsPerMinute,
      // base64 makes a third more of attachments; the rest is for recipients and what is said
      maxBodyBytes: Math.ceil(config.notifications.maxAttachmentBytes * 1.4) + maxRequestBytes,
      onChange: (listener) => feed.subscribe((changes) => changes.some(({ kind }) => kind === "notifications") && listener(), listener),
      changed: () => feed.publish([{ kind: "notifications" }]),
      mayKnowRead: (accountId) => readStatus.has(directory.current().account(accountId)?.address ?? ""),
    },
    templates: { templates: createTemplateStore({ database }) },
    directory: ports.directory,
    more: { ...ports.directory, resets: ports.resets, credentials: ports.credentials },
    webhooks: { webhooks: openSubscriptions(app) },
  })
  const document = openApiDocument(routes, { title: `Công Thư · ${config.hostname}` })
  const gate = createApiGate({
    tokens: createApiTokenStore(database), requestsPerMinute: config.api.requestsPerMinute, maxFailures: config.auth.maxFailures, failureWindowMs: config.auth.failureWindow, lockouts: openLockouts(app),
    failed: (clientAddress) => signIns.failed({ username: "token", clientAddress, service: "api", reason: "noPermission" }),
  })
  const apiLog = createApiLog(log)
  const router = apiRouter({ gate, routes, document, isUnavailable, log: apiLog })
  return { router, document, scim: scimRouter({ gate, store: createScimStore(actionParts(app)), isUnavailable, log: apiLog }) }
}
