import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import { type ListedSession, presentProtocols } from "../../../store/presence.ts"
import { connectionText as text } from "../../text/connections.ts"
import { choice, confirmed, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled } from "../../web/inputs.ts"
import { administratorPage, done, type Page, problem } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { type Column, pager, table } from "../../web/table.ts"
import { whoOf } from "../../web/who.ts"
import type { ConnectionPorts } from "./connections.ts"

/** Sessions of the visitor's units, and ending one. */
const pageSize = 100
const path = "/console/connections"

export const sessionListPages = ({ sessions }: ConnectionPorts): readonly Page[] => [
  administratorPage({
    method: "get", path: "/connections", who: "sessions:read",
    input: z.object({ protocol: filled(z.enum(presentProtocols)), text: filled(z.string().trim().max(200)), page: filled(z.coerce.number().int().min(1).max(10_000)) }),
    async run({ protocol, text: searched, page = 1 }, visit) {
      const { say, scope, holder } = visit
      const { rows, total } = await sessions.list(scope, { ...(protocol !== undefined && { protocol }), ...(searched !== undefined && { text: searched }) }, { limit: pageSize, offset: (page - 1) * pageSize })
      const end: Column<ListedSession> = {
        key: "end", title: say(text.end),
        cell: ({ protocol, process, id, account }) => confirmed(visit, { label: say(text.end), question: say(text.endQuestion, { account }), action: `${path}/end`, hidden: { protocol, process, id } }),
      }
      return {
        kind: "page",
        title: say(text.title),
        body: html`<p>${say(text.intro)}</p>
          ${form(visit, {
            action: path, method: "get", className: "row",
            body: html`${field({ name: "text", label: say(text.text), type: "search", value: searched })}
              ${choice({ name: "protocol", label: say(text.protocol), value: protocol, options: [{ value: "", text: say(text.any) }, ...presentProtocols.map((value) => ({ value, text: say(text[value]) }))] })}
              <button>${say(text.show)}</button>`,
          })}
          ${table(visit, {
            caption: say(text.count, { count: total }), empty: say(text.empty), rows,
            columns: [
              { key: "account", title: say(text.account), cell: ({ account }) => account },
              { key: "principal", title: say(text.principal), cell: ({ principal }) => principal ?? "–" },
              { key: "protocol", title: say(text.protocol), cell: ({ protocol }) => say(text[protocol]) },
              { key: "from", title: say(text.from), cell: ({ clientAddress }) => clientAddress },
              { key: "client", title: say(text.client), cell: ({ clientId }) => clientId || "–" },
              { key: "tls", title: say(text.tls), cell: ({ tls }) => tls ?? html`<strong class="bad">${say(text.noTls)}</strong>` },
              { key: "since", title: say(text.since), cell: ({ since }) => shownTime(visit, since) },
              ...(may(holder, "sessions:end") ? [end] : []),
            ],
          })}
          ${pager(visit, { previous: page > 1 ? { page: page === 2 ? undefined : String(page - 1) } : null, next: page * pageSize < total ? { page: String(page + 1) } : null })}`,
      }
    },
  }),
  administratorPage({
    method: "post", path: "/connections/end", who: "sessions:end", input: z.object({ protocol: z.enum(presentProtocols), process: z.string().max(64), id: z.string().max(64) }),
    async run(session, visit) {
      const ended = await sessions.end(visit.scope, session, { by: whoOf(visit), clientAddress: visit.clientAddress })
      return { kind: "redirect", to: path, notice: ended === "ended" ? done(visit.say(text.ended)) : problem(visit.say(ended === "above" ? text.above : text.notThere)) }
    },
  }),
]
