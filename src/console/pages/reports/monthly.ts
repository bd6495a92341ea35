import { z } from "zod"
import { provinceMonth } from "../../../accounts/province-date.ts"
import type { Clock } from "../../../base/clock.ts"
import type { MonthlyQuestion, MonthlyReport, MonthlyReportStore } from "../../../store/monthly-report-store.ts"
import { monthlyText as text } from "../../text/monthly.ts"
import { choice, form } from "../../web/forms.ts"
import { type Html, html } from "../../web/html.ts"
import { filled } from "../../web/inputs.ts"
import { administratorPage, type AdministratorVisit, type Page } from "../../web/page.ts"
import { withQuery } from "../../web/table.ts"
import { timeText } from "../../web/words.ts"
import { monthlyCharts } from "./monthly-charts.ts"
import { monthlyCsv, monthlyXlsx } from "./monthly-figures.ts"
import { monthlyTable } from "./monthly-table.ts"
import { letterhead, signatures } from "./printed.ts"

/** What units did in a month: as a page to go down in, as files, on paper. */
export interface MonthlyPorts {
  readonly monthly: MonthlyReportStore
  readonly clock: Clock
}

const path = "/console/reports/monthly"
const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
const asked = { month: filled(z.string().regex(/^20\d{2}-(0[1-9]|1[0-2])$/)), unit: filled(z.string().trim().max(64)) }

export function monthlyPages({ monthly, clock }: MonthlyPorts): readonly Page[] {
  /** The last month that is over, or the latest that is counted. */
  const usualMonth = (months: readonly string[]): string | undefined => {
    const last = provinceMonth(provinceMonth(clock.now()).from - 1).month
    return months.includes(last) ? last : months[0]
  }
  return [
    administratorPage({
      method: "get", path: "/reports/monthly", who: "reports:read", input: z.object(asked),
      async run({ month: wanted, unit }, visit) {
        const { say, scope } = visit
        const months = await monthly.months()
        const month = wanted ?? usualMonth(months)
        const title = say(text.title)
        if (month === undefined) return { kind: "page", title, body: html`<p class="empty">${say(text.none)}</p>` }
        const question: MonthlyQuestion = { scope, month, unit }
        const [report, history] = await Promise.all([monthly.report(question), monthly.history(question)])
        if (report === "noUnit") return { kind: "error", status: 404 }
        if (!report) return { kind: "page", title, status: 422, body: html`${questionForm(visit, { months, month, unit: undefined, choices: [] })}<p class="empty">${say(text.noMonth)}</p>` }
        return {
          kind: "page",
          title: report.unit ? `${title}: ${report.unit.name}` : title,
          crumbs: report.above.map(({ code, name }) => ({ path: withQuery(path, { month, unit: code }), title: name })),
          body: html`${letterhead(visit, report)}
            ${questionForm(visit, { months, month, unit: report.unit?.code, choices: report.choices })}
            <p class="muted">${say(report.finished ? text.finished : text.unfinished, { time: timeText(report.countedUntil, visit.language) })}</p>
            ${monthlyTable(visit, report, (code) => withQuery(path, { month, unit: code }))}
            <p class="actions">${download(visit, report, "xlsx")}${download(visit, report, "csv")}<button type="button" class="secondary" data-print hidden>${say(text.print)}</button></p>
            <div class="muted notes"><p>${say(text.howSaved, { pages: report.pagesPerDocument, price: report.pagePrice })}</p><p>${say(text.howCounted)}</p></div>
            ${signatures(visit)}
            ${monthlyCharts(visit, history)}`,
        }
      },
    }),
    administratorPage({
      method: "get", path: "/reports/monthly/file", who: "reports:read", input: z.object({ ...asked, month: z.string().regex(/^20\d{2}-(0[1-9]|1[0-2])$/), as: z.enum(["csv", "xlsx"]) }),
      async run({ as, month, unit }, { say, scope }) {
        const report = await monthly.report({ scope, month, unit })
        if (report === undefined || report === "noUnit") return { kind: "error", status: 404 }
        const name = `${say(text.sheet)}-${month}${unit === undefined ? "" : `-${unit}`}.${as}`
        return as === "csv" ? { kind: "file", name, type: "text/csv; charset=utf-8", content: monthlyCsv(say, report) } : { kind: "file", name, type: xlsxType, content: await monthlyXlsx(say, report) }
      },
    }),
  ]
}

const download = ({ say }: AdministratorVisit, { month, unit }: MonthlyReport, as: "csv" | "xlsx"): Html =>
  html`<a role="button" class="secondary" href=${withQuery(`${path}/file`, { as, month, unit: unit?.code })} download>${say(text[as])}</a>`

interface Asked extends Pick<MonthlyReport, "choices"> {
  readonly months: readonly string[]
  readonly month: string
  readonly unit: string | undefined
}

const questionForm = ({ say, csrf }: AdministratorVisit, { months, month, unit, choices }: Asked) =>
  form({ csrf }, {
    action: path, method: "get", className: "row",
    body: html`${choice({ name: "month", label: say(text.month), value: month, options: (months.includes(month) ? months : [month, ...months]).map((value) => ({ value, text: monthText(value) })) })}
      ${choices.length > 1 && choice({ name: "unit", label: say(text.unit), value: unit, options: [...(unit === undefined ? [{ value: "", text: say(text.allUnits) }] : []), ...choices.map(({ code, name, depth }) => ({ value: code, text: `${"\u2003".repeat(depth)}${name}` }))] })}
      <button>${say(text.show)}</button>`,
  })

/** `10/2026`, in both languages. */
const monthText = (month: string): string => month.split("-").toReversed().join("/")
