import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { HeldMessage } from "../../../store/held-store.ts"
import { heldText } from "../../text/held.ts"
import { choice, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled, idField } from "../../web/inputs.ts"
import { administratorPage, type AdministratorVisit, type Answer, type Page, type Visit } from "../../web/page.ts"
import { selectAll, selectionColumn } from "../../web/selection.ts"
import { shownTime } from "../../web/shown.ts"
import { type Column, pager, table } from "../../web/table.ts"
import type { HeldPorts } from "./held.ts"

/** What waits for a decision, and what was decided. */
const pageSize = 50
const selected = "decide"
const shownRecipients = 2

const input = z.object({ kind: filled(z.enum(["approval", "quarantine"])), text: filled(z.string().trim().max(200)), after: filled(idField) })

export function heldListPages({ held, nameOf }: HeldPorts): readonly Page[] {
  async function list({ kind, text, after }: z.output<typeof input>, decided: boolean, visit: AdministratorVisit): Promise<Answer> {
    const { say, scope, holder } = visit
    const filter = { decided, ...(kind !== undefined && { kind }), ...(text !== undefined && { text }) }
    const [rows, waiting] = await Promise.all([held.list(scope, filter, { limit: pageSize, ...(after !== undefined && { after }) }), held.waiting(scope)])
    const last = rows.length === pageSize ? rows.at(-1) : undefined
    const decides = !decided && may(holder, "held:decide") && rows.length > 0
    return {
      kind: "page",
      title: say(decided ? heldText.decidedTitle : heldText.title),
      body: html`<p>${say(heldText.intro, { count: waiting })} ${scope.roots !== null && say(heldText.scopeNote)}</p>
        ${form(visit, {
          action: decided ? "/console/held/decided" : "/console/held", method: "get", className: "row",
          body: html`${field({ name: "text", label: say(heldText.text), type: "search", value: text })}
            ${choice({ name: "kind", label: say(heldText.kind), value: kind, options: [{ value: "", text: say(heldText.any) }, ...(["approval", "quarantine"] as const).map((value) => ({ value, text: say(heldText[value]) }))] })}
            <button>${say(heldText.show)}</button>`,
        })}
        ${decides &&
        form(visit, {
          id: selected, action: "/console/held/plan", className: "row bar",
          body: html`${selectAll(visit, selected)}<span>${say(heldText.selection)}:</span> ${decideButtons(visit)}`,
        })}
        ${table(visit, {
          caption: say(decided ? heldText.decidedTitle : heldText.title), empty: say(decided ? heldText.emptyDecided : heldText.empty), rows,
          columns: [...(decides ? [selectionColumn<HeldMessage>(visit, selected, { id: ({ envelopeId }) => envelopeId, label: ({ envelopeId, reversePath }) => `${envelopeId} ${reversePath}` })] : []), ...heldColumns(visit), ...(decided ? decisionColumns(visit, nameOf) : [])],
        })}
        ${pager(visit, { previous: after === undefined ? null : { after: undefined }, next: last ? { after: String(last.envelopeId) } : null })}`,
    }
  }
  return [
    administratorPage({ method: "get", path: "/held", who: "held:read", input, run: (given, visit) => list(given, false, visit) }),
    administratorPage({ method: "get", path: "/held/decided", who: "held:read", input, run: (given, visit) => list(given, true, visit) }),
  ]
}

export const decideButtons = ({ say }: Visit) => html`<button name="action" value="release">${say(heldText.release)}</button> <button class="danger" name="action" value="refuse">${say(heldText.refuse)}</button>`

export const heldSender = (reversePath: string): string => (reversePath === "" ? "<>" : reversePath)

export const recipientsText = ({ say }: Visit, { recipients, recipientCount }: Pick<HeldMessage, "recipients" | "recipientCount">, most: number): string => {
  const shown = recipients.slice(0, most)
  return [shown.join(", "), recipientCount > shown.length ? say(heldText.more, { count: recipientCount - shown.length }) : ""].filter(Boolean).join(" ")
}

export const reasonText = ({ language }: Visit, { reasonVi, reasonEn }: Pick<HeldMessage, "reasonVi" | "reasonEn">): string => (language === "vi" ? reasonVi : reasonEn)

export function heldColumns(visit: Visit): readonly Column<HeldMessage>[] {
  const { say } = visit
  return [
    { key: "number", title: say(heldText.number), cell: ({ envelopeId }) => html`<a href=${`/console/held/${envelopeId}`}>${envelopeId}</a>` },
    { key: "kind", title: say(heldText.kind), cell: ({ kind }) => say(heldText[kind]) },
    { key: "since", title: say(heldText.since), cell: ({ heldAt }) => shownTime(visit, heldAt) },
    { key: "sender", title: say(heldText.sender), cell: ({ reversePath }) => heldSender(reversePath) },
    { key: "recipients", title: say(heldText.recipients), cell: (message) => recipientsText(visit, message, shownRecipients) },
    { key: "reason", title: say(heldText.reason), cell: (message) => html`${reasonText(visit, message)} <small class="muted">${message.ruleId}</small>` },
  ]
}

const decisionColumns = (visit: Visit, nameOf: HeldPorts["nameOf"]): readonly Column<HeldMessage>[] => [
  { key: "decision", title: visit.say(heldText.decision), cell: ({ decision }) => visit.say(decision ? heldText[decision] : heldText.ownPart) },
  { key: "at", title: visit.say(heldText.decidedAt), cell: ({ decidedAt }) => decidedAt !== null && shownTime(visit, decidedAt) },
  { key: "by", title: visit.say(heldText.decidedBy), cell: ({ decidedBy }) => nameOf(decidedBy) },
  { key: "note", title: visit.say(heldText.note), cell: ({ note }) => note },
]
