import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { GroupDetails } from "../../../store/directory-view.ts"
import { directoryKindText, directoryText } from "../../text/directory.ts"
import { formsText } from "../../text/directory-forms.ts"
import { confirmed } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type Page, type Visit } from "../../web/page.ts"
import { shownNumber } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import type { DirectoryPorts } from "./directory.ts"
import { history, shownHistory } from "./history.ts"
import { directoryPath, objectPath, unitLink } from "./links.ts"
import { noSuch } from "./refusals.ts"

/** A group: who is in it, who may send to it, who approves. */
const maxShown = 500

export const groupPages = (ports: DirectoryPorts): readonly Page[] => [
  administratorPage({
    method: "get", path: "/directory/groups/:address", who: "directory:read", input: z.object({ address: z.string().max(400) }),
    async run({ address }, visit) {
      const { say } = visit
      const found = await ports.view.group(visit.scope, address)
      if (!found.ok) return noSuch(found.failure)
      const { record, seen, unitName, members } = found.value
      const mayChange = record.unitCode === null ? visit.scope.roots === null && may(visit.holder, "directory:write") : may(visit.holder, "directory:write", record.unitCode)
      return {
        kind: "page",
        title: record.displayName,
        crumbs: [{ path: directoryPath, title: say(directoryText.units) }, ...(record.unitCode === null ? [] : [{ path: objectPath("unit", record.unitCode), title: unitName }])],
        body: html`<dl class="facts">
            <dt>${say(directoryText.address)}</dt><dd>${record.address}</dd>
            <dt>${say(directoryText.unit)}</dt><dd>${record.unitCode === null ? say(directoryText.none) : unitLink(record.unitCode, unitName)}</dd>
            <dt>${say(directoryText.whoMaySend)}</dt><dd>${record.allowedSenders === null ? say(directoryText.anybody) : addresses(record.allowedSenders)}</dd>
            <dt>${say(directoryText.moderators)}</dt><dd>${record.moderators === null ? say(directoryText.notModerated) : addresses(record.moderators)}</dd>
          </dl>
          ${mayChange && html`<p class="actions"><a role="button" class="secondary" href=${`${objectPath("group", address)}/change`}>${say(formsText.change)}</a></p>
            ${confirmed(visit, { label: say(formsText.removeGroup), question: say(formsText.removeGroupQuestion, { name: record.displayName }), action: `${objectPath("group", address)}/remove`, hidden: { seen } })}`}
          <h2>${say(directoryText.members)} (${shownNumber(visit, members.length)})</h2>
          ${memberTable(visit, members.slice(0, maxShown))}
          ${members.length > maxShown && html`<p class="muted">… ${shownNumber(visit, members.length - maxShown)}</p>`}
          ${history(visit, await ports.history.of({ kind: "group", key: address }, shownHistory))}`,
      }
    },
  }),
]

const addresses = (list: readonly string[]): string => list.join(", ")

const memberTable = (visit: Visit, members: GroupDetails["members"]) =>
  table(visit, {
    caption: visit.say(directoryText.members),
    empty: visit.say(directoryText.noMembers),
    rows: members,
    columns: [
      { key: "address", title: visit.say(directoryText.address), cell: ({ address, kind }) => (kind === "account" || kind === "group" ? html`<a href=${objectPath(kind, address)}>${address}</a>` : address) },
      { key: "name", title: visit.say(directoryText.name), cell: ({ name }) => name || "–" },
      { key: "kind", title: visit.say(directoryText.kindLabel), cell: ({ kind, suspended }) => html`<span>${kind === "foreign" ? visit.say(directoryText.foreign) : visit.say(directoryKindText[kind])} ${suspended && html`<small class="bad">${visit.say(directoryText.suspended)}</small>`}</span>` },
    ],
  })
