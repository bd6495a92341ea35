import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { DeskCopy, HeldForDesk } from "../../../store/held-desk.ts"
import { moderatedRule } from "../../../store/acceptance-store.ts"
import { heldText } from "../../text/held.ts"
import { form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { idField, idsField, whyField } from "../../web/inputs.ts"
import { administratorPage, type AdministratorVisit, type Answer, done, type Page, problem } from "../../web/page.ts"
import { selectAll, selectionColumn } from "../../web/selection.ts"
import { type Column, table } from "../../web/table.ts"
import { whoOf } from "../../web/who.ts"
import { confirmationPage, type Decision } from "./confirm.ts"
import type { HeldPorts } from "./held.ts"
import { decideButtons } from "./list.ts"

/** One message's copies, of those recipients that are this administrator's: some go, some do not. */
const maxShown = 200
const selected = "copies"
const pathOf = (id: number): string => `/console/held/${id}`

export function copyPages({ held, wake }: HeldPorts): readonly Page[] {
  async function plan(decision: Decision, { id, ids }: Chosen, visit: AdministratorVisit, error?: string): Promise<Answer> {
    const { say, scope } = visit
    const rows = (await held.copies(scope, id, maxShown)).filter(({ deliveryId, state }) => state === "held" && ids.includes(deliveryId))
    if (rows.length === 0) return { kind: "redirect", to: pathOf(id), notice: problem(say(ids.length === 0 ? heldText.noCopySelected : heldText.copiesMissed)) }
    return confirmationPage(visit, {
      decision, error, ids: rows.map(({ deliveryId }) => deliveryId), action: `${pathOf(id)}/copies/${decision}`, back: pathOf(id),
      title: say(decision === "release" ? heldText.releaseCopies : heldText.refuseCopies, { count: rows.length }),
      crumbs: [{ path: "/console/held", title: say(heldText.title) }, { path: pathOf(id), title: say(heldText.message, { number: String(id) }) }],
      list: table(visit, { caption: say(heldText.copies), empty: "", rows, columns: columns(visit) }),
    })
  }

  async function decide(decision: Decision, { id, ids, why }: Chosen & { readonly why: string }, visit: AdministratorVisit): Promise<Answer> {
    const { say, scope } = visit
    if (why === "" || ids.length === 0) return plan(decision, { id, ids }, visit, say(heldText.noteNeeded))
    const by = { by: whoOf(visit), note: why, clientAddress: visit.clientAddress }
    const which = { envelopeId: id, deliveryIds: ids }
    const result = decision === "release" ? await held.release(scope, which, by) : await held.refuse(scope, which, by)
    if (!result.ok) return result.failure.kind === "notFound" ? { kind: "error", status: 404 } : { kind: "redirect", to: pathOf(id), notice: problem(say(result.failure.kind === "noPermission" ? heldText.moderatorsDecide : heldText.copiesMissed)) }
    if (result.value) wake(result.value)
    return { kind: "redirect", to: pathOf(id), notice: done(say(decision === "release" ? heldText.copiesReleased : heldText.copiesRefused)) }
  }

  return [
    administratorPage({ method: "post", path: "/held/:id/copies/plan", who: "held:decide", input: z.object({ id: idField, ids: idsField(maxShown), action: z.enum(["release", "refuse"]) }), run: ({ action, ...chosen }, visit) => plan(action, chosen, visit) }),
    ...(["release", "refuse"] as const).map((decision) =>
      administratorPage({ method: "post", path: `/held/:id/copies/${decision}`, who: "held:decide", input: z.object({ id: idField, ids: idsField(maxShown), why: whyField }), run: (input, visit) => decide(decision, input, visit) }),
    ),
  ]
}

interface Chosen {
  readonly id: number
  readonly ids: readonly number[]
}

const columns = ({ say }: AdministratorVisit): readonly Column<DeskCopy>[] => [
  { key: "recipient", title: say(heldText.recipient), cell: ({ recipient }) => recipient },
  { key: "state", title: say(heldText.copyState), cell: ({ state }) => say(state === "held" ? heldText.copyHeld : state === "refused" ? heldText.refused : heldText.copyGone) },
]

/** The part of the message's page. */
export async function copiesSection({ held }: HeldPorts, visit: AdministratorVisit, { envelopeId, waiting, whole, ruleId }: HeldForDesk) {
  const { say, scope, holder } = visit
  const rows = await held.copies(scope, envelopeId, maxShown)
  const decides = may(holder, "held:decide") && waiting > 0 && rows.length > 1
  const boxes = selectionColumn<DeskCopy>(visit, selected, { id: ({ deliveryId }) => deliveryId, label: ({ recipient }) => recipient })
  return html`<h2>${say(heldText.copies)}</h2>
    ${!whole && html`<p>${say(ruleId === moderatedRule ? heldText.moderatorsDecide : heldText.partNote)}</p>`}
    ${decides && form(visit, { id: selected, action: `${pathOf(envelopeId)}/copies/plan`, className: "row bar", body: html`${selectAll(visit, selected)}<span>${say(heldText.copySelection)}:</span> ${decideButtons(visit)}` })}
    ${table(visit, {
      caption: say(heldText.recipients), empty: "", rows,
      columns: [...(decides ? [{ ...boxes, cell: (row: DeskCopy) => (row.state === "held" ? boxes.cell(row) : null) }] : []), ...columns(visit)],
    })}
    ${rows.length === maxShown && html`<p class="muted">${say(heldText.copiesCut, { count: maxShown })}</p>`}`
}
