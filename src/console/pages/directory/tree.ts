import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { UnitNode } from "../../../store/directory-view.ts"
import { directoryText } from "../../text/directory.ts"
import { formsText } from "../../text/directory-forms.ts"
import { type Html, html } from "../../web/html.ts"
import { administratorPage, type Page, type Visit } from "../../web/page.ts"
import type { DirectoryPorts } from "./directory.ts"
import { searchBox } from "./find.ts"
import { directoryPath, unitLink } from "./links.ts"

/** The tree of units: opened and closed by the browser itself. */
export const treePages = ({ view }: Pick<DirectoryPorts, "view">): readonly Page[] => [
  administratorPage({
    method: "get", path: "/directory", who: "directory:read", input: z.object({}),
    async run(_input, visit) {
      const { say } = visit
      const nodes = await view.tree(visit.scope)
      return {
        kind: "page",
        title: say(directoryText.units),
        body: html`${searchBox(visit, "")}
          <p class="muted">${say(directoryText.unitsCaption)}</p>
          ${nodes.length === 0 ? html`<p class="empty">${say(directoryText.noUnits)}</p>` : html`<ul class="tree">${branches(visit, nodes, { from: 0, depth: 0 }).branches}</ul>`}
          ${visit.scope.roots === null && may(visit.holder, "directory:write") && html`<p><a role="button" class="secondary" href=${`${directoryPath}/new/unit`}>${say(formsText.newUnit)}</a></p>`}`,
      }
    },
  }),
]

interface Place {
  readonly from: number
  readonly depth: number
}

/** Units of one depth from a place of the list on, each with those below it; and where the list goes on. */
function branches(visit: Visit, nodes: readonly UnitNode[], { from, depth }: Place): { readonly branches: readonly Html[]; readonly next: number } {
  const made: Html[] = []
  let at = from
  for (let node = nodes[at]; node && node.depth >= depth; node = nodes[at]) {
    const below = branches(visit, nodes, { from: at + 1, depth: depth + 1 })
    made.push(html`<li><p>${line(visit, node)}</p>${below.branches.length > 0 && html`<details open=${depth === 0}><summary>${visit.say(directoryText.below, { count: below.branches.length })}<span class="hidden"> ${node.name}</span></summary><ul>${below.branches}</ul></details>`}</li>`)
    at = below.next
  }
  return { branches: made, next: at }
}

const line = ({ say }: Visit, { code, name, all, suspended }: UnitNode) => html`${unitLink(code, name)} <small class="muted">${code} · ${say(directoryText.countsOf, { accounts: all.accounts, people: all.people })}</small>${suspended && html` <small class="bad">${say(directoryText.suspended)}</small>`}`
