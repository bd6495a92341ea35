import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import { namesNotInDirectory } from "../../../policy/directory-names.ts"
import { policyLimits } from "../../../policy/policy-document.ts"
import { type PolicyProblem, readPolicy } from "../../../policy/read-policy.ts"
import { policyProblemText, policyWarningText } from "../../text/policy-problems.ts"
import { policyText as text } from "../../text/policies.ts"
import { textArea } from "../../web/fields.ts"
import { choice, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled } from "../../web/inputs.ts"
import { type AdministratorVisit, type Answer, type Page, provincePage } from "../../web/page.ts"
import { table } from "../../web/table.ts"
import { sentences, told } from "../../web/sentences.ts"
import { spanText } from "../../web/words.ts"
import type { PolicyPorts } from "./policies.ts"
import { diffView, numberedText } from "./policy-view.ts"

/** A changed text: checked with line and column, compared, tried on past messages, put in force. */
const dayMs = 86_400_000
export const replayDays = ["1", "7", "30", "90"] as const
/** As a form has it: with CR LF. */
export const yamlField = z.string().max(policyLimits.bytes * 2).transform((typed) => typed.replace(/\r\n?/g, "\n"))

export function editPages({ policies }: PolicyPorts): readonly Page[] {
  return [
    provincePage({
      method: "get", path: "/policies/edit", who: "policy:read", input: z.object({ version: filled(z.coerce.number().int().min(1)) }),
      async run({ version }, visit) {
        const shown = version === undefined ? await policies.inForce() : await policies.version(version)
        return { kind: "page", title: visit.say(text.edit), crumbs: [{ path: "/console/policies", title: visit.say(text.title) }], body: editor(visit, shown?.yaml ?? "") }
      },
    }),
  ]
}

export const editor = (visit: AdministratorVisit, yaml: string) =>
  form(visit, {
    action: "/console/policies/check",
    body: html`${textArea({ name: "yaml", label: visit.say(text.yaml), value: yaml, rows: 24, className: "code" })}<button>${visit.say(text.check)}</button>`,
  })

export interface Checked {
  readonly yaml: string
  readonly error?: { readonly why?: string }
}

/** What is wrong with it; when nothing is, what it would change, and how to go on. */
export async function checkedPage({ policies, directory }: Pick<PolicyPorts, "policies" | "directory">, visit: AdministratorVisit, { yaml, error = {} }: Checked): Promise<Answer> {
  const { say, holder, language } = visit
  const read = readPolicy(yaml)
  const crumbs = [{ path: "/console/policies", title: say(text.title) }]
  if (!read.ok) return { kind: "page", title: say(text.edit), crumbs, status: 422, body: html`${problemTable(visit, read.failure)}${numberedText(visit, yaml, new Set(read.failure.map(({ line }) => line)))}${editor(visit, yaml)}` }
  const inForce = await policies.inForce()
  const warnings = namesNotInDirectory(read.value, directory.current())
  return {
    kind: "page",
    title: say(text.edit),
    crumbs,
    status: error.why === undefined ? 200 : 422,
    body: html`<p class="notice done" role="status">${say(text.good, { rules: read.value.rules.length })}</p>
      ${warnings.length > 0 && html`<h2>${say(text.warnings)}</h2><ul>${warnings.map((warning) => html`<li>${told(visit, { known: warningWords, text: warning, otherwise: text.problem })}</li>`)}</ul>`}
      ${inForce && html`<h2>${say(text.diffInForce)}</h2>${diffView(visit, inForce.yaml, yaml)}`}
      <h2>${say(text.tryIt)}</h2>
      ${form(visit, {
        action: "/console/policies/replay", className: "row", hidden: { yaml },
        body: html`${choice({ name: "days", label: say(text.days), value: "7", options: replayDays.map((value) => ({ value, text: spanText(Number(value) * dayMs, language) })) })}<button class="secondary">${say(text.replay)}</button>`,
      })}
      ${may(holder, "policy:write") &&
      html`<h2>${say(text.apply)}</h2>${form(visit, {
        action: "/console/policies/apply", className: "narrow", hidden: { yaml },
        body: html`<p>${say(text.applyQuestion)}</p>${field({ name: "why", label: say(text.whyField), required: true, maxlength: 500, error: error.why, autocomplete: "off" })}<button class="danger">${say(text.apply)}</button>`,
      })}`}
      <h2>${say(text.edit)}</h2>
      ${editor(visit, yaml)}`,
  }
}

const problemWords = sentences(policyProblemText)
const warningWords = sentences(policyWarningText)

const problemTable = (visit: AdministratorVisit, problems: readonly PolicyProblem[]) =>
  table(visit, {
    caption: visit.say(text.problems, { count: problems.length }), empty: "", rows: problems,
    columns: [
      { key: "place", title: visit.say(text.place), cell: ({ line, column }) => html`<a href=${`#L${line}`}>${line}:${column}</a>` },
      { key: "key", title: visit.say(text.key), cell: ({ key }) => (key === "" ? "–" : html`<code>${key}</code>`) },
      { key: "problem", title: visit.say(text.problem), cell: ({ key, reason }) => told(visit, { known: problemWords, text: reason, otherwise: key === "" ? text.badYaml : text.badValue }) },
    ],
  })
