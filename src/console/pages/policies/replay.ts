import { z } from "zod"
import { compilePolicy } from "../../../policy/compile-policy.ts"
import { readPolicy } from "../../../policy/read-policy.ts"
import type { Outcome, ReplayReport } from "../../../policy/replay.ts"
import { policyText as text } from "../../text/policies.ts"
import { runText } from "../../text/shell.ts"
import { html } from "../../web/html.ts"
import { type AdministratorVisit, type Answer, type Page, problem, provincePage } from "../../web/page.ts"
import { runView } from "../../web/run-view.ts"
import type { Run } from "../../../base/runs.ts"
import { shownNumber, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { whoOf } from "../../web/who.ts"
import { checkedPage, replayDays, yamlField } from "./edit.ts"
import type { PolicyPorts } from "./policies.ts"

/** A text tried on the decisions of the last days, in the background. */
const dayMs = 86_400_000
const idInput = z.object({ id: z.uuid() })

export function replayPages(ports: PolicyPorts): readonly Page[] {
  const { replay, replays: runs, clock, nameOf } = ports
  const view = (visit: AdministratorVisit, run: Run<ReplayReport>) =>
    runView(visit, { run, by: nameOf(run.by), statePath: `/console/policies/replay/${run.id}/state`, cancelAction: `/console/policies/replay/${run.id}/cancel`, result: (report) => reportView(visit, report) })
  const gone = (visit: AdministratorVisit): Answer => ({ kind: "redirect", to: "/console/policies/edit", notice: problem(visit.say(runText.gone)) })
  return [
    provincePage({
      method: "post", path: "/policies/replay", who: "policy:read", input: z.object({ yaml: yamlField, days: z.enum(replayDays) }),
      async run({ yaml, days }, visit) {
        const read = readPolicy(yaml)
        if (!read.ok) return checkedPage(ports, visit, { yaml })
        const policy = compilePolicy(read.value)
        const until = clock.now()
        const run = runs.start(whoOf(visit), (control) => replay(policy, { since: until - Number(days) * dayMs, until }, control))
        const last = runs.last()
        if (run) return { kind: "redirect", to: `/console/policies/replay/${run.id}` }
        return { kind: "redirect", to: last ? `/console/policies/replay/${last.id}` : "/console/policies/edit", notice: problem(visit.say(runText.busy)) }
      },
    }),
    provincePage({
      method: "get", path: "/policies/replay/:id", who: "policy:read", input: idInput,
      async run({ id }, visit) {
        const run = runs.find(id)
        if (!run) return gone(visit)
        return { kind: "page", title: visit.say(text.replayTitle), crumbs: [{ path: "/console/policies", title: visit.say(text.title) }], body: html`<p>${visit.say(text.replayIntro)}</p>${view(visit, run)}` }
      },
    }),
    provincePage({
      method: "get", path: "/policies/replay/:id/state", who: "policy:read", background: true, input: idInput,
      async run({ id }, visit) {
        const run = runs.find(id)
        return run ? { kind: "fragment", body: view(visit, run) } : gone(visit)
      },
    }),
    provincePage({
      method: "post", path: "/policies/replay/:id/cancel", who: "policy:read", input: idInput,
      async run({ id }) {
        runs.cancel(id)
        return { kind: "redirect", to: `/console/policies/replay/${id}` }
      },
    }),
  ]
}

const outcomeText = ({ verdict, ruleId }: Outcome) => html`<strong>${verdict}</strong> <small class="muted">${ruleId}</small>`

function reportView(visit: AdministratorVisit, { decisions, unchanged, unreadable, changes, counts }: ReplayReport) {
  const { say } = visit
  if (decisions === 0) return html`<p class="empty">${say(text.replayNone)}</p>`
  const otherwise = changes.filter(({ from, to }) => from.verdict !== to.verdict).reduce((sum, { count }) => sum + count, 0)
  return html`<p role="status">${say(text.replaySum, { decisions, unchanged, otherwise, rule: decisions - unchanged - otherwise - unreadable, unreadable })}</p>
    ${table(visit, {
      caption: say(text.differences), empty: say(text.noDifferences), rows: changes,
      columns: [
        { key: "count", title: say(text.count), numeric: true, cell: ({ count }) => shownNumber(visit, count) },
        { key: "before", title: say(text.before), cell: ({ from }) => outcomeText(from) },
        { key: "after", title: say(text.after), cell: ({ to }) => outcomeText(to) },
        {
          key: "samples", title: say(text.samples),
          cell: ({ samples }) => html`<ul>${samples.map(({ at, envelopeId, reversePath, messageId }) => html`<li>${shownTime(visit, at)} ${envelopeId === null ? say(text.refusedSample) : html`<a href=${`/console/trace?what=${envelopeId}`}>${envelopeId}</a>`} ${reversePath === "" ? "<>" : reversePath} <code>${messageId}</code></li>`)}</ul>`,
        },
      ],
    })}
    ${table(visit, {
      caption: say(text.after), empty: "", rows: counts,
      columns: [
        { key: "outcome", title: say(text.verdict), cell: (outcome) => outcomeText(outcome) },
        { key: "count", title: say(text.count), numeric: true, cell: ({ count }) => shownNumber(visit, count) },
      ],
    })}`
}
