import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import { certificateText as text } from "../../text/certificates.ts"
import { choice, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled } from "../../web/inputs.ts"
import { administratorPage, type Page, type Visit } from "../../web/page.ts"
import { shownDate } from "../../web/shown.ts"
import { pager, table } from "../../web/table.ts"
import { spanText } from "../../web/words.ts"
import type { CertificatePorts } from "./certificates.ts"

/** The registry as a list, the next to end first. */
const pageSize = 50
const dayMs = 86_400_000
const spans = ["14", "30", "60", "90"] as const
export const certificateStates = ["active", "suspended", "revoked"] as const

export const certificateListPages = ({ registry, clock }: CertificatePorts): readonly Page[] => [
  administratorPage({
    method: "get", path: "/certificates", who: "certificates:read",
    input: z.object({ state: filled(z.enum(certificateStates)), expiring: filled(z.enum(spans)), unit: filled(z.string().trim().max(64)), text: filled(z.string().trim().max(200)), page: filled(z.coerce.number().int().min(1).max(100_000)) }),
    async run({ state, expiring, unit, text: searched, page = 1 }, visit) {
      const { say, scope, holder } = visit
      const now = clock.now()
      const { rows, total } = await registry.list(
        scope,
        { ...(state !== undefined && { state }), ...(expiring !== undefined && { endsAfter: now, endsBefore: now + Number(expiring) * dayMs }), ...(unit !== undefined && { unit }), ...(searched !== undefined && { text: searched }) },
        { limit: pageSize, offset: (page - 1) * pageSize },
      )
      return {
        kind: "page",
        title: say(text.title),
        body: html`<p>${say(text.intro)}</p>
          ${may(holder, "certificates:write") && html`<p><a role="button" href="/console/certificates/new">${say(text.new)}</a></p>`}
          ${form(visit, {
            action: "/console/certificates", method: "get", className: "row filter",
            body: html`${field({ name: "text", label: say(text.text), type: "search", value: searched })}
              ${choice({ name: "state", label: say(text.state), value: state, options: [{ value: "", text: say(text.any) }, ...certificateStates.map((value) => ({ value, text: say(text[value]) }))] })}
              ${choice({ name: "expiring", label: say(text.expiring), value: expiring, options: [{ value: "", text: say(text.any) }, ...spans.map((value) => ({ value, text: spanText(Number(value) * dayMs, visit.language) }))] })}
              ${field({ name: "unit", label: say(text.unit), value: unit })}
              <button>${say(text.show)}</button> <a href="/console/certificates">${say(text.clear)}</a>`,
          })}
          ${table(visit, {
            caption: say(text.count, { count: total }), empty: say(text.empty), rows,
            columns: [
              { key: "certificate", title: say(text.short), cell: ({ fingerprint }) => html`<a href=${`/console/certificates/${fingerprint}`}><code>${fingerprint.slice(0, 16)}</code></a>` },
              { key: "holder", title: say(text.holder), cell: ({ holderName, principalId }) => html`${holderName} <small class="muted">${principalId}</small>` },
              { key: "unit", title: say(text.unitName), cell: ({ unitName, unitCode }) => unitName ?? unitCode },
              { key: "use", title: say(text.use), cell: ({ use }) => say(text[use]) },
              { key: "state", title: say(text.state), cell: ({ state }) => html`<span class=${state === "active" ? "good" : "bad"}>${say(text[state])}</span>` },
              { key: "ends", title: say(text.ends), cell: ({ notAfter }) => html`${shownDate(visit, notAfter)} <small>${leftText(visit, notAfter, now)}</small>` },
              { key: "for", title: say(text.speaksFor), cell: ({ accounts }) => (accounts.length === 0 ? say(text.allOfHolder) : html`<span class="wrap">${accounts.join(", ")}</span>`) },
            ],
          })}
          ${pager(visit, { previous: page > 1 ? { page: page === 2 ? undefined : String(page - 1) } : null, next: page * pageSize < total ? { page: String(page + 1) } : null })}`,
      }
    },
  }),
]

export const leftText = ({ say }: Visit, notAfter: number, now: number): string => (notAfter < now ? say(text.ended) : say(text.daysLeft, { days: Math.floor((notAfter - now) / dayMs) }))
