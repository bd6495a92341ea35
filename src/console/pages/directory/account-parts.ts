import { rights } from "../../../accounts/import/rows.ts"
import { rightText } from "../../../accounts/right-words.ts"
import type { AccountDetails } from "../../../store/directory-view.ts"
import { formsText } from "../../text/directory-forms.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"
import { suggested, type Typed, type Wrong } from "./form-kit.ts"
import { objectPath } from "./links.ts"

/** The small forms on an account's page. */
interface Part {
  readonly address: string
  readonly typed: Typed
  readonly wrong: Wrong
}

export const assignmentFields = ["address", "principalId", "rights", "from", "until"] as const

/** Whoever is named there already has his rights changed: what was seen of each goes with the form. */
export function assignmentForm(visit: Visit, { address, holders, typed, wrong }: Part & Pick<AccountDetails, "holders">) {
  const { say } = visit
  const chosen = typed("rights")?.split(/\s+/) ?? []
  const error = wrong.fields["rights"]
  return html`<details class="part" open=${Object.keys(wrong.fields).length > 0}><summary>${say(formsText.assign)}</summary>
    ${form(visit, {
      action: `${objectPath("account", address)}/assignments`, className: "narrow",
      hidden: Object.fromEntries(holders.map(({ principalId, seen }) => [`seen-${principalId}`, seen])),
      body: html`${suggested({ name: "principalId", label: say(formsText.person), kind: "person", value: typed("principalId"), required: true, error: wrong.fields["principalId"], help: say(formsText.personHelp) })}
        <fieldset aria-describedby=${error === undefined ? undefined : "rights-error"}><legend>${say(formsText.rights)}</legend>
          ${rights.map((right) => html`<label class="check"><input type="checkbox" name="rights" value=${right} checked=${chosen.includes(right)} /> ${say(rightText[right])}</label>`)}
          ${error !== undefined && html`<small class="error" id="rights-error">${error}</small>`}</fieldset>
        ${field({ name: "from", label: say(formsText.from), type: "date", value: typed("from"), error: wrong.fields["from"] })}
        ${field({ name: "until", label: say(formsText.until), type: "date", value: typed("until"), error: wrong.fields["until"] })}
        <button>${say(formsText.assignButton)}</button>`,
    })}</details>`
}

export const aliasForm = (visit: Visit, { address, typed, wrong }: Part & Pick<AccountDetails, "aliases">) =>
  html`<details class="part" open=${Object.keys(wrong.fields).length > 0}><summary>${visit.say(formsText.alias)}</summary>
    ${form(visit, {
      action: `${objectPath("account", address)}/aliases`, className: "narrow",
      body: html`${field({ name: "alias", label: visit.say(formsText.aliasAddress), type: "email", value: typed("alias"), required: true, error: wrong.fields["address"], autocomplete: "off" })}
        ${field({ name: "expiresOn", label: visit.say(formsText.expiresOn), type: "date", value: typed("expiresOn"), error: wrong.fields["expiresOn"] })}
        <button>${visit.say(formsText.alias)}</button>`,
    })}</details>`
