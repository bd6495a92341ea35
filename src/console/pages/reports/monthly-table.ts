import { type MonthlyReport, type ReportRow, sentOf, type UnitFigures } from "../../../store/monthly-report-store.ts"
import { monthlyText as text } from "../../text/monthly.ts"
import { type Html, html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"
import { shownBytes, shownNumber, shownShare } from "../../web/shown.ts"
import { type Column, table } from "../../web/table.ts"
import type { Words } from "../../web/words.ts"
import { type Figure, figures, rowName } from "./monthly-figures.ts"

/** The report as a table: the unit itself, those below it with all that is below them, the total. */
interface Line {
  readonly name: Html
  readonly figures: UnitFigures
  readonly total: boolean
}

/** So many units are read on a phone without folding them. */
const unfolded = 3

export function monthlyTable(visit: Visit, report: MonthlyReport, linkTo: (code: string) => string): Html {
  const { say } = visit
  const name = (row: ReportRow): Html => (row.own ? rowName(say, report, row) : html`<a href=${linkTo(row.code)}>${row.name}</a>`)
  const lines: readonly Line[] = [...report.rows.map((row) => ({ name: name(row), figures: row.figures, total: false })), ...(report.rows.length > 1 ? [{ name: say(text.total), figures: report.total, total: true }] : [])]
  const column = (key: string, title: Words, cell: (line: Line) => Html): Column<Line> => ({ key, title: say(title), numeric: true, cell: (line) => (line.total ? html`<strong>${cell(line)}</strong>` : cell(line)) })
  const number = (key: keyof typeof figures): Column<Line> => {
    const { title, of }: Omit<Figure, "key"> = figures[key]
    return column(key, title, (line) => orDash(of(line, report), (value) => shownNumber(visit, value)))
  }
  const caption = report.unit?.name ?? say(text.allUnits)
  // wider than narrow windows: what scrolls must be within reach of the keyboard, also where no row is a link
  return html`<div class="figures" role="region" tabindex="0" aria-label=${caption}>${table(visit, {
    caption, empty: say(text.none), rows: lines,
    columns: [
      { key: "unit", title: say(text.unit), cell: (line) => (line.total ? html`<strong>${line.name}</strong>` : html`${line.name}${lines.length > unfolded && brief(visit, line.figures)}`) },
      number("accounts"), number("holders"), number("sent"), number("sentInternal"), number("sentAgencies"), number("sentOutside"),
      column("signed", text.signed, (line) => shownShare(visit, line.figures.sentSigned, sentOf(line.figures))),
      number("received"), number("documents"), number("pages"), number("saved"),
      column("storage", text.storage, (line) => orDash(line.figures.storageBytes, (value) => shownBytes(visit, value))),
    ],
  })}</div>`
}

/** On a phone, where each unit is a card: the two figures that matter, and the others behind them (browser/print.css). */
const brief = (visit: Visit, figures: UnitFigures): Html =>
  html`<details class="brief"><summary>${visit.say(text.brief, { sent: sentOf(figures), received: figures.received })}</summary></details>`

const orDash = (value: number | null, shown: (value: number) => string): string => (value === null ? "–" : shown(value))
