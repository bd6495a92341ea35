import { z } from "zod"
import { type DirectoryKind, directoryKinds, type Found, type Hit } from "../../../store/directory-view.ts"
import { directoryKindText, directoryText, mailboxKindText, unitKindText } from "../../text/directory.ts"
import { choice, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type Page, type Visit } from "../../web/page.ts"
import { pager } from "../../web/table.ts"
import type { DirectoryPorts } from "./directory.ts"
import { directoryPath, hitPath } from "./links.ts"

/** What is found while people type; a page of its own where no script runs. */
const pageSize = 50
const whileTyping = 12
const suggestions = 20

const kindInput = z.enum(directoryKinds).optional().catch(undefined)
const textInput = z.string().max(1_000).optional().default("")

export const findPages = ({ view }: Pick<DirectoryPorts, "view">): readonly Page[] => [
  administratorPage({
    method: "get", path: "/directory/find", who: "directory:read",
    input: z.object({ text: textInput, kind: kindInput, offset: z.coerce.number().int().min(0).max(100_000).optional().default(0) }),
    async run({ text, kind, offset }, visit) {
      const { say, scope } = visit
      const kinds = kind ? { kinds: [kind] } : {}
      if (visit.partial) return { kind: "fragment", body: text.trim() === "" ? null : results(visit, await view.find({ scope, text, ...kinds, limit: whileTyping }), { text }) }
      const found = await view.find({ scope, text, ...kinds, offset, limit: pageSize })
      return {
        kind: "page",
        title: say(directoryText.find),
        body: html`${form(visit, {
            action: `${directoryPath}/find`, method: "get", className: "row",
            body: html`${field({ name: "text", label: say(directoryText.findLabel), type: "search", value: text, autocomplete: "off" })}
              ${choice({ name: "kind", label: say(directoryText.kindLabel), value: kind ?? "", options: [{ value: "", text: say(directoryText.everything) }, ...directoryKinds.map((one) => ({ value: one, text: say(directoryKindText[one]) }))] })}
              <button>${say(directoryText.findButton)}</button>`,
          })}
          ${results(visit, found, {})}
          ${pager(visit, { previous: offset === 0 ? null : { offset: String(Math.max(0, offset - pageSize)) }, next: found.more ? { offset: String(offset + pageSize) } : null })}`,
      }
    },
  }),
  // what a form's field proposes: value and words of each
  administratorPage({
    method: "get", path: "/directory/suggest/:kind", who: "directory:read", input: z.looseObject({ kind: z.enum(directoryKinds) }),
    async run({ kind, ...typed }, { scope }) {
      const text = Object.entries(typed).find(([name, value]) => name !== "kind" && typeof value === "string")?.[1]
      const { hits } = await view.find({ scope, text: typeof text === "string" ? text : "", kinds: [kind], limit: suggestions })
      return { kind: "fragment", body: hits.map(({ key, name, detail, unitName }) => html`<option value=${key}>${[name, detail, unitName].filter(Boolean).join(" · ")}</option>`) }
    },
  }),
]

/** Answers while one types; without scripts its button leads to the page of results. */
export const searchBox = (visit: Visit, text: string) =>
  html`<div class="find" data-arrows>${form(visit, {
    action: `${directoryPath}/find`, method: "get", className: "row",
    body: html`<div class="field"><label for="text">${visit.say(directoryText.findLabel)}</label>
        <input id="text" name="text" type="search" value=${text} autocomplete="off" aria-describedby="text-help" hx-get=${`${directoryPath}/find`} hx-trigger="input changed delay:120ms" hx-target="#found" hx-sync="this:queue last" />
        <small id="text-help">${visit.say(directoryText.findHelp)}</small></div>
      <button class="secondary">${visit.say(directoryText.findButton)}</button>`,
  })}<div id="found" aria-live="polite"></div></div>`

const results = (visit: Visit, { hits, more }: Found, { text }: { readonly text?: string }) =>
  hits.length === 0
    ? html`<p class="empty">${visit.say(directoryText.nothing)}</p>`
    : html`<ul class="hits" aria-label=${visit.say(directoryText.found)}>${hits.map((hit) => html`<li><a href=${hitPath(hit)}><strong>${hit.kind === "alias" ? hit.key : hit.name}</strong> <small>${kindOf(visit, hit)} · ${detailOf(visit, hit)}${hit.unitName !== "" && hit.kind !== "unit" && ` · ${hit.unitName}`}</small>${hit.suspended && html` <small class="bad">${visit.say(directoryText.suspended)}</small>`}</a></li>`)}
        ${more && text !== undefined && html`<li><a href=${`${directoryPath}/find?text=${encodeURIComponent(text)}`}>${visit.say(directoryText.moreFound)}</a></li>`}</ul>`

const kindOf = ({ say }: Visit, { kind, detail }: Hit): string => (kind === "account" && isMailboxKind(detail) ? say(mailboxKindText[detail]) : say(directoryKindText[kind]))

function detailOf({ say }: Visit, { kind, key, detail }: Hit): string {
  const described: Readonly<Record<DirectoryKind, string>> = {
    account: key,
    group: [key, detail === "moderated" ? say(directoryText.moderated) : detail === "restricted" ? say(directoryText.restricted) : ""].filter(Boolean).join(" · "),
    person: [key, detail].filter(Boolean).join(" · "),
    alias: `→ ${detail}`,
    unit: isUnitKind(detail) ? `${key} · ${say(unitKindText[detail])}` : key,
  }
  return described[kind]
}

const isMailboxKind = (kind: string): kind is keyof typeof mailboxKindText => Object.hasOwn(mailboxKindText, kind)
export const isUnitKind = (kind: string): kind is keyof typeof unitKindText => Object.hasOwn(unitKindText, kind)
