import type { OwnReport, OwnReportStore, ReportKind, SentTo } from "../../../store/own-report-store.ts"
import { notSentText, reportText as text } from "../../text/reports.ts"
import { type Html, html } from "../../web/html.ts"
import { type Page, provincePage, type Visit } from "../../web/page.ts"
import { shownNumber } from "../../web/shown.ts"
import { sentences, told } from "../../web/sentences.ts"
import { table } from "../../web/table.ts"
import type { Words } from "../../web/words.ts"
import { listInput, questionForm, questionOf, reportLink, tabs } from "./question.ts"
import type { ReportPorts } from "./reports.ts"

/** Reports of ours, and what has become of them at each place that they go to. */
export const sentPage = ({ own, clock }: Pick<ReportPorts, "own" | "clock">, kind: ReportKind): Page =>
  provincePage({
    method: "get", path: `/reports/${kind}/sent`, who: "reports:read", input: listInput,
    async run(asked, visit) {
      const { say } = visit
      const question = questionOf(asked, clock.now())
      const reports: Awaited<ReturnType<OwnReportStore["list"]>> = question ? await own.list({ kind, ...question }) : []
      const title = say(kind === "tls" ? text.tlsTitle : text.dmarcTitle)
      return {
        kind: "page",
        title,
        status: question ? 200 : 422,
        body: html`${tabs(visit, kind, "sent")}
          <p>${say(kind === "tls" ? text.tlsSentIntro : text.dmarcSentIntro)}</p>
          ${questionForm(visit, `/console/reports/${kind}/sent`, { asked, wrong: !question })}
          ${table(visit, {
            caption: `${title}: ${say(text.sentByUs)}`, empty: say(text.noneSent), rows: reports,
            columns: [
              { key: "number", title: say(text.number), numeric: true, cell: ({ number }) => reportLink(kind, number) },
              { key: "day", title: say(text.dayUtc), cell: ({ day }) => utcDay(visit, day) },
              { key: "domain", title: say(text.domain), cell: ({ domain }) => html`<span class="wrap">${domain}</span>` },
              { key: "total", title: say(kind === "tls" ? text.sessions : text.messages), numeric: true, cell: ({ total }) => shownNumber(visit, total) },
              { key: "failed", title: say(text.failed), numeric: true, cell: ({ failed }) => html`<span class=${failed > 0 ? "bad" : undefined}>${shownNumber(visit, failed)}</span>` },
              { key: "to", title: say(text.destination), cell: (report) => destinations(visit, report) },
            ],
          })}`,
      }
    },
  })

export const destinations = (visit: Visit, { destinations }: Pick<OwnReport, "destinations">): Html => html`<ul class="plain">${destinations.map((destination) => html`<li><span class="wrap">${destination.uri}</span>: ${stateOf(visit, destination)}</li>`)}</ul>`

const deliveryWords: Readonly<Record<string, Words>> = { relayed: text.stateSent, delivered: text.stateSent, waiting: text.stateOnItsWay, deferred: text.stateDeferred, failed: text.stateFailed }

/** Mail that was accepted for delivery is as far as its delivery is. */
function stateOf(visit: Visit, { state, delivery, detail, diagnostic, envelopeId }: SentTo): Html {
  const { say } = visit
  const words = state === "failed" ? text.stateGivenUp : state === "waiting" ? text.stateWaiting : delivery === null ? text.stateSent : (deliveryWords[delivery] ?? text.stateOnItsWay)
  // what another server said is shown as it said it
  const why = words === text.stateSent ? "" : delivery !== null ? diagnostic : detail === "" ? "" : told(visit, { known: notSentWords, text: detail, otherwise: text.notSent })
  return html`<span class=${state === "failed" || delivery === "failed" ? "bad" : undefined}>${envelopeId === null ? say(words) : html`<a href=${`/console/trace?what=${envelopeId}`}>${say(words)}</a>`}</span>${why !== "" && html` <div class="wrap muted">${why}</div>`}`
}

const notSentWords = sentences(notSentText)

/** Days of reports are UTC's; as other dates are written. */
const utcDay = (visit: Visit, day: string): Html => html`<time datetime=${day}>${new Intl.DateTimeFormat(visit.language === "vi" ? "vi-VN" : "en-GB", { timeZone: "UTC", day: "2-digit", month: "2-digit", year: "numeric" }).format(new Date(`${day}T00:00:00Z`))}</time>`
