import { z } from "zod"
import { isDate, provinceDate } from "../../../accounts/province-date.ts"
import { type AuditFilter, type ListedEntry, lookedAt } from "../../../store/audit-store.ts"
import { auditFile } from "../../../store/audit/audit-file.ts"
import { fromOf, whoOf } from "../../../store/audit/shown-entry.ts"
import { auditText as text } from "../../text/audit.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled, idField } from "../../web/inputs.ts"
import { type Page, provincePage } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { pager, table, withQuery } from "../../web/table.ts"
import type { AuditPorts } from "./audit.ts"

/** Entries that fit, newest first, and all of them as a file. */
const pageSize = 100
const dayMs = 86_400_000
const word = filled(z.string().trim().max(320))
const day = filled(z.string().trim().refine(isDate))

const filterFields = { kind: filled(z.string().trim().regex(/^[A-Za-z.]{1,64}\*?$/)), who: word, account: word, since: day, until: day, text: word }
type Entered = z.output<z.ZodObject<typeof filterFields>>

const startOf = (date: string): number => Date.parse(`${date}T00:00:00+07:00`)

export function auditListPages({ audit, accountOf, nameOf, clock }: AuditPorts): readonly Page[] {
  /** Undefined when there is no such account. */
  const filterOf = ({ kind, who, account, since, until, text: searched }: Entered): AuditFilter | undefined => {
    const accountId = account === undefined ? undefined : accountOf(account)
    if (account !== undefined && accountId === undefined) return undefined
    return {
      ...(kind !== undefined && { kind }), ...(who !== undefined && { who }), ...(accountId !== undefined && { accountId }), ...(since !== undefined && { since: startOf(since) }),
      ...(until !== undefined && { until: startOf(until) + dayMs }), ...(searched !== undefined && { text: searched }),
    }
  }
  return [
    provincePage({
      method: "get", path: "/audit", who: "audit:read", input: z.object({ ...filterFields, before: filled(idField) }),
      async run({ before, ...entered }, visit) {
        const { say } = visit
        const filter = filterOf(entered)
        const from = before === undefined ? {} : { before }
        const reached = filter && (await audit.reach(filter, { entries: lookedAt(filter), ...from }))
        const rows = filter ? await audit.list(filter, { limit: pageSize, ...from, ...(reached !== undefined && { after: reached - 1 }) }) : []
        const last = rows.length === pageSize ? rows.at(-1) : undefined
        const exportUrl = (as: string): string => withQuery(visit.url.replace(/^\/console\/audit/, "/console/audit/export"), { as, before: undefined })
        return {
          kind: "page",
          title: say(text.title),
          status: filter ? 200 : 422,
          body: html`<p>${say(text.intro)}</p>
            ${form(visit, {
              action: "/console/audit", method: "get", className: "row filter",
              body: html`${field({ name: "text", label: say(text.text), type: "search", value: entered.text })}
                ${field({ name: "kind", label: say(text.kind), value: entered.kind, help: say(text.kindHelp) })}
                ${field({ name: "who", label: say(text.who), value: entered.who })}
                ${field({ name: "account", label: say(text.account), value: entered.account, ...(!filter && { error: say(text.noAccount) }) })}
                ${field({ name: "since", label: say(text.since), type: "date", value: entered.since })}
                ${field({ name: "until", label: say(text.until), type: "date", value: entered.until })}
                <button>${say(text.show)}</button> <a href="/console/audit">${say(text.clear)}</a>`,
            })}
            ${table(visit, {
              caption: say(text.title), empty: say(text.empty), rows,
              columns: [
                { key: "number", title: say(text.number), cell: ({ id }) => id },
                { key: "time", title: say(text.time), cell: ({ at }) => shownTime(visit, Date.parse(at)) },
                { key: "kind", title: say(text.kind), cell: ({ kind }) => html`<code>${kind}</code>` },
                { key: "who", title: say(text.who), cell: (entry) => nameOf(whoOf(entry)) },
                { key: "from", title: say(text.from), cell: fromOf },
                { key: "account", title: say(text.account), cell: ({ account }) => account ?? "–" },
                { key: "detail", title: say(text.detail), cell: (entry) => html`<details><summary>${briefly(entry)}</summary><pre class="message">${JSON.stringify({ actor: entry.actor, detail: entry.detail }, null, 1)}</pre></details>` },
                { key: "position", title: say(text.position), numeric: true, cell: ({ position }) => position ?? say(text.unsealed) },
              ],
            })}
            ${pager(visit, { previous: before === undefined ? null : { before: undefined }, next: last ? { before: String(last.id) } : null })}
            ${filter && !last && reached !== undefined && html`<p class="muted">${say(text.reached, { count: lookedAt(filter), id: String(reached) })} <a href=${withQuery(visit.url, { before: String(reached) })}>${say(text.older)}</a></p>`}
            ${filter && html`<p><a href=${exportUrl("csv")} download>${say(text.csv)}</a> · <a href=${exportUrl("json")} download>${say(text.json)}</a> <small class="muted">${say(text.exportNote)}</small></p>`}`,
        }
      },
    }),
    provincePage({
      method: "get", path: "/audit/export", who: "audit:read", input: z.object({ ...filterFields, as: z.enum(["csv", "json"]) }),
      async run({ as, ...entered }) {
        const filter = filterOf(entered)
        if (!filter) return { kind: "error", status: 400 }
        await audit.record({ kind: "audit.exported", accountId: filter.accountId ?? null, detail: { filter: entered, form: as } })
        return { kind: "file", ...auditFile(audit.export(filter), as, provinceDate(clock.now())) }
      },
    }),
  ]
}

const maxBrief = 80

/** Of rights, the name instead of the number that they are kept under. */
function briefly({ kind, principal, account, detail }: ListedEntry): string {
  if (kind.startsWith("assignment.") && principal !== null && account !== null) return `${principal} · ${account}`
  const all = JSON.stringify(detail)
  return all.length > maxBrief ? `${all.slice(0, maxBrief)}…` : all
}
