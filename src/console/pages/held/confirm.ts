import { heldText } from "../../text/held.ts"
import { field, form } from "../../web/forms.ts"
import { type Html, html } from "../../web/html.ts"
import type { AdministratorVisit, Answer, Crumb } from "../../web/page.ts"

/** The count of what was selected and a reason, before the decision. */
export type Decision = "release" | "refuse"

export interface Confirmation {
  readonly decision: Decision
  readonly ids: readonly number[]
  /** What they are called: messages, or copies of one. */
  readonly title: string
  /** Where the decision goes to, and where one comes back to. */
  readonly action: string
  readonly back: string
  readonly crumbs: readonly Crumb[]
  readonly error: string | undefined
  readonly list: Html
}

export function confirmationPage(visit: AdministratorVisit, { decision, ids, title, action, back, crumbs, error, list }: Confirmation): Answer {
  const { say } = visit
  const releases = decision === "release"
  return {
    kind: "page",
    title,
    crumbs,
    status: error === undefined ? 200 : 422,
    body: html`<p>${say(releases ? heldText.releaseEffect : heldText.refuseEffect)} ${visit.scope.roots !== null && say(heldText.ownOnly)}</p>
      ${form(visit, {
        action,
        body: html`${ids.map((id) => html`<input type="hidden" name="ids" value=${id} />`)}
          ${field({ name: "why", label: say(releases ? heldText.releaseNote : heldText.refuseNote), required: true, maxlength: 500, error, autocomplete: "off", autofocus: true })}
          <button class=${releases ? undefined : "danger"}>${say(releases ? heldText.release : heldText.refuse)}</button> <a href=${back}>${say(heldText.back)}</a>`,
      })}
      ${list}`,
  }
}
