import { type App, queueBackend } from "../app.ts"
import type { FactorResets } from "../accounts/factors/factor-store.ts"
import type { CredentialStore } from "../accounts/credential.ts"
import type { DirectoryPorts } from "../console/pages/directory/directory.ts"
import type { OperationPorts } from "../console/pages/operation.ts"
import type { Mounted } from "../console/web/mounted.ts"
import type { Outbox } from "../delivery/outbox.ts"
import type { ForwardingStore } from "../store/forwarding-store.ts"
import { createCredentialStore } from "../store/sql/credentials.ts"
import { createFactorResets } from "../store/sql/factor-resets.ts"
import { createForwardingStore } from "../store/sql/forwarding.ts"
import { createOverviewStore } from "../store/sql/overview.ts"
import type { HealthReport } from "../telemetry/health.ts"
import { createMailOverview, type MailOverview } from "../telemetry/mail-overview.ts"
import { loadAuditKey } from "./audit.ts"
import { consoleDirectory } from "./console-directory.ts"
import { findSignature } from "./message-signature.ts"
import { certificateStatuses, operationPorts } from "./operation-pages.ts"
import { openQueueBoard } from "./queue-board.ts"

/** What the console's pages and the API both stand on: what one of them has begun the other one shows. */
export interface WebPorts {
  readonly directory: DirectoryPorts
  readonly operation: OperationPorts
  readonly overview: MailOverview
  readonly resets: FactorResets
  readonly credentials: CredentialStore
  readonly forwarding: ForwardingStore
  /** The board of the queues' engine. */
  readonly board: Mounted
}

export function openWebPorts(app: App, { outbox, health }: { readonly outbox: Outbox; readonly health: () => Promise<readonly HealthReport[]> }): WebPorts {
  const { database, context: { config, clock, log } } = app
  const forwarding = createForwardingStore(database)
  const board = openQueueBoard({ backend: queueBackend(app), database, title: `Công Thư · ${config.hostname}` })
  app.onClose(() => board.close())
  return {
    directory: consoleDirectory(app, { outbox, forwarding }),
    operation: operationPorts({
      ...app, clock, outbox, engine: board.engine, consoleIdleMs: config.console.sessionIdle, consoleLifeMs: config.console.sessionLife, statusOf: certificateStatuses(app), forwarding: config.forwarding, onError: (error) => log.error({ err: error }, "web: work behind a page failed"),
      findSignature: (question) => findSignature(question, { config, database, clock, log }), auditKey: async () => Buffer.from((await loadAuditKey(config)).publicKey).toString("hex"), auditKeepMs: config.audit.keep,
    }),
    overview: createMailOverview({
      figures: createOverviewStore({ database }), health, licences: { accounts: config.console.accountLicences, holders: config.console.holderLicences }, clock,
      onError: (error) => log.warn({ err: error }, "web: figures could not be read"),
    }),
    resets: createFactorResets(database),
    credentials: createCredentialStore(database),
    forwarding,
    board: board.mounted,
  }
}
