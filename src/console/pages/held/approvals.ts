import { z } from "zod"
import { looksAfter } from "../../../accounts/directory-snapshot.ts"
import type { HeldWithContent } from "../../../store/held-store.ts"
import { heldText } from "../../text/held.ts"
import { facts } from "../../web/facts.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled, idField, whyField } from "../../web/inputs.ts"
import { type Answer, done, type HolderVisit, holderPage, type Page, problem } from "../../web/page.ts"
import { shownBytes, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { whoOf } from "../../web/who.ts"
import { heldAccounts } from "../self/held-accounts.ts"
import type { HeldPorts } from "./held.ts"
import { heldSender, reasonText, recipientsText } from "./list.ts"
import { contentView } from "./message.ts"

/** What waits for the word of a holder: of a group's moderator, or of whom a rule names, with the mailboxes that he owns or administers. The message is decided as a whole. */
const path = "/console/me/approvals"
const most = 100
const shownRecipients = 10

export function approvalPages({ approvals, directory, header, preview, audit, wake, clock }: HeldPorts): readonly Page[] {
  const addressesOf = ({ holder }: HolderVisit): readonly string[] => heldAccounts(directory.current(), holder, clock.now()).filter(looksAfter).map(({ account }) => account.address)
  const find = async (visit: HolderVisit, id: number): Promise<HeldWithContent | undefined> => ((await approvals.mayDecide(id, addressesOf(visit))) ? approvals.find(id) : undefined)

  async function show(visit: HolderVisit, message: HeldWithContent, { reads, error }: { readonly reads: boolean; readonly error?: string }): Promise<Answer> {
    const { say, holder, clientAddress } = visit
    const { envelopeId } = message
    if (reads) await audit.record({ kind: "access.heldMessageRead", envelopeId, clientAddress, detail: { by: holder.address } })
    const { subject, from } = await header(message.content)
    return {
      kind: "page",
      title: say(heldText.message, { number: String(envelopeId) }),
      crumbs: [{ path, title: say(heldText.approvals) }],
      status: error === undefined ? 200 : 422,
      body: html`${facts([
          [say(heldText.subject), html`<strong>${subject}</strong>`],
          [say(heldText.from), from],
          [say(heldText.since), shownTime(visit, message.heldAt)],
          [say(heldText.reason), reasonText(visit, message)],
          [say(heldText.sender), heldSender(message.reversePath)],
          [say(heldText.recipients), recipientsText(visit, message, shownRecipients)],
          [say(heldText.size), shownBytes(visit, message.size)],
          message.decision ? [say(heldText.decision), html`<strong>${say(heldText[message.decision])}</strong> ${message.decidedAt !== null && shownTime(visit, message.decidedAt)}`] : undefined,
        ])}
        ${message.decision === null && form(visit, {
          action: `${path}/${envelopeId}`,
          body: html`${field({ name: "why", label: say(heldText.approvalNote), required: true, maxlength: 500, error, autocomplete: "off" })}
            <button name="decision" value="release">${say(heldText.approve)}</button> <button class="danger" name="decision" value="refuse">${say(heldText.refuse)}</button>`,
        })}
        <h2>${say(heldText.content)}</h2>
        ${reads ? contentView(visit, await preview(message.content)) : html`<p>${say(heldText.contentNote)}</p><p><a role="button" class="secondary" href=${`${path}/${envelopeId}?content=1`}>${say(heldText.contentShow)}</a></p>`}`,
    }
  }

  return [
    holderPage({
      method: "get", path: "/me/approvals", input: z.object({}),
      async run(_input, visit) {
        const { say } = visit
        return {
          kind: "page",
          title: say(heldText.approvals),
          body: html`<p>${say(heldText.approvalsIntro)}</p>
            ${table(visit, {
              caption: say(heldText.approvals), empty: say(heldText.empty), rows: await approvals.awaiting(addressesOf(visit), most),
              columns: [
                { key: "number", title: say(heldText.number), cell: ({ envelopeId }) => html`<a href=${`${path}/${envelopeId}`}>${envelopeId}</a>` },
                { key: "since", title: say(heldText.since), cell: ({ heldAt }) => shownTime(visit, heldAt) },
                { key: "sender", title: say(heldText.sender), cell: ({ reversePath }) => heldSender(reversePath) },
                { key: "recipients", title: say(heldText.recipients), cell: (message) => recipientsText(visit, message, 2) },
                { key: "reason", title: say(heldText.reason), cell: (message) => reasonText(visit, message) },
              ],
            })}`,
        }
      },
    }),
    holderPage({
      method: "get", path: "/me/approvals/:id", input: z.object({ id: idField, content: filled(z.literal("1")) }),
      async run({ id, content }, visit) {
        const message = await find(visit, id)
        return message ? show(visit, message, { reads: content !== undefined }) : { kind: "error", status: 404 }
      },
    }),
    holderPage({
      method: "post", path: "/me/approvals/:id", input: z.object({ id: idField, decision: z.enum(["release", "refuse"]), why: whyField }),
      async run({ id, decision, why }, visit) {
        const { say, clientAddress } = visit
        const message = await find(visit, id)
        if (!message) return { kind: "error", status: 404 }
        if (why === "") return show(visit, message, { reads: false, error: say(heldText.noteNeeded) })
        const by = { by: whoOf(visit), note: why, clientAddress }
        const decided = decision === "release" ? await approvals.release(id, by) : await approvals.refuse(id, by)
        if (!decided.ok) return { kind: "redirect", to: path, notice: problem(say(heldText.missedCount, { count: 1 })) }
        if (decided.value) wake(decided.value)
        return { kind: "redirect", to: path, notice: done(say(decision === "release" ? heldText.releasedCount : heldText.refusedCount, { count: 1 })) }
      },
    }),
  ]
}
