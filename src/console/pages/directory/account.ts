import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { Forwarding } from "../../../accounts/forwarding.ts"
import { rightText } from "../../../accounts/right-words.ts"
import type { AccountDetails } from "../../../store/directory-view.ts"
import { directoryText, mailboxKindText } from "../../text/directory.ts"
import { formsText } from "../../text/directory-forms.ts"
import { guidedText } from "../../text/guided.ts"
import { selfText } from "../../text/self.ts"
import { confirmed } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Answer, type Page, type Visit } from "../../web/page.ts"
import { shownBytes } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { aliasForm, assignmentForm } from "./account-parts.ts"
import type { DirectoryPorts } from "./directory.ts"
import { nothingWrong, stateForm, type Typed, type Wrong, wrongNotice } from "./form-kit.ts"
import { doneActions } from "./guided.ts"
import { history, shownHistory } from "./history.ts"
import { dayText, directoryPath, objectPath, periodText, stateMark, unitLink } from "./links.ts"
import { noSuch } from "./refusals.ts"

/** An account: whose it is and with what rights, how full, its further addresses. */
export const accountPages = (ports: DirectoryPorts): readonly Page[] => [
  administratorPage({ method: "get", path: "/directory/accounts/:address", who: "directory:read", input: z.object({ address: z.string().max(400) }), run: ({ address }, visit) => showAccount(ports, visit, { address }) }),
]

export interface ShownAccount {
  readonly address: string
  /** Which of the forms on it was not taken, and what was in it. */
  readonly refused?: { readonly form: "assignment" | "alias"; readonly typed: Typed; readonly wrong: Wrong; readonly status: 409 | 422 }
}

export async function showAccount(ports: DirectoryPorts, visit: AdministratorVisit, { address, refused }: ShownAccount): Promise<Answer> {
  const { say } = visit
  const found = await ports.view.account(visit.scope, address)
  if (!found.ok) return noSuch(found.failure)
  const account = found.value
  const { record, seen, id, holders, aliases, groups, unitName } = account
  const [forwarding, doneList, entries] = await Promise.all([ports.forwarding.get(id), ports.actions.history(address, { scope: visit.scope }), ports.history.of({ kind: "account", key: address }, shownHistory)])
  const path = objectPath("account", address)
  const mayChange = may(visit.holder, "directory:write", record.unitCode)
  const wrong = (form: "assignment" | "alias"): Pick<NonNullable<ShownAccount["refused"]>, "typed" | "wrong"> => (refused?.form === form ? refused : { typed: () => undefined, wrong: nothingWrong })
  return {
    kind: "page",
    status: refused?.status ?? 200,
    title: record.displayName,
    crumbs: [{ path: directoryPath, title: say(directoryText.units) }, { path: objectPath("unit", record.unitCode), title: unitName }],
    body: html`${refused && wrongNotice(visit, refused.wrong, path)}
      ${facts(visit, account, forwarding)}
      ${mayChange && html`<p class="actions"><a role="button" class="secondary" href=${`${path}/change`}>${say(formsText.change)}</a> ${!record.archived && html`<a role="button" class="secondary" href=${`${path}/hand-over`}>${say(guidedText.handOver)}</a>`}</p>
        ${!record.archived && confirmed(visit, { label: say(guidedText.reset), question: say(guidedText.resetQuestion, { address }), choices: html`<label class="check"><input type="checkbox" name="keepAppPasswords" value="1" /> ${say(guidedText.keepAppPasswords)}</label>`, action: `${path}/reset-password` })}
        ${!record.archived && stateForm(visit, { path, name: record.address, suspended: record.suspended, seen })}`}
      <h2>${say(directoryText.holders)}</h2>
      ${holderTable(visit, account, mayChange)}
      ${mayChange && assignmentForm(visit, { address, holders, ...wrong("assignment") })}
      <h2>${say(directoryText.aliases)}</h2>
      ${aliasTable(visit, account, mayChange)}
      ${mayChange && aliasForm(visit, { address, aliases, ...wrong("alias") })}
      <h2>${say(directoryText.memberOf)}</h2>
      ${groups.length === 0 ? html`<p class="empty">${say(directoryText.noGroups)}</p>` : html`<ul>${groups.map((group) => html`<li><a href=${objectPath("group", group.address)}>${group.displayName}</a> <small class="muted">${group.address}</small></li>`)}</ul>`}
      ${doneActions(visit, "account", { key: address, done: doneList, mayChange })}
      ${history(visit, entries)}`,
  }
}

function facts(visit: AdministratorVisit, { record, unitName, usedBytes, credentials, roles }: AccountDetails, forwarding: Forwarding | undefined) {
  const { say } = visit
  const words = say(selfText.usedOf, { used: shownBytes(visit, usedBytes), quota: shownBytes(visit, record.quotaBytes) })
  const passwords = [credentials.password ? say(directoryText.hasPassword) : credentials.oneTime ? say(directoryText.hasOneTime) : say(directoryText.noPassword), say(directoryText.appPasswords, { count: credentials.appPasswords })]
  return html`<dl class="facts">
    <dt>${say(directoryText.address)}</dt><dd>${record.address} · ${say(mailboxKindText[record.kind])}</dd>
    <dt>${say(directoryText.state)}</dt><dd>${record.archived ? html`<span class="bad">${say(directoryText.archived)}</span>` : stateMark(visit, record)}${record.archiveOn !== null && !record.archived && ` · ${say(directoryText.leaves, { date: dayText(record.archiveOn) })}`}</dd>
    <dt>${say(directoryText.unit)}</dt><dd>${unitLink(record.unitCode, unitName)}</dd>
    <dt>${say(directoryText.quota)}</dt><dd><span class="used"><meter min="0" max=${Math.max(record.quotaBytes, 1)} high=${record.quotaBytes * 0.9} value=${Math.min(usedBytes, record.quotaBytes)} aria-label=${words}></meter> ${words}</span></dd>
    <dt>${say(directoryText.credentials)}</dt><dd>${passwords.join(" · ")}</dd>
    ${roles.length > 0 && html`<dt>${say(directoryText.roles)}</dt><dd>${roles.join(", ")}</dd>`}
    ${forwarding && html`<dt>${say(directoryText.forwarding)}</dt><dd>→ ${forwarding.target} ${may(visit.holder, "directory:write", record.unitCode) && confirmed(visit, { label: say(formsText.endForwarding), question: say(formsText.endForwardingQuestion, { address: record.address, target: forwarding.target }), action: `${objectPath("account", record.address)}/end-forwarding` })}</dd>`}
  </dl>`
}

const holderTable = (visit: Visit, { record: { address }, holders }: AccountDetails, mayChange: boolean) => {
  const { say } = visit
  return table(visit, {
    caption: say(directoryText.holders),
    empty: say(directoryText.noHolders),
    rows: holders,
    columns: [
      { key: "name", title: say(directoryText.name), cell: ({ principalId, name, title, suspended }) => html`<span><a href=${objectPath("person", principalId)}>${name}</a> <small class="muted">${[principalId, title].filter(Boolean).join(" · ")}</small> ${suspended && html`<small class="bad">${say(directoryText.suspended)}</small>`}</span>` },
      { key: "rights", title: say(directoryText.rights), cell: ({ rights }) => rights.map((right) => say(rightText[right])).join(", ") },
      { key: "from", title: say(directoryText.from), cell: ({ from }) => periodText(visit, from) },
      { key: "until", title: say(directoryText.until), cell: ({ until }) => periodText(visit, until) },
      ...(mayChange ? [{ key: "end", title: say(formsText.end), cell: ({ principalId, name, seen }: AccountDetails["holders"][number]) => confirmed(visit, { label: say(formsText.end), question: say(formsText.endQuestion, { address, name }), action: `${objectPath("account", address)}/assignments/end`, hidden: { principalId, seen } }) }] : []),
    ],
  })
}

const aliasTable = (visit: Visit, { record, aliases }: AccountDetails, mayChange: boolean) => {
  const { say } = visit
  return table(visit, {
    caption: say(directoryText.aliases),
    empty: say(directoryText.noAliases),
    rows: aliases,
    columns: [
      { key: "address", title: say(directoryText.address), cell: ({ address }) => address },
      { key: "expires", title: say(directoryText.expires), cell: ({ expiresOn }) => periodText(visit, expiresOn) },
      ...(mayChange ? [{ key: "remove", title: say(formsText.remove), cell: ({ address, seen }: AccountDetails["aliases"][number]) => confirmed(visit, { label: say(formsText.remove), question: say(formsText.removeAliasQuestion, { address }), action: `${objectPath("account", record.address)}/aliases/remove`, hidden: { alias: address, seen } }) }] : []),
    ],
  })
}
