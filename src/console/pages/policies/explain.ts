import { z } from "zod"
import { compilePolicy } from "../../../policy/compile-policy.ts"
import type { ConditionTrace, RuleTrace } from "../../../policy/explain.ts"
import { type Explanation, notExplainedText, notExplainedValues } from "../../../policy/message-question.ts"
import { readPolicy } from "../../../policy/read-policy.ts"
import { policyText as text } from "../../text/policies.ts"
import { fileField, textArea } from "../../web/fields.ts"
import { choice, field, form } from "../../web/forms.ts"
import { type Html, html } from "../../web/html.ts"
import { type AdministratorVisit, type Answer, type Page, provincePage } from "../../web/page.ts"
import { uploadField } from "../../web/read-form.ts"
import type { PolicyPorts } from "./policies.ts"

/** What the policy in force says of a message that somebody uploads: each rule, and why it did or did not match. */
const maxMessageBytes = 1024 * 1024
const signatures = ["asItIs", "missing", "valid", "expired", "revoked"] as const
const maxRecipients = 100

const input = z.object({ file: uploadField, from: z.string().trim().max(320), to: z.string().max(40_000), outside: z.literal("1").optional(), signature: z.enum(signatures) })
type Entered = Omit<z.output<typeof input>, "file">

export const explainPages = ({ policies, explain }: PolicyPorts): readonly Page[] => [
  provincePage({ method: "get", path: "/policies/explain", who: "policy:read", input: z.object({}), run: async (_input, visit) => page(visit, { from: "", to: "", signature: "asItIs" }) }),
  provincePage({
    method: "post", path: "/policies/explain", who: "policy:read", upload: { maxBytes: maxMessageBytes }, input,
    async run({ file, ...entered }, visit) {
      const { say } = visit
      const to = entered.to.split(/[\s,;]+/).filter(Boolean)
      if (!file) return page(visit, entered, { file: say(text.noFile) })
      if (to.length === 0 || to.length > maxRecipients) return page(visit, entered, { to: say(text.noRecipients) })
      const inForce = await policies.inForce()
      const read = inForce && readPolicy(inForce.yaml)
      if (!read?.ok) return page(visit, entered, { said: say(text.none) })
      const explained = await explain(compilePolicy(read.value), { bytes: file.bytes, from: entered.from, to, outside: entered.outside !== undefined, ...(entered.signature !== "asItIs" && { signature: entered.signature }) })
      return explained.ok ? page(visit, entered, {}, explanationView(visit, explained.value)) : page(visit, entered, { said: say(notExplainedText[explained.failure.kind], notExplainedValues(explained.failure)) })
    },
  }),
]

interface Errors {
  readonly file?: string
  readonly to?: string
  readonly said?: string
}

const page = (visit: AdministratorVisit, { from, to, outside, signature }: Entered, errors: Errors = {}, result?: Html): Answer => {
  const { say } = visit
  return {
    kind: "page",
    title: say(text.explain),
    crumbs: [{ path: "/console/policies", title: say(text.title) }],
    status: Object.keys(errors).length > 0 ? 422 : 200,
    body: html`<p>${say(text.explainIntro)}</p>
      ${errors.said !== undefined && html`<p class="notice problem" role="alert">${errors.said}</p>`}
      ${result}
      ${form(visit, {
        action: "/console/policies/explain", upload: true, className: "narrow",
        body: html`${fileField({ name: "file", label: say(text.message), accept: ".eml,message/rfc822", error: errors.file })}
          ${field({ name: "from", label: say(text.from), value: from, maxlength: 320, autocomplete: "off" })}
          ${textArea({ name: "to", label: say(text.to), value: to, rows: 3, error: errors.to })}
          <label class="check"><input type="checkbox" name="outside" value="1" checked=${outside !== undefined} /> ${say(text.outside)}</label>
          ${choice({ name: "signature", label: say(text.signature), value: signature, options: signatures.map((value) => ({ value, text: say(text[value]) })) })}
          <button>${say(text.explainButton)}</button>`,
      })}`,
  }
}

function explanationView(visit: AdministratorVisit, { rules, decision }: Explanation) {
  const { say } = visit
  const { verdict } = decision
  return html`<h2>${say(text.verdict)}</h2>
    <p role="status"><strong>${verdict.kind}</strong> ${"status" in verdict && verdict.status} <small class="muted">${verdict.ruleId}</small></p>
    <h2>${say(text.rules)}</h2>
    <ol>${rules.map((rule) => ruleView(visit, rule))}</ol>`
}

const ruleView = (visit: AdministratorVisit, { ruleId, outcome, condition }: RuleTrace) => html`<li><code>${ruleId}</code>: <strong class=${outcome === "decides" ? "good" : undefined}>${visit.say(text[outcome])}</strong>
  ${condition ? html`<ul>${conditionView(visit, condition)}</ul>` : html`<p class="muted">${visit.say(text.everyMessage)}</p>`}</li>`

const conditionView = (visit: AdministratorVisit, { text: said, holds, found, parts }: ConditionTrace): Html => html`<li>
  <span class=${holds ? "good" : "bad"}>${holds ? "✓" : "✗"}</span> ${said} ${found !== "" && html`<small class="muted">${visit.say(text.found, { found })}</small>`}
  ${parts.length > 0 && html`<ul>${parts.map((part) => conditionView(visit, part))}</ul>`}
</li>`
