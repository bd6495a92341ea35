import type { Route } from "../route.ts"
import { auditChainRoutes, type AuditChainRoutesParts } from "./audit-chain.ts"
import { auditRoutes, type AuditRoutesParts } from "./audit.ts"
import { certificateRoutes, type CertificateRoutesParts } from "./certificates/certificates.ts"
import { certificateChangeRoutes } from "./certificates/change.ts"
import { connectionRoutes, type ConnectionRoutesParts } from "./connections.ts"
import { accountAccessRoutes, type AccountAccessParts } from "./directory/account-access.ts"
import { accountPartRoutes } from "./directory/account-parts.ts"
import { accountRoutes } from "./directory/accounts.ts"
import { actionRoutes, type ActionRoutesParts } from "./directory/actions.ts"
import { bulkRoutes, type BulkRoutesParts } from "./directory/bulk.ts"
import { groupRoutes } from "./directory/groups.ts"
import { principalRoutes } from "./directory/principals.ts"
import type { DirectoryRoutesParts } from "./directory/shared.ts"
import { unitRoutes } from "./directory/units.ts"
import { heldRoutes, type HeldRoutesParts } from "./held.ts"
import { notificationTemplateRoutes } from "./notification-templates.ts"
import { type NotificationRoutesParts, notificationRoutes } from "./notifications.ts"
import { overviewRoutes } from "./overview.ts"
import { pauseRoutes } from "./pauses.ts"
import { policyRoutes, type PolicyRoutesParts } from "./policies/policies.ts"
import { triedPolicyRoutes } from "./policies/tried.ts"
import { type QueueRoutesParts, queueRoutes } from "./queue.ts"
import { exchangedReportRoutes, type ExchangedReportRoutesParts } from "./exchanged-reports.ts"
import { type ReportRoutesParts, reportRoutes } from "./reports.ts"
import { tokenRoutes } from "./tokens.ts"
import { type TraceRoutesParts, traceRoutes } from "./trace.ts"
import { type WebhookRoutesParts, webhookRoutes } from "./webhooks.ts"

/** Everything that can be asked of the API, in the order in which the server looks: what takes any word for a number comes last of its kind. */
export interface ApiRoutesParts extends OperationRoutesParts {
  readonly trace: TraceRoutesParts
  readonly notifications: NotificationRoutesParts
  readonly templates: Parameters<typeof notificationTemplateRoutes>[0]
  readonly directory: DirectoryRoutesParts
  readonly more: MoreDirectoryParts
  readonly webhooks: WebhookRoutesParts
}

export interface OperationRoutesParts {
  readonly overview: Parameters<typeof overviewRoutes>[0]
  readonly certificates: CertificateRoutesParts
  readonly held: HeldRoutesParts
  readonly policies: PolicyRoutesParts
  readonly connections: ConnectionRoutesParts
  readonly reports: ReportRoutesParts & ExchangedReportRoutesParts
  readonly audit: AuditRoutesParts & AuditChainRoutesParts
  readonly tokens: Parameters<typeof tokenRoutes>[0]
  readonly pauses: Parameters<typeof pauseRoutes>[0]
  readonly queue: QueueRoutesParts
}

/** What there is of the directory beside its records. */
export interface MoreDirectoryParts extends ActionRoutesParts, AccountAccessParts {
  readonly bulk: BulkRoutesParts
}

export const apiRoutes = ({ trace, notifications, templates, directory, more, webhooks, ...operation }: ApiRoutesParts): readonly Route[] => [
  ...operationRoutes(operation), ...traceRoutes(trace), ...notificationRoutes(notifications), ...notificationTemplateRoutes(templates), ...directoryRoutes(directory), ...moreDirectoryRoutes(more),
  ...webhookRoutes(webhooks),
]

export const operationRoutes = ({ overview, certificates, held, policies, connections, reports, audit, tokens, pauses, queue }: OperationRoutesParts): readonly Route[] => [
  ...overviewRoutes(overview), ...certificateRoutes(certificates), ...certificateChangeRoutes(certificates), ...heldRoutes(held), ...triedPolicyRoutes(policies), ...policyRoutes(policies), ...connectionRoutes(connections), ...reportRoutes(reports), ...exchangedReportRoutes(reports),
  ...auditChainRoutes(audit), ...auditRoutes(audit), ...tokenRoutes(tokens), ...pauseRoutes(pauses), ...queueRoutes(queue),
]

export const directoryRoutes = (directory: DirectoryRoutesParts): readonly Route[] => [
  ...unitRoutes(directory), ...principalRoutes(directory), ...accountRoutes(directory), ...accountPartRoutes(directory), ...groupRoutes(directory),
]

export const moreDirectoryRoutes = ({ bulk, ...more }: MoreDirectoryParts): readonly Route[] => [...bulkRoutes(bulk), ...actionRoutes(more), ...accountAccessRoutes(more)]
