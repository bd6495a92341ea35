import { html } from "./html.ts"

/** Fields for more than a line: text, and files. */
interface Described {
  readonly name: string
  readonly label: string
  readonly help?: string
  readonly error?: string | undefined
}

const describedBy = ({ name, help, error }: Described): string | undefined => [help === undefined ? "" : `${name}-help`, error === undefined ? "" : `${name}-error`].filter(Boolean).join(" ") || undefined

const around = (described: Described, control: unknown) => html`<div class="field">
  <label for=${described.name}>${described.label}</label>
  ${control}
  ${described.help !== undefined && html`<small id=${`${described.name}-help`}>${described.help}</small>`}
  ${described.error !== undefined && html`<small class="error" id=${`${described.name}-error`}>${described.error}</small>`}
</div>`

export const textArea = ({ value, rows, className, maxlength, ...described }: Described & { readonly value: string; readonly rows: number; readonly className?: string; readonly maxlength?: number }) =>
  around(described, html`<textarea id=${described.name} name=${described.name} rows=${rows} class=${className} maxlength=${maxlength} spellcheck="false" aria-describedby=${describedBy(described)} aria-invalid=${described.error === undefined ? undefined : "true"} value=${value}></textarea>`)

export const fileField = ({ accept, ...described }: Described & { readonly accept: string }) =>
  around(described, html`<input id=${described.name} name=${described.name} type="file" accept=${accept} required aria-describedby=${describedBy(described)} aria-invalid=${described.error === undefined ? undefined : "true"} />`)
