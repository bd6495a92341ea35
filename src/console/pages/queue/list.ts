import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import { type QueueAction, queueActions } from "../../../store/queue-action.ts"
import type { QueuedDelivery } from "../../../store/queue-store.ts"
import { bounceClassText, queueActionText, queueStateText, queueText } from "../../text/queue.ts"
import { form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled, idField } from "../../web/inputs.ts"
import { type Page, provincePage, type Visit } from "../../web/page.ts"
import { selectAll, selectionColumn } from "../../web/selection.ts"
import { shownNumber, shownSpan } from "../../web/shown.ts"
import { type Column, pager, table } from "../../web/table.ts"
import { filterFields, filterForm, filterHidden, filterOf } from "./filter.ts"
import type { QueuePorts } from "./queue.ts"

/** The queue as a list: filtered, selected, steered. */
const pageSize = 100
const selected = "steer"

export const queueListPages = ({ queue, clock }: QueuePorts): readonly Page[] => [
  provincePage({
    method: "get", path: "/queue", who: "queue:read", input: z.object({ ...filterFields, after: filled(idField) }),
    async run({ after, ...input }, visit) {
      const { say, holder } = visit
      const now = clock.now()
      const filter = filterOf(input, now)
      const [rows, counts] = filter ? await Promise.all([queue.list(filter, { limit: pageSize, ...(after !== undefined && { after }) }), queue.count(filter)]) : [[], {}]
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
      const last = rows.length === pageSize ? rows.at(-1) : undefined
      const steers = may(holder, "queue:write") && rows.length > 0
      const states = Object.entries(counts).map(([state, count]) => `${say(queueStateText[state as keyof typeof counts])} ${shownNumber(visit, count)}`)
      return {
        kind: "page",
        title: say(queueText.title),
        status: filter ? 200 : 422,
        body: html`<p>${say(queueText.intro)}</p>
          ${filterForm(visit, input, !filter)}
          ${total > 0 && html`<p>${say(queueText.counts, { count: total, states: states.join(", ") })}</p>`}
          ${steers &&
          form(visit, {
            id: selected, action: "/console/queue/plan", className: "row bar", hidden: filterHidden(input),
            body: html`${selectAll(visit, selected)}<span>${say(queueText.selection)}:</span> ${actionButtons(visit)}
              <label class="check"><input type="checkbox" name="everything" value="1" /> ${say(queueText.everything, { count: total })}</label>`,
          })}
          ${table(visit, { caption: say(queueText.title), empty: say(queueText.empty), rows, columns: [...(steers ? [selectionColumn<QueuedDelivery>(visit, selected, { id: ({ id }) => id, label: ({ id, recipient }) => `${id} ${recipient}` })] : []), ...deliveryColumns(visit, now)] })}
          ${pager(visit, { previous: after === undefined ? null : { after: undefined }, next: last ? { after: String(last.id) } : null })}`,
      }
    },
  }),
]

export const actionButtons = ({ say }: Visit, actions: readonly QueueAction[] = queueActions) =>
  actions.map((action) => html`<button class=${action === "delete" || action === "bounce" ? "danger" : "secondary"} name="action" value=${action}>${say(queueActionText[action])}</button>`)

export const shownSender = (reversePath: string): string => (reversePath === "" ? "<>" : reversePath)

export function deliveryColumns(visit: Visit, now: number): readonly Column<QueuedDelivery>[] {
  const { say } = visit
  return [
    { key: "number", title: say(queueText.number), cell: ({ id }) => html`<a href=${`/console/queue/${id}`}>${id}</a>` },
    { key: "state", title: say(queueText.state), cell: ({ state }) => say(queueStateText[state]) },
    { key: "recipient", title: say(queueText.recipient), cell: ({ recipient }) => recipient },
    { key: "sender", title: say(queueText.sender), cell: ({ reversePath }) => shownSender(reversePath) },
    { key: "age", title: say(queueText.age), cell: ({ acceptedAt }) => shownSpan(visit, Math.max(now - acceptedAt, 0)) },
    { key: "next", title: say(queueText.next), cell: ({ nextAttemptAt }) => (nextAttemptAt === null ? "–" : nextAttemptAt <= now ? say(queueText.now) : shownSpan(visit, nextAttemptAt - now)) },
    { key: "tries", title: say(queueText.tries), numeric: true, cell: ({ attempts }) => attempts },
    { key: "words", title: say(queueText.lastWords), cell: ({ bounceClass, status, diagnostic }) => html`${bounceClass && html`<strong>${say(bounceClassText[bounceClass])}</strong> `}${[status, diagnostic].filter(Boolean).join(" ")}` },
  ]
}
