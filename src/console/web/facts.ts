import { type Html, html } from "./html.ts"

/** Names and values of one thing; undefined where there is nothing to say. */
export const facts = (rows: readonly (readonly [string, Html] | undefined)[]) => html`<dl class="facts">${rows.map((row) => row && html`<dt>${row[0]}</dt><dd>${row[1]}</dd>`)}</dl>`
