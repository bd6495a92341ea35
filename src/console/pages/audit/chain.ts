import { z } from "zod"
import { headLine } from "../../../store/audit/head.ts"
import type { Verified } from "../../../store/audit/verify-chain.ts"
import { auditText as text, chainProblemText } from "../../text/audit.ts"
import { runText } from "../../text/shell.ts"
import { facts } from "../../web/facts.ts"
import { form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { type AdministratorVisit, type Answer, type Page, problem, provincePage } from "../../web/page.ts"
import { runView } from "../../web/run-view.ts"
import type { Run } from "../../../base/runs.ts"
import { shownNumber, shownSpan, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { whoOf } from "../../web/who.ts"
import type { AuditPorts } from "./audit.ts"

/** How far the audit is sealed and signed, and its verification as work behind a page. */
const path = "/console/audit/chain"
const idInput = z.object({ id: z.uuid() })

export function chainPages({ chain, verify, verifications: runs, nameOf }: AuditPorts): readonly Page[] {
  const view = (visit: AdministratorVisit, run: Run<Verified>) =>
    runView(visit, { run, by: nameOf(run.by), statePath: `${path}/${run.id}/state`, cancelAction: `${path}/${run.id}/cancel`, result: (verified) => verifiedView(visit, verified) })
  const gone = (visit: AdministratorVisit): Answer => ({ kind: "redirect", to: path, notice: problem(visit.say(runText.gone)) })
  return [
    provincePage({
      method: "get", path: "/audit/chain", who: "audit:read", input: z.object({}),
      async run(_input, visit) {
        const { say } = visit
        const [{ position, lagMs, headAt, headPosition }, head] = await Promise.all([chain.state(), chain.lastHead()])
        const last = runs.last()
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
            ${last && view(visit, last)}`,
        }
      },
    }),
    provincePage({
      method: "post", path: "/audit/chain/verify", who: "audit:read", input: z.object({}),
      async run(_input, visit) {
        const run = runs.start(whoOf(visit), verify)
        return run ? { kind: "redirect", to: `${path}/${run.id}` } : { kind: "redirect", to: path, notice: problem(visit.say(runText.busy)) }
      },
    }),
    provincePage({
      method: "get", path: "/audit/chain/:id", who: "audit:read", input: idInput,
      async run({ id }, visit) {
        const run = runs.find(id)
        return run ? { kind: "page", title: visit.say(text.verifyTitle), crumbs: [{ path, title: visit.say(text.chainTitle) }], body: view(visit, run) } : gone(visit)
      },
    }),
    provincePage({
      method: "get", path: "/audit/chain/:id/state", who: "audit:read", background: true, input: idInput,
      async run({ id }, visit) {
        const run = runs.find(id)
        return run ? { kind: "fragment", body: view(visit, run) } : gone(visit)
      },
    }),
    provincePage({
      method: "post", path: "/audit/chain/:id/cancel", who: "audit:read", input: idInput,
      async run({ id }) {
        runs.cancel(id)
        return { kind: "redirect", to: `${path}/${id}` }
      },
    }),
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
