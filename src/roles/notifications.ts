import { type App, openRedis } from "../app.ts"
import { systemRandom } from "../base/random.ts"
import type { Intake } from "../intake/intake.ts"
import { type Campaigns, createCampaigns } from "../notifications/campaigns.ts"
import { createNotifications, type Notifications } from "../notifications/send.ts"
import { createSendLimits } from "../notifications/send-limits.ts"
import { createSubmittedNotifications, type SubmittedNotifications } from "../notifications/submitted.ts"
import { createTemplateSource } from "../notifications/templates/source.ts"
import { createWebhooks, type Webhooks } from "../notifications/webhooks.ts"
import type { FreeSpace } from "../store/free-space.ts"
import { createApiTokenStore } from "../store/sql/api-tokens.ts"
import { createCampaignStore } from "../store/sql/campaigns.ts"
import { createNotificationStore } from "../store/sql/notifications.ts"
import { createSuppressionStore } from "../store/sql/suppressions.ts"
import { createTemplateStore } from "../store/sql/templates.ts"
import { createWebhookStore } from "../store/sql/webhooks.ts"
import { createSuppressionView } from "../store/suppression-view.ts"
import { createNotificationLog } from "../telemetry/notification-log.ts"
import { openWebhookPost } from "./webhooks.ts"

/** What takes notifications, for the roles where systems ask for them. */
export function openNotifications(app: App, freeSpace: FreeSpace): Notifications {
  const { database, directory, contents, sealer, feed, context: { config, clock } } = app
  return createNotifications({
    store: createNotificationStore({ database }), templates: createTemplateSource(createTemplateStore({ database })), contents, directory, freeSpace, sealing: sealer, hostname: config.hostname, clock,
    limits: createSendLimits({ recipientsPerHour: config.notifications.recipientsPerHour, ...(config.redis.url && { redis: openRedis(app) }) }),
    maxAttachmentBytes: config.notifications.maxAttachmentBytes, maxMessageBytes: config.smtp.maxMessageBytes, expiryMs: config.delivery.expiry,
    wake: () => feed.publish([{ kind: "notifications" }]),
  })
}

/** The same by SMTP submission. */
export const openSubmittedNotifications = (app: App, freeSpace: FreeSpace): SubmittedNotifications =>
  createSubmittedNotifications({ notifications: openNotifications(app, freeSpace), tokens: createApiTokenStore(app.database), directory: app.directory })

export interface NotificationWork {
  readonly campaigns: Campaigns
  readonly webhooks: Webhooks
}

/** What sends them and tells of them, for the role `worker`. */
export async function openNotificationWork(app: App, intake: Pick<Intake, "accept">): Promise<NotificationWork> {
  const { database, directory, contents, sealer, feed, context: { config, clock, log } } = app
  const { concurrency, remoteAtOnce } = config.notifications
  const notificationLog = createNotificationLog(log)
  return {
    campaigns: createCampaigns({
      store: createCampaignStore({ database }), intake, contents, templates: createTemplateSource(createTemplateStore({ database })), directory, sealing: sealer, hostname: config.hostname, clock, concurrency, remoteAtOnce, log: notificationLog,
      suppressions: createSuppressionView({ suppressions: createSuppressionStore({ database }), clock }), maxMessageBytes: config.smtp.maxMessageBytes,
      ended: () => feed.publish([{ kind: "notifications" }]),
    }),
    webhooks: createWebhooks({
      webhooks: createWebhookStore({ database }), store: createNotificationStore({ database }), sealing: sealer, clock, random: systemRandom, log: notificationLog,
      post: await openWebhookPost(app),
    }),
  }
}
