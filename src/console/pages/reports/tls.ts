import { z } from "zod"
import type { OwnReport } from "../../../store/own-report-store.ts"
import type { ReceivedTlsReport, TlsReport, TlsReportPolicy } from "../../../store/received-tls-store.ts"
import { reportText as text } from "../../text/reports.ts"
import { facts } from "../../web/facts.ts"
import { type Html, html } from "../../web/html.ts"
import { idField } from "../../web/inputs.ts"
import { type Page, provincePage, type Visit } from "../../web/page.ts"
import { shownDate, shownNumber, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { listInput, questionForm, questionOf, reportLink, tabs } from "./question.ts"
import { receivedFacts } from "./received-facts.ts"
import type { ReportPorts } from "./reports.ts"
import { destinations, sentPage } from "./sent.ts"

/** TLS reports (RFC 8460): others' about our domains, ours about theirs, each with every failure. */
export const tlsPages = (ports: ReportPorts): readonly Page[] => [
  provincePage({
    method: "get", path: "/reports/tls", who: "reports:read", input: listInput,
    async run(asked, visit) {
      const { say } = visit
      const question = questionOf(asked, ports.clock.now())
      const rows = question ? (await ports.tls.list(question)).flatMap((report) => report.policies.map((policy) => ({ report, policy }))) : []
      return {
        kind: "page",
        title: say(text.tlsTitle),
        status: question ? 200 : 422,
        body: html`${tabs(visit, "tls", "received")}
          <p>${say(text.tlsIntro)}</p>
          ${questionForm(visit, "/console/reports/tls", { asked, wrong: !question })}
          ${table(visit, {
            caption: say(text.tlsTitle), empty: say(text.empty), rows,
            columns: [
              { key: "number", title: say(text.number), numeric: true, cell: ({ report }) => reportLink("tls", report.number) },
              { key: "day", title: say(text.day), cell: ({ report }) => shownDate(visit, report.beginsAt) },
              { key: "organization", title: say(text.organization), cell: ({ report }) => report.organization || report.submitter },
              { key: "domain", title: say(text.domain), cell: ({ policy }) => `${policy.domain} (${policy.policyType})` },
              { key: "successful", title: say(text.successful), numeric: true, cell: ({ policy }) => shownNumber(visit, policy.successful) },
              { key: "failed", title: say(text.failed), numeric: true, cell: ({ policy }) => failedCount(visit, policy) },
              { key: "failures", title: say(text.failures), cell: ({ policy }) => failuresText(policy) },
            ],
          })}`,
      }
    },
  }),
  sentPage(ports, "tls"),
  provincePage({
    method: "get", path: "/reports/tls/:id", who: "reports:read", input: z.object({ id: idField }),
    async run({ id: number }, visit) {
      const received = await ports.tls.find(number)
      const opened = received ? undefined : await ports.openOwnTls(number)
      if (!received && !opened) return { kind: "error", status: 404 }
      const report = received ?? opened?.report
      return {
        kind: "page",
        title: visit.say(text.tlsReport, { number: String(number) }),
        crumbs: [{ path: received ? "/console/reports/tls" : "/console/reports/tls/sent", title: visit.say(text.tlsTitle) }],
        body: html`${received ? theirs(visit, received) : opened && ours(visit, opened.own)}
          ${report ? report.policies.map((policy) => policySection(visit, policy)) : html`<p class="empty">${visit.say(opened?.tooLarge ? text.tooLarge : text.unreadable, { command: `congthu reports tls show ${number}` })}</p>`}`,
      }
    },
  }),
]

const theirs = (visit: Visit, report: ReceivedTlsReport): Html => facts([
  ...receivedFacts(visit, { organization: report.organization, submitter: report.submitter, contact: report.contact, reportId: report.reportId }),
  [visit.say(text.period), span(visit, report)], [visit.say(text.receivedAt), shownTime(visit, report.receivedAt)], [visit.say(text.message), html`<a href=${`/console/trace?what=${report.envelopeId}`}>${report.envelopeId}</a>`],
])

const ours = (visit: Visit, own: OwnReport): Html => facts([
  [visit.say(text.about), own.domain], [visit.say(text.dayUtc), own.day], [visit.say(text.madeAt), shownTime(visit, own.madeAt)], [visit.say(text.reportId), own.reportId], [visit.say(text.destination), destinations(visit, own)],
])

const span = (visit: Visit, { beginsAt, endsAt }: Pick<TlsReport, "beginsAt" | "endsAt">): Html => html`${shownTime(visit, beginsAt)} – ${shownTime(visit, endsAt)}`

const failedCount = (visit: Visit, { failed }: Pick<TlsReportPolicy, "failed">): Html => html`<span class=${failed > 0 ? "bad" : undefined}>${shownNumber(visit, failed)}</span>`

function policySection(visit: Visit, policy: TlsReportPolicy): Html {
  const { say } = visit
  const { domain, policyType, policyString, mxHosts, successful, failures, leftOut } = policy
  return html`<section><h2>${say(text.policyTitle, { type: policyType, domain })}</h2>
    ${facts([
      [say(text.successful), shownNumber(visit, successful)], [say(text.failed), failedCount(visit, policy)],
      ...(policyString.length > 0 ? [[say(text.policyString), html`<code>${policyString.join("; ")}</code>`] as const] : []), ...(mxHosts.length > 0 ? [[say(text.mxHosts), mxHosts.join(", ")] as const] : []),
    ])}
    ${table(visit, {
      caption: say(text.failures), empty: say(text.noFailures), rows: failures,
      columns: [
        { key: "why", title: say(text.why), cell: ({ resultType }) => html`<code>${resultType}</code>` },
        { key: "sessions", title: say(text.sessions), numeric: true, cell: ({ sessions }) => shownNumber(visit, sessions) },
        { key: "from", title: say(text.from), cell: ({ sendingIp }) => sendingIp || "–" },
        { key: "to", title: say(text.to), cell: ({ mxHost, helo, receivingIp }) => html`<span class="wrap">${[mxHost || helo, receivingIp].filter(Boolean).join(" · ") || "–"}</span>` },
        { key: "more", title: say(text.more), cell: ({ reasonCode, information }) => html`<span class="wrap">${[reasonCode, information].filter(Boolean).join("; ") || "–"}</span>` },
      ],
    })}
    ${leftOut > 0 && html`<p class="muted">${say(text.leftOut, { count: leftOut })}</p>`}
  </section>`
}

const maxFailures = 3

/** The reporter's own words. */
const failuresText = ({ failures }: ReceivedTlsReport["policies"][number]): string =>
  failures.slice(0, maxFailures).map(({ resultType, sessions, mxHost, sendingIp }) => [`${resultType} × ${sessions}`, mxHost, sendingIp].filter(Boolean).join(" ")).join("; ") + (failures.length > maxFailures ? "; …" : "")
