import { z } from "zod"
import { compilePolicy } from "../../../policy/compile-policy.ts"
import { readPolicy } from "../../../policy/read-policy.ts"
import type { Outcome, ReplayReport } from "../../../policy/replay.ts"
import { policyText as text } from "../../text/policies.ts"
import { html } from "../../web/html.ts"
import { type AdministratorVisit, type Page, provincePage } from "../../web/page.ts"
import { createRunPages } from "../../web/run-pages.ts"
import { shownNumber, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { checkedPage, replayDays, yamlField } from "./edit.ts"
import type { PolicyPorts } from "./policies.ts"

/** A text tried on the decisions of the last days, in the background. */
const dayMs = 86_400_000

export function replayPages(ports: PolicyPorts): readonly Page[] {
  const { replay, replays, clock, nameOf } = ports
  const runs = createRunPages<ReplayReport>({
    path: "/policies/replay", who: "policy:read", title: text.replayTitle, intro: text.replayIntro, above: { path: "/console/policies", title: text.title }, anew: "/console/policies/edit", result: reportView, nameOf, runs: replays,
  })
  return [
    provincePage({
      method: "post", path: "/policies/replay", who: "policy:read", input: z.object({ yaml: yamlField, days: z.enum(replayDays) }),
      async run({ yaml, days }, visit) {
        const read = readPolicy(yaml)
        if (!read.ok) return checkedPage(ports, visit, { yaml })
        const policy = compilePolicy(read.value)
        const until = clock.now()
        return runs.start(visit, (control) => replay(policy, { since: until - Number(days) * dayMs, until }, control))
      },
    }),
    ...runs.pages,
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
