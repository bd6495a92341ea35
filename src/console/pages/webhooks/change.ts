import { z } from "zod"
import { type EventType, eventTypes, isEventType, unitEventTypes } from "../../../store/webhook-event.ts"
import type { Webhook } from "../../../store/webhook-desk.ts"
import type { SubscriptionProblem } from "../../../webhooks/subscriptions.ts"
import { eventText, webhookProblemText, webhookText as text } from "../../text/webhooks.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { idField } from "../../web/inputs.ts"
import { type AdministratorVisit, administratorPage, type Answer, done, type Page } from "../../web/page.ts"
import { whoOf } from "../../web/who.ts"
import { viewOf, webhooksPath, type WebhookPorts } from "./ports.ts"

/** Making a webhook and changing what it is told; each new secret is shown once. */
const typedInput = {
  description: z.string().max(1_000).default(""), url: z.string().max(2_048).default(""), unit: z.string().max(64).default(""),
  events: z.preprocess((value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]), z.array(z.string().max(64)).max(eventTypes.length)),
}
const typedSchema = z.object(typedInput)
type Typed = z.output<typeof typedSchema>

const maxDescription = 200

type Wrong = SubscriptionProblem | "description" | "noEvents"

/** What is typed, or why it cannot be meant. */
function read({ description, url, unit, events }: Typed) {
  const known: readonly EventType[] = [...new Set(events.filter(isEventType))]
  const trimmed = description.trim()
  const wrong: Wrong | undefined = trimmed === "" || trimmed.length > maxDescription ? "description" : known.length === 0 ? "noEvents" : undefined
  return { wrong, wanted: { description: trimmed, url: url.trim(), unitCode: unit.trim() === "" ? null : unit.trim(), events: known } }
}

export function webhookChangePages({ webhooks }: WebhookPorts): readonly Page[] {
  const formPage = (visit: AdministratorVisit, typed: Typed, { wrong, webhook }: { readonly wrong?: Wrong | undefined; readonly webhook?: Webhook } = {}): Answer => {
    const { say, scope, holder } = visit
    const whole = wrong === "contact" || wrong === "full" || wrong === "webhook" ? say(webhookProblemText[wrong]) : undefined
    const eventsError = wrong === "noEvents" ? say(text.noEvents) : wrong === "events" ? say(webhookProblemText.events) : undefined
    return {
      kind: "page",
      title: say(webhook ? text.edit : text.new),
      status: wrong === undefined ? 200 : 422,
      crumbs: [{ path: webhooksPath, title: say(text.title) }, ...(webhook ? [{ path: `${webhooksPath}/${webhook.id}`, title: webhook.description }] : [])],
      body: html`${whole !== undefined && html`<p class="notice problem" role="alert">${whole}</p>`}
        ${form(visit, {
          action: webhook ? `${webhooksPath}/${webhook.id}/edit` : webhooksPath, className: "narrow",
          body: html`${field({ name: "description", label: say(text.description), value: typed.description, required: true, maxlength: maxDescription, help: say(text.descriptionHelp), error: wrong === "description" ? say(text.noDescription) : undefined, autocomplete: "off" })}
            ${field({ name: "url", label: say(text.url), type: "url", value: typed.url, required: true, maxlength: 2_048, help: say(text.urlHelp), error: wrong === "url" ? say(webhookProblemText.url) : undefined, autocomplete: "off" })}
            ${!webhook && field({ name: "unit", label: say(text.unit), value: typed.unit, required: scope.roots !== null, maxlength: 64, help: say(scope.roots === null ? text.unitHelp : text.unitOwnHelp), error: wrong === "unit" ? say(webhookProblemText.unit) : undefined, autocomplete: "off" })}
            <fieldset><legend>${say(text.events)}</legend>
              ${offered(visit, webhook).map((type) => html`<label class="check"><input type="checkbox" name="events" value=${type} checked=${typed.events.includes(type)} /> ${say(eventText[type])}${!unitEventTypes.includes(type) && " *"} <span class="muted">(${type})</span></label>`)}
              ${scope.roots === null && html`<small>${say(text.eventsHelp)}</small>`}
              ${eventsError !== undefined && html`<small class="error">${eventsError}</small>`}</fieldset>
            ${!webhook && html`<p class="muted">${say(text.contactHelp, { address: holder.address })}</p>`}
            <button>${say(webhook ? text.save : text.create)}</button>`,
        })}`,
    }
  }
  /** The first unit that is theirs, for who administers one. */
  const blank = ({ scope }: AdministratorVisit): Typed => ({ description: "", url: "https://", unit: scope.roots?.[0] ?? "", events: [] })

  return [
    administratorPage({ method: "get", path: "/webhooks/new", who: "webhooks:write", fresh: true, input: z.object({}), run: async (_input, visit) => formPage(visit, blank(visit)) }),
    administratorPage({
      method: "post", path: "/webhooks", who: "webhooks:write", fresh: true, input: typedSchema,
      async run(typed, visit) {
        const { wrong, wanted } = read(typed)
        if (wrong) return formPage(visit, typed, { wrong })
        const added = await webhooks.add(viewOf(visit), { ...wanted, contact: visit.holder.address }, whoOf(visit))
        return added.ok ? secretPage(visit, { id: added.value.id, secret: added.value.secret, replaced: false }) : formPage(visit, typed, { wrong: added.failure })
      },
    }),
    administratorPage({
      method: "get", path: "/webhooks/:id/edit", who: "webhooks:write", fresh: true, input: z.object({ id: idField }),
      async run({ id }, visit) {
        const webhook = await webhooks.find(viewOf(visit), id)
        return webhook ? formPage(visit, { ...webhook, unit: webhook.unitCode ?? "", events: [...webhook.events] }, { webhook }) : { kind: "error", status: 404 }
      },
    }),
    administratorPage({
      method: "post", path: "/webhooks/:id/edit", who: "webhooks:write", fresh: true, input: z.object({ id: idField, ...typedInput }),
      async run({ id, ...typed }, visit) {
        const webhook = await webhooks.find(viewOf(visit), id)
        if (!webhook) return { kind: "error", status: 404 }
        const { wrong, wanted: { description, url, events } } = read(typed)
        if (wrong) return formPage(visit, typed, { wrong, webhook })
        const changed = await webhooks.change(viewOf(visit), id, { description, url, events }, whoOf(visit))
        return changed.ok ? { kind: "redirect", to: `${webhooksPath}/${id}`, notice: done(visit.say(text.saved)) } : formPage(visit, typed, { wrong: changed.failure, webhook })
      },
    }),
    administratorPage({
      method: "post", path: "/webhooks/:id/secret", who: "webhooks:write", fresh: true, input: z.object({ id: idField }),
      async run({ id }, visit) {
        const secret = await webhooks.replaceSecret(viewOf(visit), id, whoOf(visit))
        return secret === undefined ? { kind: "error", status: 404 } : secretPage(visit, { id, secret, replaced: true })
      },
    }),
  ]
}

const offered = ({ scope }: AdministratorVisit, webhook: Webhook | undefined): readonly EventType[] => (scope.roots !== null || (webhook && webhook.unitCode !== null) ? unitEventTypes : eventTypes)

function secretPage({ say }: AdministratorVisit, { id, secret, replaced }: { readonly id: number; readonly secret: string; readonly replaced: boolean }): Answer {
  return {
    kind: "page",
    title: say(text.secretTitle),
    crumbs: [{ path: webhooksPath, title: say(text.title) }],
    body: html`<p>${say(text.secretText)}</p>
      <p><code class="secret">${secret}</code> <button type="button" class="secondary" data-copy=${secret} data-copied=${say(text.copied)}>${say(text.copy)}</button></p>
      ${replaced && html`<p>${say(text.secretOld)}</p>`}
      <p><a href=${`${webhooksPath}/${id}`}>${say(text.back)}</a></p>`,
  }
}
