import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { Webhook } from "../../../store/webhook-desk.ts"
import { webhookStateText, webhookText as text } from "../../text/webhooks.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type Page, type Visit } from "../../web/page.ts"
import { shownNumber } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { viewOf, webhooksPath, type WebhookPorts } from "./ports.ts"

export const stateOf = ({ say }: Visit, { state }: Webhook) => html`<span class=${state === "active" ? "good" : "bad"}>${say(webhookStateText[state])}</span>`

export const webhookListPages = ({ webhooks }: WebhookPorts): readonly Page[] => [
  administratorPage({
    method: "get", path: "/webhooks", who: "webhooks:read", input: z.object({}),
    async run(_input, visit) {
      const { say, holder } = visit
      const rows = await webhooks.list(viewOf(visit))
      return {
        kind: "page",
        title: say(text.title),
        body: html`<p>${say(text.intro)}</p>
          ${may(holder, "webhooks:write") && html`<p><a role="button" href=${`${webhooksPath}/new`}>${say(text.new)}</a></p>`}
          ${table(visit, {
            caption: say(text.caption, { count: rows.length }), empty: say(text.empty), rows,
            columns: [
              { key: "description", title: say(text.description), cell: ({ id, description }) => html`<a href=${`${webhooksPath}/${id}`}>${description}</a>` },
              { key: "url", title: say(text.url), cell: ({ url }) => html`<code>${url}</code>` },
              { key: "unit", title: say(text.unit), cell: ({ unitCode }) => unitCode ?? say(text.province) },
              { key: "events", title: say(text.events), numeric: true, cell: ({ events }) => shownNumber(visit, events.length) },
              { key: "waiting", title: say(text.waiting), numeric: true, cell: ({ waiting }) => shownNumber(visit, waiting) },
              { key: "state", title: say(text.state), cell: (webhook) => stateOf(visit, webhook) },
            ],
          })}`,
      }
    },
  }),
]
