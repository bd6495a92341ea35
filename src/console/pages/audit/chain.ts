import { z } from "zod"
import { headLine } from "../../../store/audit/head.ts"
import type { Verified } from "../../../store/audit/verify-chain.ts"
import { auditText as text, chainProblemText } from "../../text/audit.ts"
import { facts } from "../../web/facts.ts"
import { form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { type AdministratorVisit, type Page, provincePage } from "../../web/page.ts"
import { createRunPages } from "../../web/run-pages.ts"
import { shownNumber, shownSpan, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import type { AuditPorts } from "./audit.ts"

/** How far the audit is sealed and signed, and its verification as work behind a page. */
const path = "/console/audit/chain"

export function chainPages({ chain, verify, verifications, nameOf }: AuditPorts): readonly Page[] {
  const runs = createRunPages<Verified>({ path: "/audit/chain", who: "audit:read", title: text.verifyTitle, above: { path, title: text.chainTitle }, anew: path, result: verifiedView, nameOf, runs: verifications })
  return [
    provincePage({
      method: "get", path: "/audit/chain", who: "audit:read", input: z.object({}),
      async run(_input, visit) {
        const { say } = visit
        const [{ position, lagMs, headAt, headPosition }, head] = await Promise.all([chain.state(), chain.lastHead()])
        return {
          kind: "page",
          title: say(text.chainTitle),
          crumbs: [{ path: "/console/audit", title: say(text.title) }],
          body: html`${facts([
              [say(text.sealedTo), html`<strong>${shownNumber(visit, position)}</strong>`],
              [say(text.lag), lagMs === 0 ? say(text.noLag) : shownSpan(visit, lagMs)],
              [say(text.head), headAt === null ? say(text.noHead) : html`${say(text.headText, { position: headPosition })}, ${shownTime(visit, headAt)}`],
            ])}
            ${head && html`<p>${say(text.headLine)}:</p><pre class="message" tabindex="0">${headLine(head)}</pre>`}
            <h2>${say(text.verify)}</h2>
            <p>${say(text.verifyIntro)}</p>
            ${form(visit, { action: `${path}/verify`, body: html`<button>${say(text.verify)}</button>` })}
            ${runs.last(visit)}`,
        }
      },
    }),
    provincePage({ method: "post", path: "/audit/chain/verify", who: "audit:read", input: z.object({}), run: async (_input, visit) => runs.start(visit, verify) }),
    ...runs.pages,
  ]
}

function verifiedView(visit: AdministratorVisit, { checked, headsChecked, last, problems, badStamps }: Verified) {
  const { say } = visit
  const good = problems.length === 0 && badStamps.length === 0
  const rows = [...problems.map(({ position, auditId, kind }) => ({ position, auditId, words: chainProblemText[kind] })), ...badStamps.map((position) => ({ position, auditId: null, words: text.stamp }))]
  return html`<p class=${good ? "notice done" : "notice problem"} role="status">${say(good ? text.good : text.bad, { checked, heads: headsChecked, position: last.position })}</p>
    ${!good && table(visit, {
      caption: say(text.problems), empty: "", rows,
      columns: [
        { key: "position", title: say(text.place), numeric: true, cell: ({ position }) => position },
        { key: "entry", title: say(text.entry), numeric: true, cell: ({ auditId }) => auditId ?? "–" },
        { key: "problem", title: say(text.problem), cell: ({ words }) => say(words) },
      ],
    })}`
}
