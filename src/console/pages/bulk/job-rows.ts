import { columnOf } from "../../../accounts/provision/bulk/columns.ts"
import type { CellProblem } from "../../../accounts/provision/bulk/rows.ts"
import { adviceText, problemText } from "../../../accounts/provision/problems.ts"
import type { BulkJob, BulkRow, BulkRowState, BulkStore } from "../../../store/bulk-store.ts"
import { bulkActionText, bulkRowText, bulkText } from "../../text/bulk.ts"
import { html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"
import { shownNumber } from "../../web/shown.ts"
import { type Column, pager, table } from "../../web/table.ts"
import { bulkPath, objectPath } from "../directory/links.ts"

/** The rows of a file as they came, with every bad cell marked where it stands: what is wrong, and what to do. */
const pageSize = 100
export const rowFilters = ["bad", "failed", "all"] as const
export type RowFilter = (typeof rowFilters)[number]

const statesOf: Readonly<Record<RowFilter, readonly BulkRowState[] | undefined>> = { bad: ["bad"], failed: ["failed"], all: undefined }
const titles = { bad: bulkText.showBad, failed: bulkText.showFailed, all: bulkText.showAll } as const

export interface RowsQuestion {
  readonly job: BulkJob
  readonly store: Pick<BulkStore, "rows">
  readonly show: RowFilter | undefined
  readonly after: number
}

export async function rowsSection(visit: Visit, { job, store, show, after }: RowsQuestion) {
  const { say } = visit
  const filter = show ?? (job.failed > 0 ? "failed" : job.bad > 0 ? "bad" : "all")
  const states = statesOf[filter]
  const rows = await store.rows(job.id, { ...(states && { states }), afterLine: after, limit: pageSize + 1 })
  const shown = rows.slice(0, pageSize)
  const last = rows.length > pageSize ? shown.at(-1) : undefined
  const counts: Readonly<Record<RowFilter, number>> = { bad: job.bad, failed: job.failed, all: job.bad + job.pending + job.done + job.failed + job.cancelled }
  return html`<h2>${say(bulkText.rows)}</h2>
    <nav class="tabs" aria-label=${say(bulkText.rows)}>${rowFilters.map((one) => html`<a href=${`${bulkPath}/${job.id}?show=${one}`} aria-current=${one === filter ? "true" : undefined}>${say(titles[one])} (${shownNumber(visit, counts[one])})</a>`)}</nav>
    ${table(visit, { caption: say(titles[filter]), empty: say(bulkText.noRows), rows: shown, columns: columnsOf(visit, job) })}
    ${pager(visit, { previous: after === 0 ? null : { after: undefined }, next: last ? { after: String(last.line) } : null })}`
}

function columnsOf(visit: Visit, { header }: BulkJob): readonly Column<BulkRow>[] {
  const { say } = visit
  const known = header.map((heading) => columnOf(heading) ?? "")
  return [
    { key: "line", title: say(bulkText.line), numeric: true, cell: ({ line }) => line },
    { key: "outcome", title: say(bulkText.outcome), cell: (row) => outcome(visit, row, known) },
    ...header.map((heading, at): Column<BulkRow> => ({
      key: `cell-${at}`, title: heading,
      cell: ({ cells, problems }) => cell(visit, cells[at] ?? "", problems.filter(({ field }) => field !== "" && field === known[at])),
    })),
  ]
}

/** What is said of no column of the file is said of the row. */
function outcome(visit: Visit, { state, action, address, problems }: BulkRow, known: readonly string[]) {
  const { say, language } = visit
  const ofRow = problems.filter(({ field }) => field === "" || !known.includes(field))
  return html`<span>${action !== null && `${say(bulkActionText[action])} · `}<span class=${state === "bad" || state === "failed" ? "bad" : state === "done" ? "good" : undefined}>${say(bulkRowText[state])}</span>
    ${state === "done" && address !== null && html`<br /><a href=${objectPath("account", address)}>${address}</a>`}
    ${ofRow.map((problem) => html`<br /><small class="bad">${problemText(problem, language)}. ${adviceText(problem.problem, language)}.</small>`)}</span>`
}

const cell = ({ language }: Visit, text: string, problems: readonly CellProblem[]) =>
  problems.length === 0
    ? text
    : html`<span class="bad-cell"><mark>${text === "" ? "—" : text}</mark>${problems.map((problem) => html`<br /><small class="bad">${problemText({ ...problem, field: "" }, language)}. ${adviceText(problem.problem, language)}.</small>`)}</span>`
