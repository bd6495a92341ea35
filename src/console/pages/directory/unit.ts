import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { Hit, UnitDetails } from "../../../store/directory-view.ts"
import { directoryText, unitKindText } from "../../text/directory.ts"
import { formsText } from "../../text/directory-forms.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Page, type Visit } from "../../web/page.ts"
import { shownNumber } from "../../web/shown.ts"
import { pager, table } from "../../web/table.ts"
import type { DirectoryPorts } from "./directory.ts"
import { isUnitKind } from "./find.ts"
import { stateForm } from "./form-kit.ts"
import { history, shownHistory } from "./history.ts"
import { directoryPath, hitPath, objectPath, stateMark, unitLink } from "./links.ts"
import { noSuch } from "./refusals.ts"

/** A unit: where it stands, how its mailboxes are named, what is in it. */
const pageSize = 50
const shownKinds = ["person", "account", "group", "unit"] as const
const kindTitles = { person: directoryText.people, account: directoryText.accounts, group: directoryText.groups, unit: directoryText.subunits } as const

export function unitPages(ports: DirectoryPorts): readonly Page[] {
  const childrenOf = async (code: string, { scope }: AdministratorVisit): Promise<readonly Hit[]> =>
    (await ports.view.tree(scope)).filter(({ parentCode }) => parentCode === code).map((unit) => ({ kind: "unit", key: unit.code, name: unit.name, detail: unit.kind, unitCode: unit.code, unitName: unit.name, suspended: unit.suspended }))

  return [
  administratorPage({
    method: "get", path: "/directory/units/:code", who: "directory:read",
    input: z.object({ code: z.string().max(200), show: z.enum(shownKinds).optional().catch(undefined), offset: z.coerce.number().int().min(0).max(100_000).optional().default(0) }),
    async run({ code, show, offset }, visit) {
      const { say, scope } = visit
      const found = await ports.view.unit(scope, code)
      if (!found.ok) return noSuch(found.failure)
      const unit = found.value
      const kind = show ?? (unit.counts.accounts > 0 ? "account" : unit.counts.people > 0 ? "person" : unit.children > 0 ? "unit" : "account")
      const inside = kind === "unit" ? { hits: await childrenOf(code, visit), more: false } : await ports.view.find({ scope, text: "", kinds: [kind], unit: { code, below: false }, offset, limit: pageSize })
      return {
        kind: "page",
        title: unit.record.name,
        crumbs: [{ path: directoryPath, title: say(directoryText.units) }, ...unit.path.map((above) => ({ path: objectPath("unit", above.code), title: above.name }))],
        body: html`${facts(visit, unit, ports.addressRule)}
          ${may(visit.holder, "directory:write", code) && actions(visit, unit)}
          <h2>${say(directoryText.inUnit)}</h2>
          <nav class="tabs" aria-label=${say(directoryText.inUnit)}>${shownKinds.map((one) => html`<a href=${`${objectPath("unit", code)}?show=${one}`} aria-current=${one === kind ? "true" : undefined}>${say(kindTitles[one])} (${shownNumber(visit, countOf(unit, one))})</a>`)}</nav>
          ${hitTable(visit, inside.hits, say(kindTitles[kind]))}
          ${pager(visit, { previous: offset === 0 ? null : { offset: String(Math.max(0, offset - pageSize)) }, next: inside.more ? { offset: String(offset + pageSize) } : null })}
          ${history(visit, await ports.history.of({ kind: "unit", key: code }, shownHistory))}`,
      }
    },
  }),
  ]
}

const countOf = ({ counts, children }: UnitDetails, kind: (typeof shownKinds)[number]): number => (kind === "person" ? counts.people : kind === "account" ? counts.accounts : kind === "group" ? counts.groups : children)

const facts = (visit: Visit, { record: { code, kind, domain, suspended }, path, rule }: UnitDetails, addressRule: string) => {
  const { say } = visit
  const parent = path.at(-1)
  return html`<dl class="facts">
    <dt>${say(directoryText.code)}</dt><dd>${code} · ${isUnitKind(kind) ? say(unitKindText[kind]) : kind}</dd>
    <dt>${say(directoryText.state)}</dt><dd>${stateMark(visit, { suspended })}</dd>
    <dt>${say(directoryText.parent)}</dt><dd>${parent ? unitLink(parent.code, parent.name) : say(directoryText.none)}</dd>
    <dt>${say(directoryText.domain)}</dt><dd>${domain}</dd>
    <dt>${say(directoryText.rule)}</dt><dd>${rule === null ? say(directoryText.ruleDefault, { rule: addressRule }) : rule.from === code ? say(directoryText.ruleOwn, { rule: rule.template }) : say(directoryText.ruleFrom, { rule: rule.template, from: rule.from })}</dd>
  </dl>`
}

const actions = (visit: AdministratorVisit, { record, seen }: UnitDetails) => {
  const { say } = visit
  const at = encodeURIComponent(record.code)
  return html`<p class="actions">
      <a role="button" class="secondary" href=${`${objectPath("unit", record.code)}/change`}>${say(formsText.change)}</a>
      <a role="button" class="secondary" href=${`${directoryPath}/new/person?unitCode=${at}`}>${say(formsText.newPerson)}</a>
      <a role="button" class="secondary" href=${`${directoryPath}/new/account?unitCode=${at}`}>${say(formsText.newAccount)}</a>
      <a role="button" class="secondary" href=${`${directoryPath}/new/group?unitCode=${at}`}>${say(formsText.newGroup)}</a>
      <a role="button" class="secondary" href=${`${directoryPath}/new/unit?parentCode=${at}`}>${say(formsText.newUnit)}</a>
    </p>
    ${stateForm(visit, { path: objectPath("unit", record.code), name: record.name, suspended: record.suspended, seen })}`
}

const hitTable = (visit: Visit, hits: readonly Hit[], caption: string) =>
  table(visit, {
    caption,
    empty: visit.say(directoryText.emptyUnit),
    rows: hits,
    columns: [
      { key: "name", title: visit.say(directoryText.name), cell: (hit) => html`<a href=${hitPath(hit)}>${hit.name}</a>` },
      { key: "key", title: visit.say(directoryText.detail), cell: ({ kind, key, detail }) => (kind === "person" && detail !== "" ? `${key} · ${detail}` : key) },
      { key: "state", title: visit.say(directoryText.state), cell: (hit) => stateMark(visit, hit) },
    ],
  })
