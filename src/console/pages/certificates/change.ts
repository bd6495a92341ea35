import { z } from "zod"
import { type BindingProblem, bindingProblemText, checkBinding } from "../../../accounts/certificate-binding.ts"
import type { CertificateState } from "../../../accounts/directory.ts"
import type { CertificateDetail } from "../../../store/certificate-registry.ts"
import { certificateText as text } from "../../text/certificates.ts"
import { textArea } from "../../web/fields.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { whyField } from "../../web/inputs.ts"
import { administratorPage, type Answer, done, type Page, problem, type Visit } from "../../web/page.ts"
import { whoOf } from "../../web/who.ts"
import type { CertificatePorts } from "./certificates.ts"
import { bindingFields, fingerprintField } from "./fields.ts"

/** Out of use, into use again, for good; and for whom it speaks. All ask for the password. */
const verbs = { suspend: "suspended", reinstate: "active", revoke: "revoked" } as const satisfies Readonly<Record<string, CertificateState>>
type Verb = keyof typeof verbs
const verbNames = Object.keys(verbs) as readonly Verb[]

export const changePages = ({ registry, directory, announce, clock }: CertificatePorts): readonly Page[] => [
  ...verbNames.map((verb) =>
    administratorPage({
      method: "post", path: `/certificates/:fingerprint/${verb}`, who: "certificates:write", fresh: true, input: z.object({ fingerprint: fingerprintField, why: whyField }),
      async run({ fingerprint, why }, visit): Promise<Answer> {
        const { say, scope } = visit
        if (why === "" && verb !== "reinstate") return { kind: "redirect", to: pathOf(fingerprint), notice: problem(say(text.reasonNeeded)) }
        const changed = await registry.setState(scope, fingerprint, verbs[verb], { by: whoOf(visit), source: "console", reason: why })
        if (changed.ok) announce(changed.value)
        else if (changed.failure.kind === "notFound") return { kind: "error", status: 404 }
        return { kind: "redirect", to: pathOf(fingerprint), notice: changed.ok ? done(say(text.done)) : problem(say(changed.failure.kind === "noPermission" ? text.above : text.gone)) }
      },
    }),
  ),
  administratorPage({
    method: "post", path: "/certificates/:fingerprint/bind", who: "certificates:write", fresh: true, input: z.object({ fingerprint: fingerprintField, ...bindingFields }),
    async run({ fingerprint, accounts, from = null, until = null }, visit): Promise<Answer> {
      const { say, scope } = visit
      const found = await registry.find(scope, fingerprint)
      if (!found) return { kind: "error", status: 404 }
      const binding = checkBinding(directory.current(), { holder: found.principalId, use: found.use, accounts, from, until }, clock.now())
      if (!binding.ok) return { kind: "page", title: found.holderName, status: 422, crumbs: [{ path: "/console/certificates", title: say(text.title) }, { path: pathOf(fingerprint), title: found.holderName }], body: bindingForm(visit, { ...found, accounts, from, until }, binding.failure) }
      const changed = await registry.bind(scope, fingerprint, binding.value, { by: whoOf(visit), source: "console" })
      if (!changed.ok) return { kind: "error", status: changed.failure.kind === "noPermission" ? 403 : 404 }
      announce(changed.value)
      return { kind: "redirect", to: pathOf(fingerprint), notice: done(say(text.done)) }
    },
  }),
]

const pathOf = (fingerprint: string): string => `/console/certificates/${fingerprint}`

type Bound = Pick<CertificateDetail, "fingerprint" | "accounts" | "from" | "until">

export function changeForms(visit: Visit, certificate: CertificateDetail) {
  const { say } = visit
  const possible = verbNames.filter((verb) => (certificate.state === "active" ? verb !== "reinstate" : certificate.state === "suspended" ? verb !== "suspend" : false))
  return html`${possible.length > 0 && html`<h2>${say(text.change)}</h2>`}
    <div class="actions">${possible.map((verb) => html`<details class="confirm"><summary>${say(text[verb])}</summary>${form(visit, {
      action: `${pathOf(certificate.fingerprint)}/${verb}`,
      body: html`<p>${say(text[`${verb}Question`])}</p>
        <div class="field"><label for=${`why-${verb}`}>${say(text.reason)}</label><input id=${`why-${verb}`} name="why" maxlength="500" required=${verb !== "reinstate"} autocomplete="off" /></div>
        <button class=${verb === "reinstate" ? undefined : "danger"}>${say(text[verb])}</button>`,
    })}</details>`)}</div>
    ${certificate.state !== "revoked" && bindingForm(visit, certificate)}`
}

const bindingForm = (visit: Visit, { fingerprint, accounts, from, until }: Bound, wrong?: BindingProblem) => html`<h2>${visit.say(text.binding)}</h2>
  ${form(visit, { action: `${pathOf(fingerprint)}/bind`, className: "narrow", body: html`${bindingInputs(visit, { accounts, from, until }, wrong)}<button>${visit.say(text.bind)}</button>` })}`

export const bindingInputs = ({ say }: Visit, { accounts, from, until }: Omit<Bound, "fingerprint">, wrong?: BindingProblem) => {
  const said = wrong && say(bindingProblemText[wrong.kind], { what: wrong.what })
  const dates = wrong?.kind === "notDate" || wrong?.kind === "backwards"
  return html`${textArea({ name: "accounts", label: say(text.accounts), value: accounts.join("\n"), help: say(text.accountsHelp), error: wrong?.kind === "noAccount" || wrong?.kind === "maySign" ? said : undefined, rows: 3 })}
    ${field({ name: "from", label: say(text.from), type: "date", value: from ?? "", error: dates ? said : undefined })}
    ${field({ name: "until", label: say(text.until), type: "date", value: until ?? "" })}`
}
