import type { Logger } from "pino"

/** What becomes of notifications, without what they say and without whom they are for. */
export const createNotificationLog = (log: Logger) => ({
  sent(event: { readonly notificationId: number; readonly envelopeId: number; readonly recipients: number }): void {
    log.info(event, "a notification was handed to delivery")
  },
  refused(event: { readonly notificationId: number; readonly recipients: number; readonly status: string }): void {
    log.warn(event, "a notification was refused")
  },
  failed({ error, ...event }: { readonly notificationId: number; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "a notification could not be sent yet")
  },
  webhookFailed(event: { readonly notificationId: number; readonly url: string; readonly problem: string; readonly givenUp: boolean }): void {
    log.warn(event, "a webhook could not be told")
  },
  webhookBroken({ error, ...event }: { readonly notificationId: number; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "a webhook could not be served")
  },
})

/** What becomes of webhooks of events. */
export const createEventLog = (log: Logger) => ({
  eventFailed(event: { readonly webhookId: number; readonly eventId: number; readonly url: string; readonly problem: string; readonly givenUp: boolean; readonly stopped: boolean }): void {
    log.warn(event, "a webhook could not be told of an event")
  },
  eventBroken({ error, ...event }: { readonly webhookId: number; readonly error: unknown }): void {
    log.error({ ...event, err: error }, "a webhook could not be served")
  },
})
