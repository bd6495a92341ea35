import { chartText } from "../text/shell.ts"
import { html } from "./html.ts"
import type { Visit } from "./page.ts"
import { numberText, percentText } from "./words.ts"

/** A chart that is a table, too: browser/charts.js draws what stands in the page, and whoever cannot see it, or runs no scripts, reads the figures. */
export interface ChartOptions {
  readonly title: string
  /** What the labels are. */
  readonly across: string
  readonly labels: readonly string[]
  readonly series: readonly ChartSeries[]
  /** Values are shares from 0 to 1. */
  readonly percent?: boolean
  /** Said where every value is nothing. */
  readonly empty: string
}

export interface ChartSeries {
  readonly name: string
  readonly values: readonly (number | null)[]
  /** A colour of console.css. */
  readonly color: "--line-1" | "--line-2" | "--line-3"
  readonly dash?: boolean
}

export function chart(visit: Visit, { title, across, labels, series, percent = false, empty }: ChartOptions) {
  const shown = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : percent ? percentText(value, visit.language) : numberText(value, visit.language))
  if (series.every(({ values }) => values.every((value) => value === null || value === 0))) return html`<figure><figcaption>${title}</figcaption><p class="empty">${empty}</p></figure>`
  return html`<figure>
    <figcaption>${title}</figcaption>
    <div class="chart" aria-hidden="true" data-across=${across} data-chart=${JSON.stringify({ labels, series, percent })}></div>
    <details>
      <summary>${visit.say(chartText.figures)}</summary>
      <div class="plain-table"><table>
        <caption>${title}</caption>
        <thead><tr><th scope="col">${across}</th>${series.map(({ name }) => html`<th scope="col" class="numeric">${name}</th>`)}</tr></thead>
        <tbody>${labels.map((label, at) => html`<tr><th scope="row">${label}</th>${series.map(({ values }) => html`<td class="numeric">${shown(values[at])}</td>`)}</tr>`)}</tbody>
      </table></div>
    </details>
  </figure>`
}
