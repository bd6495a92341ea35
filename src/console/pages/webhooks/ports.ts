import type { WebhookView } from "../../../store/webhook-desk.ts"
import type { Subscriptions } from "../../../webhooks/subscriptions.ts"
import type { AdministratorVisit } from "../../web/page.ts"

/** What the pages of webhooks share. */
export interface WebhookPorts {
  readonly webhooks: Subscriptions
  /** The audit keeps a person's number. */
  readonly nameOf: (by: string) => string
}

export const webhooksPath = "/console/webhooks"

export const viewOf = ({ scope }: AdministratorVisit): WebhookView => ({ kind: "administrator", scope })
