import { z } from "zod"
import { type QueueAction, queueActions } from "../../../store/queue-action.ts"
import { maxActed, type QueuedDelivery } from "../../../store/queue-store.ts"
import { type Outcomes, steerAll, steerSome } from "../../../store/steer-queue.ts"
import { actionOutcomeText, queueActionEffect, queueActionText, queueText } from "../../text/queue.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { idsField, whyField } from "../../web/inputs.ts"
import { type AdministratorVisit, type Answer, done, type Page, problem, provincePage } from "../../web/page.ts"
import { table } from "../../web/table.ts"
import { steererOf } from "../../web/who.ts"
import { filterFields, filterHidden, filterOf } from "./filter.ts"
import { deliveryColumns } from "./list.ts"
import type { QueuePorts } from "./queue.ts"

/** From a selection to what is meant, with its count and a reason; then to the change. What is deleted asks for the password again. */
const maxAll = 5_000
const shownFirst = 10
const listPath = "/console/queue"

const meantFields = { ...filterFields, ids: idsField(maxActed), everything: z.literal("1").optional() }
const meantInput = z.object(meantFields)
type Meant = z.output<typeof meantInput>

export function steerPages({ queue, clock, wake }: QueuePorts): readonly Page[] {
  async function planOf(meant: Meant): Promise<{ readonly count: number; readonly first: readonly QueuedDelivery[] }> {
    if (meant.everything === undefined) {
      const first = await Promise.all(meant.ids.slice(0, shownFirst).map((id) => queue.find(id)))
      return { count: meant.ids.length, first: first.filter((one) => one !== undefined) }
    }
    const filter = filterOf(meant, clock.now())
    if (!filter) return { count: 0, first: [] }
    const [counts, first] = await Promise.all([queue.count(filter), queue.list(filter, { limit: shownFirst })])
    return { count: Math.min(Object.values(counts).reduce((sum, count) => sum + count, 0), maxAll), first }
  }

  async function plan(action: QueueAction, meant: Meant, visit: AdministratorVisit, error?: string): Promise<Answer> {
    const { say } = visit
    const { count, first } = await planOf(meant)
    if (count === 0) return { kind: "redirect", to: listPath, notice: problem(say(queueText.nothingSelected)) }
    const name = say(queueActionText[action])
    return {
      kind: "page",
      title: say(queueText.planTitle, { action: name, count }),
      crumbs: [{ path: listPath, title: say(queueText.title) }],
      status: error === undefined ? 200 : 422,
      body: html`<p>${say(queueActionEffect[action])} ${meant.everything !== undefined && say(queueText.limited, { limit: maxAll })}</p>
        ${form(visit, {
          action: `${listPath}/${action}`,
          hidden: meant.everything === undefined ? {} : { ...filterHidden(meant), everything: "1" },
          body: html`${meant.everything === undefined && meant.ids.map((id) => html`<input type="hidden" name="ids" value=${id} />`)}
            ${field({ name: "why", label: say(action === "bounce" ? queueText.whyForSender : queueText.whyForAudit), required: needsReason(action), maxlength: 500, error, autocomplete: "off", autofocus: true })}
            <button class=${action === "delete" || action === "bounce" ? "danger" : undefined}>${say(queueText.goOn, { action: name, count })}</button> <a href=${listPath}>${say(queueText.back)}</a>`,
        })}
        ${table(visit, { caption: say(queueText.planCaption), empty: say(queueText.empty), rows: first, columns: deliveryColumns(visit, clock.now()) })}`,
    }
  }

  async function steer(action: QueueAction, { why, ...meant }: Meant & { readonly why: string }, visit: AdministratorVisit): Promise<Answer> {
    if (needsReason(action) && why === "") return plan(action, meant, visit, visit.say(queueText.whyNeeded))
    const by = steererOf(visit, why)
    const filter = filterOf(meant, clock.now())
    const outcomes = meant.everything === undefined ? await steerSome(queue, { action, ids: meant.ids, by }) : filter ? await steerAll(queue, { action, filter, by, limit: maxAll }) : new Map()
    const [only] = meant.ids
    if (meant.everything === undefined && meant.ids.length === 1 && only !== undefined && (action === "release" || action === "retry") && outcomes.has("done")) {
      const delivery = await queue.find(only)
      if (delivery) wake(delivery.local ? { local: [only], remote: [] } : { local: [], remote: [only] })
    }
    return { kind: "redirect", to: meant.everything === undefined && meant.ids.length === 1 ? `${listPath}/${only}` : listPath, notice: noticeOf(visit, outcomes) }
  }

  return [
    provincePage({ method: "post", path: "/queue/plan", who: "queue:write", input: z.object({ ...meantFields, action: z.enum(queueActions) }), run: ({ action, ...meant }, visit) => plan(action, meant, visit) }),
    ...queueActions.map((action) =>
      provincePage({
        method: "post", path: `/queue/${action}`, who: "queue:write", ...(action === "delete" && { fresh: true }), input: z.object({ ...meantFields, why: whyField }),
        run: (input, visit) => steer(action, input, visit),
      }),
    ),
  ]
}

const needsReason = (action: QueueAction): boolean => action !== "release" && action !== "retry"

function noticeOf({ say }: AdministratorVisit, outcomes: Outcomes) {
  const text = [...outcomes].map(([outcome, count]) => say(actionOutcomeText[outcome], { count })).join("; ")
  return outcomes.has("done") ? done(text) : problem(text === "" ? say(queueText.nothingSelected) : text)
}
