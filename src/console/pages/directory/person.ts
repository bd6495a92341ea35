import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import { rightText } from "../../../accounts/right-words.ts"
import { directoryText, principalKindText } from "../../text/directory.ts"
import { formsText } from "../../text/directory-forms.ts"
import { guidedText } from "../../text/guided.ts"
import { certificateStateText, certificateUseText } from "../../text/holder.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type Page } from "../../web/page.ts"
import { shownDate } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import type { DirectoryPorts } from "./directory.ts"
import { stateForm } from "./form-kit.ts"
import { doneActions } from "./guided.ts"
import { history, shownHistory } from "./history.ts"
import { directoryPath, objectPath, periodText, stateMark, unitLink } from "./links.ts"
import { noSuch } from "./refusals.ts"

/** A person, or an organization that holds accounts. */
export const personPages = (ports: DirectoryPorts): readonly Page[] => [
  administratorPage({
    method: "get", path: "/directory/people/:id", who: "directory:read", input: z.object({ id: z.string().max(200) }),
    async run({ id }, visit) {
      const { say } = visit
      const found = await ports.view.person(visit.scope, id)
      if (!found.ok) return noSuch(found.failure)
      const { record, seen, unitName, assignments, certificates } = found.value
      const [doneList, entries] = await Promise.all([ports.actions.history(id, { scope: visit.scope }), ports.history.of({ kind: "person", key: id }, shownHistory)])
      const path = objectPath("person", id)
      return {
        kind: "page",
        title: record.name,
        crumbs: [{ path: directoryPath, title: say(directoryText.units) }, { path: objectPath("unit", record.unitCode), title: unitName }],
        body: html`<dl class="facts">
            <dt>${say(directoryText.id)}</dt><dd>${record.principalId} · ${say(principalKindText[record.kind])}</dd>
            <dt>${say(directoryText.state)}</dt><dd>${stateMark(visit, record)}</dd>
            <dt>${say(directoryText.unit)}</dt><dd>${unitLink(record.unitCode, unitName)}</dd>
            <dt>${say(directoryText.title)}</dt><dd>${record.title || "–"}</dd>
            <dt>${say(directoryText.phone)}</dt><dd>${record.phone || "–"}</dd>
          </dl>
          ${may(visit.holder, "directory:write", record.unitCode) && html`<p class="actions">
              <a role="button" class="secondary" href=${`${path}/change`}>${say(formsText.change)}</a>
              <a role="button" class="secondary" href=${`${path}/move`}>${say(guidedText.move)}</a>
              <a role="button" class="secondary" href=${`${path}/leave`}>${say(guidedText.leave)}</a>
              <a role="button" class="secondary" href=${`${directoryPath}/new/account?unitCode=${encodeURIComponent(record.unitCode)}&ownerId=${encodeURIComponent(id)}&displayName=${encodeURIComponent(record.name)}`}>${say(formsText.newAccount)}</a>
            </p>
            ${stateForm(visit, { path, name: record.name, suspended: record.suspended, seen })}`}
          <h2>${say(directoryText.held)}</h2>
          ${table(visit, {
            caption: say(directoryText.held),
            empty: say(directoryText.noHeld),
            rows: assignments,
            columns: [
              { key: "account", title: say(directoryText.address), cell: ({ address, suspended }) => html`<span><a href=${objectPath("account", address)}>${address}</a> ${suspended && html`<small class="bad">${say(directoryText.suspended)}</small>`}</span>` },
              { key: "name", title: say(directoryText.name), cell: ({ displayName }) => displayName },
              { key: "rights", title: say(directoryText.rights), cell: ({ rights }) => rights.map((right) => say(rightText[right])).join(", ") },
              { key: "from", title: say(directoryText.from), cell: ({ from }) => periodText(visit, from) },
              { key: "until", title: say(directoryText.until), cell: ({ until }) => periodText(visit, until) },
            ],
          })}
          ${certificates.length > 0 && html`<h2>${say(directoryText.certificates)}</h2>
            <ul>${certificates.map(({ fingerprint, use, state, notAfter }) => html`<li><code>${fingerprint.slice(0, 16)}…</code> · ${say(certificateUseText[use])} · ${say(certificateStateText[state])} · ${shownDate(visit, notAfter)}</li>`)}</ul>`}
          ${doneActions(visit, "person", { key: id, done: doneList, mayChange: may(visit.holder, "directory:write", record.unitCode) })}
          ${history(visit, entries)}`,
      }
    },
  }),
]
