import { z } from "zod"
import { destinationPattern } from "../../../mail/destination-pattern.ts"
import { reportText as text } from "../../text/reports.ts"
import { choice, field, form } from "../../web/forms.ts"
import { type Html, html } from "../../web/html.ts"
import { filled } from "../../web/inputs.ts"
import type { Visit } from "../../web/page.ts"
import { spanText } from "../../web/words.ts"

/** What lists of reports are asked: of which time, about which domain; and whose reports they are. */
const dayMs = 86_400_000
const spans = ["7", "30", "90"] as const
const maxShown = 100

export const listInput = z.object({ days: filled(z.enum(spans)), domain: filled(z.string().trim().max(300)) })
export type Asked = z.output<typeof listInput>

/** Undefined when what was asked for is no domain. */
export function questionOf({ days = "30", domain }: Asked, now: number): { readonly since: number; readonly limit: number; readonly domain?: string } | undefined {
  const name = domain === undefined ? undefined : destinationPattern(domain)
  return domain !== undefined && name === undefined ? undefined : { since: now - Number(days) * dayMs, limit: maxShown, ...(name !== undefined && { domain: name }) }
}

export const questionForm = (visit: Visit, action: string, { asked: { days = "30", domain }, wrong }: { readonly asked: Asked; readonly wrong: boolean }): Html =>
  form(visit, {
    action, method: "get", className: "row",
    body: html`${field({ name: "domain", label: visit.say(text.domain), type: "search", value: domain, ...(wrong && { error: visit.say(text.notDomain) }) })}
      ${choice({ name: "days", label: visit.say(text.days), value: days, options: spans.map((value) => ({ value, text: spanText(Number(value) * dayMs, visit.language) })) })}
      <button>${visit.say(text.show)}</button>`,
  })

export const tabs = ({ say }: Visit, kind: "tls" | "dmarc", here: "received" | "sent"): Html => html`<nav class="tabs" aria-label=${say(text.kinds)}>
  <a href=${`/console/reports/${kind}`} aria-current=${here === "received" ? "page" : undefined}>${say(text.received)}</a>
  <a href=${`/console/reports/${kind}/sent`} aria-current=${here === "sent" ? "page" : undefined}>${say(text.sentByUs)}</a>
</nav>`

export const reportLink = (kind: "tls" | "dmarc", number: number): Html => html`<a href=${`/console/reports/${kind}/${number}`}>${number}</a>`
