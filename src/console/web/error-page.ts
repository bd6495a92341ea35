import { fieldText } from "../text/fields.ts"
import { errorText } from "../text/shell.ts"
import { csrfField, passwordField } from "./forms.ts"
import { html } from "./html.ts"
import type { Visit } from "./page.ts"
import type { ShellContent } from "./shell.ts"
import type { Say, Words } from "./words.ts"

/** What is said when there is no page to show. Nothing of the inside is told. */
export type ErrorStatus = 400 | 403 | 404 | 413 | 429 | 500 | 503

export const errorPage = ({ say }: Visit, status: ErrorStatus): ShellContent => ({
  title: say(errorText[`title${status}`]),
  body: html`<p>${say(errorText[`text${status}`])}</p><p><a href="/console">${say(errorText.back)}</a></p>`,
})

export type LostForm = "expired" | "stale" | "foreign"

/** `current`, `wanted` and `again` are how the page of passwords calls them: browsers know what to fill in by these. */
const secret = /password|token|secret|^_|^(?:current|wanted|again)$/i
const maxFields = 100

/** What a form carries unseen has no other name than its own. */
function fieldName(say: Say, name: string): string {
  const words: Readonly<Record<string, Words>> = fieldText
  return Object.hasOwn(words, name) && words[name] ? say(words[name]) : name
}

/** A form that was not taken: why, and what was in it, so that nobody types it twice. Secrets are not shown again. */
export function lostFormPage({ say }: Visit, why: LostForm, { fields, from }: { readonly fields: Readonly<Record<string, unknown>>; readonly from: string }): ShellContent {
  const entered = Object.entries(fields)
    .filter(([name, value]) => name !== csrfField && name !== passwordField && !secret.test(name) && value !== "" && (typeof value === "string" || Array.isArray(value)))
    .slice(0, maxFields)
  return {
    title: say(errorText[`${why}Title`]),
    body: html`<p>${say(errorText[`${why}Text`])}</p>
      ${why !== "foreign" && entered.length > 0 && html`<h2>${say(errorText.entered)}</h2>
        <dl class="facts">${entered.map(([name, value]) => html`<dt>${fieldName(say, name)}</dt><dd><textarea readonly rows="2" aria-label=${fieldName(say, name)}>${Array.isArray(value) ? value.join("\n") : String(value)}</textarea></dd>`)}</dl>`}
      <p>${why === "expired" ? html`<a role="button" href=${`/console/sign-in?next=${encodeURIComponent(from)}`}>${say(errorText.signInAgain)}</a>` : html`<a role="button" href=${from}>${say(errorText.openAgain)}</a>`}</p>`,
  }
}
