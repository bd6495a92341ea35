import { z } from "zod"
import type { HeldForDesk } from "../../../store/held-desk.ts"
import { heldText } from "../../text/held.ts"
import { idsField, whyField } from "../../web/inputs.ts"
import { administratorPage, type AdministratorVisit, type Answer, done, type Page, problem } from "../../web/page.ts"
import { table } from "../../web/table.ts"
import { whoOf } from "../../web/who.ts"
import { confirmationPage, type Decision } from "./confirm.ts"
import type { HeldPorts } from "./held.ts"
import { heldColumns } from "./list.ts"

/** From a selection of messages to its count and a reason, then to the decision. */
const maxAtOnce = 100
const listPath = "/console/held"

export function decidePages({ held, wake }: HeldPorts): readonly Page[] {
  async function plan(decision: Decision, ids: readonly number[], visit: AdministratorVisit, error?: string): Promise<Answer> {
    const { say, scope } = visit
    const messages = (await Promise.all(ids.map((id) => held.find(scope, id)))).filter((message): message is HeldForDesk => message !== undefined && message.waiting > 0)
    if (messages.length === 0) return { kind: "redirect", to: listPath, notice: problem(say(ids.length === 0 ? heldText.nothingSelected : heldText.missedCount, { count: ids.length })) }
    return confirmationPage(visit, {
      decision, error, ids: messages.map(({ envelopeId }) => envelopeId), action: `${listPath}/${decision}`, back: listPath,
      title: say(decision === "release" ? heldText.releaseTitle : heldText.refuseTitle, { count: messages.length }),
      crumbs: [{ path: listPath, title: say(heldText.title) }],
      list: table(visit, { caption: say(heldText.title), empty: say(heldText.empty), rows: messages, columns: heldColumns(visit) }),
    })
  }

  async function decide(decision: Decision, { ids, why }: { readonly ids: readonly number[]; readonly why: string }, visit: AdministratorVisit): Promise<Answer> {
    const { say, scope } = visit
    if (why === "") return plan(decision, ids, visit, say(heldText.noteNeeded))
    const by = { by: whoOf(visit), note: why, clientAddress: visit.clientAddress }
    let decided = 0
    for (const envelopeId of ids) {
      const result = decision === "release" ? await held.release(scope, { envelopeId }, by) : await held.refuse(scope, { envelopeId }, by)
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
