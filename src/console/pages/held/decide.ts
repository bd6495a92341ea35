import { z } from "zod"
import type { HeldForDesk } from "../../../store/held-desk.ts"
import { heldText } from "../../text/held.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { idsField, whyField } from "../../web/inputs.ts"
import { administratorPage, type AdministratorVisit, type Answer, done, type Page, problem } from "../../web/page.ts"
import { table } from "../../web/table.ts"
import { whoOf } from "../../web/who.ts"
import type { HeldPorts } from "./held.ts"
import { heldColumns } from "./list.ts"

/** From a selection to its count and a reason, then to the decision. */
const maxAtOnce = 100
const listPath = "/console/held"
type Decision = "release" | "refuse"

export function decidePages({ held, wake }: HeldPorts): readonly Page[] {
  async function plan(decision: Decision, ids: readonly number[], visit: AdministratorVisit, error?: string): Promise<Answer> {
    const { say, scope } = visit
    const messages = (await Promise.all(ids.map((id) => held.find(scope, id)))).filter((message): message is HeldForDesk => message !== undefined && message.decision === null)
    if (messages.length === 0) return { kind: "redirect", to: listPath, notice: problem(say(ids.length === 0 ? heldText.nothingSelected : heldText.missedCount, { count: ids.length })) }
    return {
      kind: "page",
      title: say(decision === "release" ? heldText.releaseTitle : heldText.refuseTitle, { count: messages.length }),
      crumbs: [{ path: listPath, title: say(heldText.title) }],
      status: error === undefined ? 200 : 422,
      body: html`<p>${say(decision === "release" ? heldText.releaseEffect : heldText.refuseEffect)}</p>
        ${form(visit, {
          action: `${listPath}/${decision}`,
          body: html`${messages.map(({ envelopeId }) => html`<input type="hidden" name="ids" value=${envelopeId} />`)}
            ${field({ name: "why", label: say(decision === "release" ? heldText.releaseNote : heldText.refuseNote), required: true, maxlength: 500, error, autocomplete: "off", autofocus: true })}
            <button class=${decision === "refuse" ? "danger" : undefined}>${say(decision === "release" ? heldText.release : heldText.refuse)}</button> <a href=${listPath}>${say(heldText.back)}</a>`,
        })}
        ${table(visit, { caption: say(heldText.title), empty: say(heldText.empty), rows: messages, columns: heldColumns(visit) })}`,
    }
  }

  async function decide(decision: Decision, { ids, why }: { readonly ids: readonly number[]; readonly why: string }, visit: AdministratorVisit): Promise<Answer> {
    const { say, scope } = visit
    if (why === "") return plan(decision, ids, visit, say(heldText.noteNeeded))
    const by = { by: whoOf(visit), note: why, clientAddress: visit.clientAddress }
    let decided = 0
    for (const id of ids) {
      const result = decision === "release" ? await held.release(scope, id, by) : await held.refuse(scope, id, by)
      if (!result.ok) continue
      decided++
      if (result.value) wake(result.value)
    }
    const missed = ids.length - decided
    const text = [say(decision === "release" ? heldText.releasedCount : heldText.refusedCount, { count: decided }), missed > 0 ? say(heldText.missedCount, { count: missed }) : ""].filter(Boolean).join(" ")
    return { kind: "redirect", to: listPath, notice: decided > 0 ? done(text) : problem(text) }
  }

  return [
    administratorPage({ method: "post", path: "/held/plan", who: "held:decide", input: z.object({ ids: idsField(maxAtOnce), action: z.enum(["release", "refuse"]) }), run: ({ action, ids }, visit) => plan(action, ids, visit) }),
    ...(["release", "refuse"] as const).map((decision) =>
      administratorPage({ method: "post", path: `/held/${decision}`, who: "held:decide", input: z.object({ ids: idsField(maxAtOnce), why: whyField }), run: (input, visit) => decide(decision, input, visit) }),
    ),
  ]
}
