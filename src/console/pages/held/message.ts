import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { MessagePreview } from "../../../store/message-preview.ts"
import { heldText } from "../../text/held.ts"
import { facts } from "../../web/facts.ts"
import { form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled, idField } from "../../web/inputs.ts"
import { administratorPage, type Page, type Visit } from "../../web/page.ts"
import { shownBytes, shownTime } from "../../web/shown.ts"
import { copiesSection } from "./copies.ts"
import type { HeldPorts } from "./held.ts"
import { decideButtons, heldSender, reasonText, recipientsText } from "./list.ts"

/** One message: its facts, and for who may decide what it says, as text. Whoever reads that is in the audit. */
const shownRecipients = 10

export const heldMessagePages = (ports: HeldPorts): readonly Page[] => {
  const { held, header, preview, audit, nameOf } = ports
  return [
    administratorPage({
      method: "get", path: "/held/:id", who: "held:read", input: z.object({ id: idField, content: filled(z.literal("1")) }),
      async run({ id, content }, visit) {
        const { say, scope, holder } = visit
        const message = await held.find(scope, id)
        if (!message) return { kind: "error", status: 404 }
        const decides = may(holder, "held:decide")
        const shown = decides ? await header(message.content) : undefined
        const reads = decides && content !== undefined
        if (reads) await audit.record({ kind: "access.heldMessageRead", envelopeId: id, clientAddress: visit.clientAddress, detail: { by: holder.address } })
        return {
          kind: "page",
          title: say(heldText.message, { number: String(id) }),
          crumbs: [message.waiting > 0 ? { path: "/console/held", title: say(heldText.title) } : { path: "/console/held/decided", title: say(heldText.decidedTitle) }],
          body: html`${facts([
              shown && [say(heldText.subject), html`<strong>${shown.subject}</strong>`],
              shown && [say(heldText.from), shown.from],
              [say(heldText.kind), say(heldText[message.kind])],
              [say(heldText.since), shownTime(visit, message.heldAt)],
              [say(heldText.reason), reasonText(visit, message)],
              [say(heldText.rule), html`<code>${message.ruleId}</code>`],
              [say(heldText.sender), heldSender(message.reversePath)],
              [say(heldText.recipients), recipientsText(visit, message, shownRecipients)],
              [say(heldText.messageId), html`<code>${`<${message.messageId}>`}</code>`],
              [say(heldText.size), shownBytes(visit, message.size)],
              message.decision ? [say(heldText.decision), html`<strong>${say(heldText[message.decision])}</strong> ${message.decidedAt !== null && shownTime(visit, message.decidedAt)}, ${nameOf(message.decidedBy)}`] : undefined,
              message.decision ? [say(heldText.note), message.note] : undefined,
            ])}
            ${may(holder, "trace:read") && html`<p><a href=${`/console/trace?what=${id}`}>${say(heldText.story)}</a></p>`}
            ${!decides && html`<p class="muted">${say(heldText.notEntitled)}</p>`}
            ${decides && message.waiting > 0 && form(visit, { action: "/console/held/plan", className: "row", hidden: { ids: id }, body: html`${message.waiting > 1 && html`<span>${say(heldText.decideAll, { count: message.waiting })}:</span>`} ${decideButtons(visit)}` })}
              ${await copiesSection(ports, visit, message)}
            ${decides && html`<h2>${say(heldText.content)}</h2>${reads ? contentView(visit, await preview(message.content)) : html`<p>${say(heldText.contentNote)}</p><p><a role="button" class="secondary" href=${`/console/held/${id}?content=1`}>${say(heldText.contentShow)}</a></p>`}`}`,
        }
      },
    }),
  ]
}

export const contentView = ({ say }: Visit, { text, cut, attachments }: MessagePreview) => html`<p>${say(heldText.contentNote)}</p>
  ${text.trim() === "" ? html`<p class="empty">${say(heldText.noText)}</p>` : html`<pre class="message" tabindex="0">${text}</pre>`}
  ${cut && html`<p class="muted">${say(heldText.cut)}</p>`}
  ${attachments.length > 0 && html`<h3>${say(heldText.attachments)}</h3><ul>${attachments.map(({ name, type }) => html`<li>${name === "" ? say(heldText.unnamed) : name} <small class="muted">${type}</small></li>`)}</ul>`}`
