import type { Route } from "../route.ts"
import { auditRoutes, type AuditRoutesParts } from "./audit.ts"
import { accountPartRoutes } from "./directory/account-parts.ts"
import { accountRoutes } from "./directory/accounts.ts"
import { groupRoutes } from "./directory/groups.ts"
import { principalRoutes } from "./directory/principals.ts"
import type { DirectoryRoutesParts } from "./directory/shared.ts"
import { unitRoutes } from "./directory/units.ts"
import { notificationTemplateRoutes } from "./notification-templates.ts"
import { type NotificationRoutesParts, notificationRoutes } from "./notifications.ts"
import { pauseRoutes } from "./pauses.ts"
import { type QueueRoutesParts, queueRoutes } from "./queue.ts"
import { type ReportRoutesParts, reportRoutes } from "./reports.ts"
import { type TraceRoutesParts, traceRoutes } from "./trace.ts"
import { type WebhookRoutesParts, webhookRoutes } from "./webhooks.ts"

/** Everything that can be asked of the API, in the order in which the server looks: what takes any word for a number comes last of its kind. */
export interface ApiRoutesParts {
  readonly pauses: Parameters<typeof pauseRoutes>[0]
  readonly queue: QueueRoutesParts
  readonly trace: TraceRoutesParts
  readonly audit: AuditRoutesParts
  readonly notifications: NotificationRoutesParts
  readonly templates: Parameters<typeof notificationTemplateRoutes>[0]
  readonly reports: ReportRoutesParts
  readonly directory: DirectoryRoutesParts
  readonly webhooks: WebhookRoutesParts
}

export const apiRoutes = ({ pauses, queue, trace, audit, notifications, templates, reports, directory, webhooks }: ApiRoutesParts): readonly Route[] => [
  ...pauseRoutes(pauses), ...queueRoutes(queue), ...traceRoutes(trace), ...auditRoutes(audit), ...notificationRoutes(notifications), ...notificationTemplateRoutes(templates),
  ...reportRoutes(reports), ...directoryRoutes(directory), ...webhookRoutes(webhooks),
]

export const directoryRoutes = (directory: DirectoryRoutesParts): readonly Route[] => [
  ...unitRoutes(directory), ...principalRoutes(directory), ...accountRoutes(directory), ...accountPartRoutes(directory), ...groupRoutes(directory),
]
