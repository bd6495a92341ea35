import { z } from "zod"
import { securityText } from "../../text/security.ts"
import { field } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { type Answer, type HolderVisit, holderPage, type Page, problem } from "../../web/page.ts"
import { passkeyForm } from "../../web/passkey-form.ts"
import { proofVisit } from "../../web/proof.ts"
import { afterAdding } from "./added.ts"
import { maxFactors, nameOf } from "./factor-name.ts"
import { securityPath } from "./factors.ts"
import type { SecurityPorts } from "./security.ts"

/** A passkey or a security key, made by the browser and named by its holder. */
const path = "/me/security/passkey"

export const passkeyPages = (ports: SecurityPorts): readonly Page[] => {
  const { factors: { store, passkeys } } = ports

  async function page(visit: HolderVisit, error?: string, name?: string): Promise<Answer> {
    const { say, holder } = visit
    return {
      kind: "page",
      title: say(securityText.addPasskey),
      status: error === undefined ? 200 : 422,
      ...(holder.pending === null && { crumbs: [{ path: securityPath, title: say(securityText.title) }] }),
      body: html`<p>${say(securityText.passkeyText)}</p>
        ${passkeyForm(visit, {
          kind: "create", action: `/console${path}`, options: await passkeys.registrationOptions(proofVisit(visit), holder.name), domain: passkeys.domain, button: say(securityText.passkeyMake), error,
          body: field({ name: "name", label: say(securityText.name), value: name ?? say(securityText.passkeyName), help: say(securityText.nameHelp), required: true, maxlength: 60, autocomplete: "off" }),
        })}`,
    }
  }

  return [
    holderPage({ method: "get", path, before: ["enrolment"], fresh: true, input: z.object({}), run: (_input, visit) => page(visit) }),
    holderPage({
      method: "post", path, before: ["enrolment"], fresh: true, input: z.object({ name: z.string().max(1_000), _passkey: z.string().max(20_000) }),
      async run({ name: typed, _passkey }, visit) {
        const { say, holder } = visit
        if ((await store.list(holder)).factors.length >= maxFactors) return { kind: "redirect", to: securityPath, notice: problem(say(securityText.full)) }
        const name = nameOf(typed)
        if (name === undefined) return page(visit, say(securityText.noName), typed)
        const made = await passkeys.register(proofVisit(visit), { answer: _passkey, name })
        return made.ok ? afterAdding(ports, visit) : page(visit, say(made.failure.kind === "alreadyExists" ? securityText.passkeyKnown : securityText.passkeyRefused), typed)
      },
    }),
  ]
}
