import { formText } from "../text/shell.ts"
import { type Html, html } from "./html.ts"
import type { Visit } from "./page.ts"

/** Forms that carry their token, fields that say what is wrong with them, changes that ask before they are made. All work without a script. */
export interface FormOptions {
  readonly id?: string
  /** Path with `/console`. */
  readonly action: string
  readonly method?: "get" | "post"
  readonly className?: string
  readonly hidden?: Readonly<Record<string, string | number>>
  /** Its page has `upload`. */
  readonly upload?: boolean
  readonly body: Html
}

export const form = (visit: Pick<Visit, "csrf">, { id, action, method = "post", className, hidden = {}, upload = false, body }: FormOptions) => html`<form id=${id} action=${action} method=${method} class=${className} enctype=${upload ? "multipart/form-data" : undefined}>
  ${method === "post" && visit.csrf !== "" && html`<input type="hidden" name=${csrfField} value=${visit.csrf} />`}
  ${Object.entries(hidden).map(([name, value]) => html`<input type="hidden" name=${name} value=${value} />`)}
  ${body}
</form>`

/** Fields that the console itself reads; no page may have one of these names. */
export const csrfField = "_csrf"
export const passwordField = "_password"

export interface FieldOptions {
  readonly name: string
  readonly label: string
  readonly type?: "text" | "email" | "password" | "search" | "number" | "date" | "datetime-local" | "url" | "tel"
  readonly value?: string | undefined
  readonly help?: string
  /** What is wrong with what was typed. */
  readonly error?: string | undefined
  readonly required?: boolean
  readonly autocomplete?: string
  readonly inputmode?: "numeric"
  readonly autofocus?: boolean
  readonly minlength?: number
  readonly maxlength?: number
}

export function field({ name, label, type = "text", value, help, error, ...rest }: FieldOptions) {
  const described = [help === undefined ? "" : `${name}-help`, error === undefined ? "" : `${name}-error`].filter(Boolean).join(" ")
  return html`<div class="field">
    <label for=${name}>${label}</label>
    <input id=${name} name=${name} type=${type} value=${value} aria-describedby=${described || undefined} aria-invalid=${error === undefined ? undefined : "true"} ...${rest} />
    ${help !== undefined && html`<small id=${`${name}-help`}>${help}</small>`}
    ${error !== undefined && html`<small class="error" id=${`${name}-error`}>${error}</small>`}
  </div>`
}

export interface ChoiceOptions {
  readonly name: string
  readonly label: string
  readonly value?: string | undefined
  readonly options: readonly { readonly value: string; readonly text: string }[]
  readonly help?: string
}

export const choice = ({ name, label, value, options, help }: ChoiceOptions) => html`<div class="field">
  <label for=${name}>${label}</label>
  <select id=${name} name=${name} aria-describedby=${help === undefined ? undefined : `${name}-help`}>
    ${options.map((option) => html`<option value=${option.value} selected=${option.value === value}>${option.text}</option>`)}
  </select>
  ${help !== undefined && html`<small id=${`${name}-help`}>${help}</small>`}
</div>`

export interface ConfirmedOptions {
  /** On the button that only opens the question. */
  readonly label: string
  readonly question: string
  /** Asked with it. */
  readonly choices?: Html
  /** On the button that does it; the label when absent. */
  readonly button?: string
  readonly action: string
  readonly hidden?: FormOptions["hidden"]
  /** It is what one comes to the page for. */
  readonly primary?: boolean
}

/** A change that cannot be taken back: the first press asks, the second does. */
export const confirmed = (visit: Visit, { label, question, choices, button = label, action, hidden = {}, primary = false }: ConfirmedOptions) => html`<details class=${primary ? "confirm primary" : "confirm"}>
  <summary>${label}</summary>
  ${form(visit, { action, hidden, body: html`<p>${question}</p>${choices}<button class=${primary ? undefined : "danger"}>${button}</button>` })}
  <small>${visit.say(formText.closeAgain, { label })}</small>
</details>`

/** An explanation for who asks for it. */
export const help = (visit: Visit, body: Html) => html`<details class="help"><summary>${visit.say(formText.help)}</summary><div>${body}</div></details>`
