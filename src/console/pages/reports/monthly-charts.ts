import type { MonthSums } from "../../../store/monthly-report-store.ts"
import { monthlyText as text } from "../../text/monthly.ts"
import { chart } from "../../web/chart.ts"
import { type Html, html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"

/** The same units over twelve months. */
export function monthlyCharts(visit: Visit, months: readonly MonthSums[]): Html {
  const { say } = visit
  const labels = months.map(({ month }) => month.split("-").toReversed().join("/"))
  return html`<div class="charts">
    ${chart(visit, {
      title: say(text.yearMail), across: say(text.chartMonth), labels, empty: say(text.none),
      series: [
        { name: say(text.sent), values: months.map(({ sent }) => sent), color: "--line-1" },
        { name: say(text.received), values: months.map(({ received }) => received), color: "--line-2", dash: true },
        { name: say(text.documents), values: months.map(({ documents }) => documents), color: "--line-3" },
      ],
    })}
    ${chart(visit, {
      title: say(text.yearSigned), across: say(text.chartMonth), labels, empty: say(text.none), percent: true,
      series: [{ name: say(text.signedShare), values: months.map(({ sent, sentSigned }) => (sent === 0 ? null : sentSigned / sent)), color: "--line-1" }],
    })}
  </div>`
}
