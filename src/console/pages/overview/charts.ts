import type { MailHistory, MailPeriod } from "../../../store/overview-store.ts"
import { overviewText as text } from "../../text/overview.ts"
import { chart } from "../../web/chart.ts"
import { type Html, html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"
import { dateText } from "../../web/words.ts"

/** Mail by days and by weeks, and how much of it was signed and protected. */
export function historyCharts(visit: Visit, { days, weeks }: MailHistory): Html {
  const { say } = visit
  const date = ({ start }: MailPeriod): string => dateText(Date.parse(`${start}T00:00:00+07:00`), visit.language)
  const mail = (title: string, across: string, periods: readonly MailPeriod[]) =>
    chart(visit, {
      title,
      across,
      labels: periods.map(date),
      series: [
        { name: say(text.seriesReceived), values: periods.map(({ received }) => received), color: "--line-1" },
        { name: say(text.seriesSubmitted), values: periods.map(({ submitted }) => submitted), color: "--line-2", dash: true },
        { name: say(text.seriesRelayed), values: periods.map(({ relayed }) => relayed), color: "--line-3" },
      ],
      empty: say(text.none),
    })
  return html`<div class="charts">
    ${mail(say(text.days), say(text.day), days)}
    ${mail(say(text.weeks), say(text.week), weeks)}
    ${chart(visit, {
      title: say(text.shares),
      across: say(text.week),
      labels: weeks.map(date),
      percent: true,
      series: [
        { name: say(text.seriesSigned), values: weeks.map((week) => share(week.receivedSigned + week.submittedSigned, week.received + week.submitted)), color: "--line-1" },
        { name: say(text.seriesTls), values: weeks.map((week) => share(week.receivedTls + week.relayedTls, week.received + week.relayed)), color: "--line-2", dash: true },
      ],
      empty: say(text.none),
    })}
  </div>`
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
