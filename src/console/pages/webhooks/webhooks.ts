import type { Page } from "../../web/page.ts"
import { webhookChangePages } from "./change.ts"
import { webhookDetailPages } from "./detail.ts"
import { webhookListPages } from "./list.ts"
import type { WebhookPorts } from "./ports.ts"

/** Webhooks of events, of the visitor's units. */
export const webhookPages = (ports: WebhookPorts): readonly Page[] => [...webhookListPages(ports), ...webhookChangePages(ports), ...webhookDetailPages(ports)]
