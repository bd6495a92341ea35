import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import { isEventType, pingType } from "../../../store/webhook-event.ts"
import type { Webhook, WebhookDelivery } from "../../../store/webhook-desk.ts"
import { keptProblemText } from "../../../webhooks/post-problem.ts"
import { deliveryStateText, eventText, stoppedWhyText, webhookText as text } from "../../text/webhooks.ts"
import { facts } from "../../web/facts.ts"
import { confirmed, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled, idField } from "../../web/inputs.ts"
import { type AdministratorVisit, administratorPage, done, type Page, problem, type Visit } from "../../web/page.ts"
import { shownNumber, shownTime } from "../../web/shown.ts"
import { type Column, pager, table } from "../../web/table.ts"
import { whoOf } from "../../web/who.ts"
import { stateOf } from "./list.ts"
import { viewOf, webhooksPath, type WebhookPorts } from "./ports.ts"

/** One webhook: what it is told, how it answers, what was told lately and can be told again. */
const pageSize = 50
const one = z.object({ id: idField })

const typeText = ({ say }: Visit, type: string): string => (isEventType(type) || type === pingType ? say(eventText[type]) : type)

export function webhookDetailPages({ webhooks, nameOf }: WebhookPorts): readonly Page[] {
  const path = (id: number): string => `${webhooksPath}/${id}`
  const change = (action: string, work: (visit: AdministratorVisit, id: number) => Promise<boolean>, words: { readonly done: keyof typeof text; readonly not: keyof typeof text; readonly to?: string }): Page =>
    administratorPage({
      method: "post", path: `/webhooks/:id/${action}`, who: "webhooks:write", input: one,
      async run({ id }, visit) {
        const changed = await work(visit, id)
        return { kind: "redirect", to: changed && words.to !== undefined ? words.to : path(id), notice: changed ? done(visit.say(text[words.done])) : problem(visit.say(text[words.not])) }
      },
    })

  return [
    administratorPage({
      method: "get", path: "/webhooks/:id", who: "webhooks:read", input: z.object({ id: idField, before: filled(idField) }),
      async run({ id, before }, visit) {
        const { say, holder } = visit
        const webhook = await webhooks.find(viewOf(visit), id)
        if (!webhook) return { kind: "error", status: 404 }
        const writes = may(holder, "webhooks:write")
        const rows = await webhooks.deliveries(viewOf(visit), id, { limit: pageSize, ...(before !== undefined && { before }) })
        const repeat: Column<WebhookDelivery> = { key: "repeat", title: say(text.repeat), cell: (row) => row.state !== "waiting" && form(visit, { action: `${path(id)}/repeat`, hidden: { delivery: row.id }, body: html`<button class="secondary">${say(text.repeat)}</button>` }) }
        return {
          kind: "page",
          title: webhook.description,
          crumbs: [{ path: webhooksPath, title: say(text.title) }],
          body: html`${factsOf(visit, webhook, nameOf)}
            ${writes && actions(visit, webhook)}
            ${table(visit, {
              caption: say(text.deliveries), empty: say(text.noDeliveries), rows,
              columns: [
                { key: "event", title: say(text.event), cell: ({ event, type }) => html`<span>${typeText(visit, type)} <small class="muted">${type} ${event}</small></span>` },
                { key: "at", title: say(text.happened), cell: ({ at }) => shownTime(visit, at) },
                { key: "data", title: say(text.content), cell: ({ data }) => html`<code>${JSON.stringify(data)}</code>` },
                { key: "state", title: say(text.state), cell: ({ state }) => html`<span class=${state === "told" ? "good" : state === "failed" ? "bad" : undefined}>${say(deliveryStateText[state])}</span>` },
                { key: "answer", title: say(text.answer), cell: ({ status, tries, problem }) => (tries === 0 ? "–" : html`<span>${status ?? say(text.noAnswer)}${status === null && problem !== "" && html` <small>${keptProblemText(problem, visit.language)}</small>`}</span>`) },
                { key: "tries", title: say(text.tries), numeric: true, cell: ({ tries }) => shownNumber(visit, tries) },
                { key: "tried", title: say(text.tried), cell: ({ triedAt }) => (triedAt === null ? "–" : shownTime(visit, triedAt)) },
                ...(writes ? [repeat] : []),
              ],
            })}
            ${pager(visit, { previous: before === undefined ? null : { before: undefined }, next: rows.length === pageSize ? { before: String(rows.at(-1)?.id) } : null })}`,
        }
      },
    }),
    change("ping", (visit, id) => webhooks.ping(viewOf(visit), id, whoOf(visit)), { done: "pinged", not: "notPinged" }),
    change("stop", (visit, id) => webhooks.setStopped(viewOf(visit), id, true, whoOf(visit)), { done: "stopped", not: "notChanged" }),
    change("go-on", (visit, id) => webhooks.setStopped(viewOf(visit), id, false, whoOf(visit)), { done: "resumed", not: "notChanged" }),
    change("remove", (visit, id) => webhooks.remove(viewOf(visit), id, whoOf(visit)), { done: "removed", not: "notChanged", to: webhooksPath }),
    administratorPage({
      method: "post", path: "/webhooks/:id/repeat", who: "webhooks:write", input: z.object({ id: idField, delivery: idField }),
      async run({ id, delivery }, visit) {
        const owed = await webhooks.redeliver(viewOf(visit), id, delivery, whoOf(visit))
        return { kind: "redirect", to: path(id), notice: owed ? done(visit.say(text.repeated)) : problem(visit.say(text.notRepeated)) }
      },
    }),
  ]
}

function factsOf(visit: Visit, webhook: Webhook, nameOf: WebhookPorts["nameOf"]) {
  const { say } = visit
  const { url, unitCode, events, contact, createdAt, createdBy, token, waiting, failingSince, stoppedAt, stoppedWhy, oldSecretUntil } = webhook
  return facts([
    [say(text.state), stateOf(visit, webhook)],
    stoppedAt === null || stoppedWhy === null ? undefined : [say(text.stoppedAt), html`<span>${shownTime(visit, stoppedAt)}, ${say(stoppedWhyText[stoppedWhy])}</span>`],
    failingSince === null ? undefined : [say(text.failingSince), shownTime(visit, failingSince)],
    [say(text.url), html`<code>${url}</code>`],
    [say(text.unit), unitCode ?? say(text.province)],
    [say(text.events), events.map((type) => typeText(visit, type)).join(" · ")],
    [say(text.waiting), shownNumber(visit, waiting)],
    [say(text.contact), contact],
    [say(text.made), shownTime(visit, createdAt)],
    [say(text.by), token === null ? nameOf(createdBy) : say(text.byToken, { name: token })],
    oldSecretUntil === null ? undefined : [say(text.oldSecretUntil), shownTime(visit, oldSecretUntil)],
  ])
}

function actions(visit: Visit, { id, stoppedAt, waiting }: Webhook) {
  const { say } = visit
  const button = (action: string, label: string) => form(visit, { action: `${webhooksPath}/${id}/${action}`, body: html`<button class="secondary">${label}</button>` })
  const asked = (action: string, label: string, question: string) => confirmed(visit, { label, question, action: `${webhooksPath}/${id}/${action}` })
  return html`<div class="actions">
    <a role="button" class="secondary" href=${`${webhooksPath}/${id}/edit`}>${say(text.edit)}</a>
    ${button("ping", say(text.ping))}
    ${stoppedAt === null ? asked("stop", say(text.stop), say(text.stopQuestion)) : button("go-on", say(text.goOn))}
    ${asked("secret", say(text.replaceSecret), say(text.replaceQuestion))}
    ${asked("remove", say(text.remove), say(text.removeQuestion, { count: waiting }))}
  </div>`
}
