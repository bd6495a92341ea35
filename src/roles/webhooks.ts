import { readFile } from "node:fs/promises"
import type { WebhookWorkerParts } from "../../queue-workers/webhook.worker.ts"
import type { App } from "../app.ts"
import { systemRandom } from "../base/random.ts"
import { pathOr } from "../config/load.ts"
import { openResolver } from "../dns/open-resolver.ts"
import type { NoticeSender } from "../notifications/notice.ts"
import { createWebhookNotices } from "../notifications/webhook-notices.ts"
import { createAllowedUrls } from "../pki/revocation/allowed-url.ts"
import { createWebhookDesk } from "../store/sql/webhook-desk.ts"
import { createEventStore } from "../store/sql/webhook-events.ts"
import { createEventLog } from "../telemetry/notification-log.ts"
import { createEventTeller } from "../webhooks/event-teller.ts"
import { createSubscriptions, type Subscriptions } from "../webhooks/subscriptions.ts"
import { createWebhookPost, type WebhookPost } from "../webhooks/webhook-post.ts"

/** How systems are called, with the limits of `notifications.webhooks`. */
export async function openWebhookPost({ context: { config, clock } }: App): Promise<WebhookPost> {
  const { webhooks, webhookCaFile, webhookTimeout } = config.notifications
  const authorities = webhookCaFile === "" ? undefined : [await readFile(pathOr(config, webhookCaFile, ""), "utf8")]
  return createWebhookPost({ allowed: createAllowedUrls(webhooks), resolver: openResolver(config.dns, clock), timeoutMs: webhookTimeout, ...(authorities && { authorities }) })
}

/** Webhooks as the console and the API change them. */
export const openSubscriptions = ({ database, sealer, context: { config, clock } }: App): Subscriptions =>
  createSubscriptions({ desk: createWebhookDesk(database), allowed: createAllowedUrls(config.notifications.webhooks), sealing: sealer, clock })

/** What the role `worker` does for them. */
export async function webhookUpkeep(app: App, notices: NoticeSender): Promise<Omit<WebhookWorkerParts, "log">> {
  const { database, sealer, context: { config, clock, log } } = app
  const store = createEventStore({ database })
  return {
    teller: createEventTeller({ store, post: await openWebhookPost(app), sealing: sealer, stopAfterMs: config.webhooks.stopAfter, clock, random: systemRandom, log: createEventLog(log) }),
    notices: createWebhookNotices({ store, notices, hostname: config.hostname }),
    exclusively: app.exclusive("webhooks"),
    everyMs: lookEveryMs,
  }
}

/** How late an event may be told. */
const lookEveryMs = 1_000

/** Deletes events that nobody asks for again. */
export const forgetEvents = ({ database, context: { config, clock } }: App): Promise<number> => createEventStore({ database }).forget(clock.now() - config.webhooks.keep)
