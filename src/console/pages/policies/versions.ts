import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import { readPolicy } from "../../../policy/read-policy.ts"
import type { PolicySummary } from "../../../store/policy-store.ts"
import { policyText as text } from "../../text/policies.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled } from "../../web/inputs.ts"
import { type Page, provincePage, type Visit } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { timeText } from "../../web/words.ts"
import type { PolicyPorts } from "./policies.ts"
import { diffView, numberedText } from "./policy-view.ts"

/** What is in force, what was, and what changed between. */
const historyRows = 100
const versionField = z.coerce.number().int().min(1).max(1_000_000_000)

export function versionPages({ policies, nameOf }: PolicyPorts): readonly Page[] {
  const summary = (visit: Visit, { version, appliedAt, by, why, source }: PolicySummary): string =>
    visit.say(text.inForce, { version: String(version), time: timeText(appliedAt, visit.language), by: nameOf(by), why: why === "" && source === "file" ? visit.say(text.fromFile) : why })
  return [
    provincePage({
      method: "get", path: "/policies", who: "policy:read", input: z.object({}),
      async run(_input, visit) {
        const { say } = visit
        const [inForce, history] = await Promise.all([policies.inForce(), policies.history(historyRows)])
        return {
          kind: "page",
          title: say(text.title),
          body: html`${inForce ? html`<p>${summary(visit, inForce)}</p>` : html`<p class="empty">${say(text.none)}</p>`}
            ${table(visit, {
              caption: say(text.history), empty: say(text.noHistory), rows: history,
              columns: [
                { key: "version", title: say(text.version), cell: ({ version, inForce }) => html`<a href=${`/console/policies/${version}`}>${version}</a>${inForce && html` <strong>${say(text.now)}</strong>`}` },
                { key: "applied", title: say(text.applied), cell: ({ appliedAt }) => shownTime(visit, appliedAt) },
                { key: "by", title: say(text.by), cell: ({ by }) => nameOf(by) },
                { key: "why", title: say(text.why), cell: ({ why, source }) => (why === "" && source === "file" ? say(text.fromFile) : why) },
              ],
            })}
            ${inForce && html`<h2>${say(text.text)}</h2>${numberedText(visit, inForce.yaml)}`}`,
        }
      },
    }),
    provincePage({
      method: "get", path: "/policies/:version", who: "policy:read", input: z.object({ version: versionField, against: filled(versionField) }),
      async run({ version, against = version - 1 }, visit) {
        const { say, holder } = visit
        const [shown, other] = await Promise.all([policies.version(version), against > 0 ? policies.version(against) : undefined])
        if (!shown) return { kind: "error", status: 404 }
        return {
          kind: "page",
          title: say(text.versionTitle, { version: String(version) }),
          crumbs: [{ path: "/console/policies", title: say(text.title) }],
          body: html`<p>${summary(visit, shown)}</p>
            ${form(visit, { action: `/console/policies/${version}`, method: "get", className: "row", body: html`${field({ name: "against", label: say(text.compare), type: "number", value: other ? String(other.version) : "" })}<button class="secondary">${say(text.show)}</button>` })}
            ${other && html`<h2>${say(text.diff, { version: String(other.version) })}</h2>${diffView(visit, other.yaml, shown.yaml)}`}
            ${!shown.inForce && may(holder, "policy:write") && (readPolicy(shown.yaml).ok ? rollbackForm(visit, version) : html`<p class="muted">${say(text.cannot)}</p>`)}
            <h2>${say(text.text)}</h2>
            ${numberedText(visit, shown.yaml)}`,
        }
      },
    }),
  ]
}

const rollbackForm = (visit: Visit, version: number) => html`<details class="confirm"><summary>${visit.say(text.rollback)}</summary>${form(visit, {
  action: `/console/policies/${version}/rollback`,
  body: html`<p>${visit.say(text.rollbackQuestion)}</p>${field({ name: "why", label: visit.say(text.whyField), required: true, maxlength: 400, autocomplete: "off" })}<button class="danger">${visit.say(text.rollback)}</button>`,
})}</details>`
