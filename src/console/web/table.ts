import { tableText } from "../text/shell.ts"
import { type Html, html } from "./html.ts"
import type { Visit } from "./page.ts"

/** Lists: columns that sort, pages that turn, a sentence where there is nothing. On a phone each row becomes a card. The address says it all, so that it can be kept. */
export interface Column<Row> {
  readonly key: string
  readonly title: string
  readonly cell: (row: Row) => Html
  readonly sortable?: boolean
  /** Numbers stand at the right. */
  readonly numeric?: boolean
}

export interface TableOptions<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly empty: string
  /** Key of a column, with "-" before it for the other way round; as the query has it. */
  readonly sort?: string
}

export const table = <Row>(visit: Visit, { caption, columns, rows, empty, sort = "" }: TableOptions<Row>) =>
  rows.length === 0
    ? html`<p class="empty">${empty}</p>`
    : html`<div class="table"><table role="table">
        <caption>${caption}</caption>
        <thead><tr role="row">${columns.map((column) => heading(visit, column, sort))}</tr></thead>
        <tbody>${rows.map((row) => html`<tr role="row">${columns.map((column) => html`<td role="cell" class=${column.numeric ? "numeric" : undefined} data-label=${column.title}>${column.cell(row)}</td>`)}</tr>`)}</tbody>
      </table></div>`

function heading<Row>(visit: Visit, { key, title, sortable, numeric }: Column<Row>, sort: string) {
  const direction = sort === key ? "ascending" : sort === `-${key}` ? "descending" : undefined
  const next = direction === "ascending" ? `-${key}` : key
  return html`<th scope="col" role="columnheader" class=${numeric ? "numeric" : undefined} aria-sort=${direction}>
    ${sortable ? html`<a href=${withQuery(visit.url, { sort: next, after: undefined, page: undefined })}>${title}<span aria-hidden="true">${direction === "ascending" ? " ▲" : direction === "descending" ? " ▼" : ""}</span></a>` : title}
  </th>`
}

/** The query's members that turn pages; `null` where there is no page that way. */
export interface PagerOptions {
  readonly previous: Readonly<Record<string, string | undefined>> | null
  readonly next: Readonly<Record<string, string | undefined>> | null
  /** "1–50 of 1,234", where that is known. */
  readonly shown?: string
}

export const pager = (visit: Visit, { previous, next, shown }: PagerOptions) =>
  previous === null && next === null && shown === undefined
    ? null
    : html`<nav class="pager" aria-label=${visit.say(tableText.pages)}>
        ${previous && html`<a rel="prev" href=${withQuery(visit.url, previous)}>← ${visit.say(tableText.previous)}</a>`}
        ${shown !== undefined && html`<span>${shown}</span>`}
        ${next && html`<a rel="next" href=${withQuery(visit.url, next)}>${visit.say(tableText.next)} →</a>`}
      </nav>`

/** The address with members of its query changed; undefined takes one away. */
export function withQuery(url: string, changes: Readonly<Record<string, string | undefined>>): string {
  const [path = "", ...query] = url.split("?")
  const members = new URLSearchParams(query.join("?"))
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) members.delete(name)
    else members.set(name, value)
  }
  const text = members.toString()
  return text === "" ? path : `${path}?${text}`
}
