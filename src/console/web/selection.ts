import { selectionText } from "../text/shell.ts"
import { html } from "./html.ts"
import type { Visit } from "./page.ts"
import type { Column } from "./table.ts"

/** Rows to tick: their boxes belong to a form elsewhere on the page (`form` attribute), under the name `ids`. */
export const selectionColumn = <Row>(visit: Visit, form: string, { id, label }: { readonly id: (row: Row) => number | string; readonly label: (row: Row) => string }): Column<Row> => ({
  key: "select",
  title: visit.say(selectionText.select),
  cell: (row) => html`<input type="checkbox" name="ids" value=${id(row)} form=${form} aria-label=${visit.say(selectionText.selectOne, { what: label(row) })} />`,
})

/** Ticks every row of the page; there only where scripts run (browser/console.js). */
export const selectAll = (visit: Visit, form: string) => html`<label class="check" hidden data-selects=${form}><input type="checkbox" /> ${visit.say(selectionText.all)}</label>`
