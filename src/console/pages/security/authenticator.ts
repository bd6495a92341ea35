import { z } from "zod"
import type { NewAuthenticator } from "../../../accounts/factors/codes.ts"
import { securityText } from "../../text/security.ts"
import { proofText } from "../../text/proof.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { type Answer, type HolderVisit, holderPage, type Page, problem } from "../../web/page.ts"
import { codeField } from "../../web/proof-fields.ts"
import { proofVisit } from "../../web/proof.ts"
import { qrCode } from "../../web/qr.ts"
import { afterAdding } from "./added.ts"
import { maxFactors, nameOf } from "./factor-name.ts"
import { securityPath } from "./factors.ts"
import type { SecurityPorts } from "./security.ts"

/** An authenticator app: scan, type one code, done. Until then nothing is stored; the secret waits sealed in the form. */
const path = "/me/security/authenticator"

export const authenticatorPages = (ports: SecurityPorts): readonly Page[] => {
  const { factors: { store, codes } } = ports
  return [
    holderPage({
      method: "get", path, before: ["enrolment"], fresh: true, input: z.object({}),
      run: async (_input, visit) => page(visit, codes.begin(proofVisit(visit), visit.holder.address), {}),
    }),
    holderPage({
      method: "post", path, before: ["enrolment"], fresh: true, input: z.object({ name: z.string().max(1_000), _code: z.string().max(100), _setup: z.string().max(1_000) }),
      async run({ name: typed, _code, _setup }, visit) {
        const { say, holder } = visit
        const setup = codes.again(proofVisit(visit), _setup, holder.address)
        if (!setup) return { kind: "redirect", to: `/console${path}`, notice: problem(say(securityText.tooOld)) }
        if ((await store.list(holder)).factors.length >= maxFactors) return { kind: "redirect", to: securityPath, notice: problem(say(securityText.full)) }
        const name = nameOf(typed)
        if (name === undefined) return page(visit, setup, { name: typed, nameError: say(securityText.noName) })
        const confirmed = await codes.confirm(proofVisit(visit), { setup: _setup, code: _code, name })
        if (confirmed.ok) return afterAdding(ports, visit)
        if (confirmed.failure.kind === "invalid") return { kind: "redirect", to: securityPath, notice: problem(say(securityText.tooOld)) }
        return page(visit, setup, { name: typed, codeError: say(securityText.wrongCode) })
      },
    }),
  ]
}

interface Shown {
  readonly name?: string
  readonly nameError?: string
  readonly codeError?: string
}

function page(visit: HolderVisit, { uri, secret, setup }: NewAuthenticator, { name, nameError, codeError }: Shown): Answer {
  const { say, holder } = visit
  return {
    kind: "page",
    title: say(securityText.addTotp),
    status: nameError === undefined && codeError === undefined ? 200 : 422,
    ...(holder.pending === null && { crumbs: [{ path: securityPath, title: say(securityText.title) }] }),
    body: html`<ol class="steps">
        <li><p>${say(securityText.totpApp)}</p></li>
        <li><p>${say(securityText.totpScan)}</p>
          ${qrCode(uri, say(securityText.qrLabel))}
          <details><summary>${say(securityText.totpType)}</summary><p>${say(securityText.totpTypeText, { address: holder.address })}</p><p><code class="secret">${secret}</code></p></details></li>
        <li><p>${say(securityText.totpConfirm)}</p>
          ${form(visit, {
            action: `/console${path}`,
            className: "narrow",
            hidden: { _setup: setup },
            body: html`${field({ name: codeField, label: say(proofText.code), required: true, autocomplete: "one-time-code", inputmode: "numeric", maxlength: 10, error: codeError })}
              ${field({ name: "name", label: say(securityText.name), value: name ?? say(securityText.totpName), help: say(securityText.nameHelp), required: true, maxlength: 60, autocomplete: "off", error: nameError })}
              <button>${say(securityText.turnOn)}</button>`,
          })}</li>
      </ol>`,
  }
}
