import { z } from "zod"
import { type AggregateReport, passes, type PublishedPolicy, type ReportRow } from "../../../store/aggregate-report.ts"
import type { OwnReport } from "../../../store/own-report-store.ts"
import type { ReceivedDmarcReport } from "../../../store/received-dmarc-store.ts"
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

/** DMARC reports (RFC 9990): others' about our domains, ours about theirs, each with its records. */
export const dmarcPages = (ports: ReportPorts): readonly Page[] => [
  provincePage({
    method: "get", path: "/reports/dmarc", who: "reports:read", input: listInput,
    async run(asked, visit) {
      const { say } = visit
      const question = questionOf(asked, ports.clock.now())
      const [sources, reports] = question ? await Promise.all([ports.dmarc.sources(question), ports.dmarc.list(question)]) : [[], []]
      return {
        kind: "page",
        title: say(text.dmarcTitle),
        status: question ? 200 : 422,
        body: html`${tabs(visit, "dmarc", "received")}
          <p>${say(text.dmarcIntro)}</p>
          ${questionForm(visit, "/console/reports/dmarc", { asked, wrong: !question })}
          ${table(visit, {
            caption: say(text.sources), empty: say(text.empty), rows: sources,
            columns: [
              { key: "source", title: say(text.source), cell: ({ source }) => source },
              { key: "domain", title: say(text.domain), cell: ({ headerFrom }) => headerFrom },
              { key: "messages", title: say(text.messages), numeric: true, cell: ({ messages }) => shownNumber(visit, messages) },
              { key: "failed", title: say(text.failed), numeric: true, cell: ({ failed }) => html`<span class=${failed > 0 ? "bad" : undefined}>${shownNumber(visit, failed)}</span>` },
              { key: "dkim", title: say(text.dkim), numeric: true, cell: ({ dkimAligned }) => shownNumber(visit, dkimAligned) },
              { key: "spf", title: say(text.spf), numeric: true, cell: ({ spfAligned }) => shownNumber(visit, spfAligned) },
              { key: "quarantined", title: say(text.quarantined), numeric: true, cell: ({ quarantined }) => shownNumber(visit, quarantined) },
              { key: "rejected", title: say(text.rejected), numeric: true, cell: ({ rejected }) => shownNumber(visit, rejected) },
              { key: "reporters", title: say(text.reporters), numeric: true, cell: ({ reporters }) => shownNumber(visit, reporters) },
            ],
          })}
          ${table(visit, {
            caption: say(text.reports), empty: say(text.empty), rows: reports,
            columns: [
              { key: "number", title: say(text.number), numeric: true, cell: ({ number }) => reportLink("dmarc", number) },
              { key: "day", title: say(text.day), cell: ({ begin }) => shownDate(visit, begin * 1000) },
              { key: "organization", title: say(text.organization), cell: ({ orgName, submitter }) => orgName || submitter },
              { key: "domain", title: say(text.domain), cell: ({ policy }) => policy.domain },
              { key: "messages", title: say(text.messages), numeric: true, cell: ({ messages }) => shownNumber(visit, messages) },
              { key: "failed", title: say(text.failed), numeric: true, cell: ({ failed }) => shownNumber(visit, failed) },
              { key: "id", title: say(text.reportId), cell: ({ reportId }) => html`<span class="wrap">${reportId}</span>` },
            ],
          })}`,
      }
    },
  }),
  sentPage(ports, "dmarc"),
  provincePage({
    method: "get", path: "/reports/dmarc/:id", who: "reports:read", input: z.object({ id: idField }),
    async run({ id: number }, visit) {
      const received = await ports.dmarc.find(number)
      const opened = received ? undefined : await ports.openOwnDmarc(number)
      if (!received && !opened) return { kind: "error", status: 404 }
      const report = received ?? opened?.report
      return {
        kind: "page",
        title: visit.say(text.dmarcReport, { number: String(number) }),
        crumbs: [{ path: received ? "/console/reports/dmarc" : "/console/reports/dmarc/sent", title: visit.say(text.dmarcTitle) }],
        body: html`${received ? facts(theirs(visit, received)) : opened && facts(ours(visit, opened.own))}
          ${report ? said(visit, report) : html`<p class="empty">${visit.say(opened?.tooLarge ? text.tooLarge : text.unreadable, { command: `congthu reports dmarc show ${number}` })}</p>`}`,
      }
    },
  }),
]

const theirs = (visit: Visit, report: ReceivedDmarcReport): readonly (readonly [string, Html])[] => [
  ...receivedFacts(visit, { organization: report.orgName, submitter: report.submitter, contact: report.email, reportId: report.reportId }),
  [visit.say(text.receivedAt), shownTime(visit, report.receivedAt)], [visit.say(text.message), html`<a href=${`/console/trace?what=${report.envelopeId}`}>${report.envelopeId}</a>`],
]

const ours = (visit: Visit, own: OwnReport): readonly (readonly [string, Html])[] => [
  [visit.say(text.about), own.domain], [visit.say(text.madeAt), shownTime(visit, own.madeAt)], [visit.say(text.reportId), own.reportId], [visit.say(text.destination), destinations(visit, own)],
]

/** A page of more would be read by nobody. */
const maxRecords = 500

function said(visit: Visit, { begin, end, policy, errors, rows }: AggregateReport): Html {
  const { say } = visit
  return html`${facts([
      [say(text.period), html`${shownTime(visit, begin * 1000)} – ${shownTime(visit, end * 1000)}`],
      [say(text.policyString), html`<code>${policyText(policy)}</code>`], ...(errors.length > 0 ? [[say(text.errors), errors.join("; ")] as const] : []),
    ])}
    ${table(visit, {
      caption: say(text.records), empty: say(text.empty), rows: rows.slice(0, maxRecords),
      columns: [
        { key: "source", title: say(text.source), cell: ({ source }) => source },
        { key: "domain", title: say(text.domain), cell: ({ headerFrom }) => html`<span class="wrap">${headerFrom}</span>` },
        { key: "messages", title: say(text.messages), numeric: true, cell: ({ messages }) => shownNumber(visit, messages) },
        { key: "result", title: say(text.result), cell: (row) => html`<strong class=${passes(row) ? "good" : "bad"}>${say(passes(row) ? text.passed : text.failed)}</strong>` },
        { key: "dkim", title: "DKIM", cell: (row) => seen(visit, row.dkimAligned, row.dkim.map(({ domain, selector, result }) => `${result} ${selector === "" ? "" : `${selector}._domainkey.`}${domain}`)) },
        { key: "spf", title: "SPF", cell: (row) => seen(visit, row.spfAligned, row.spf ? [`${row.spf.result} ${row.spf.domain}`] : []) },
        { key: "disposition", title: say(text.disposition), cell: ({ disposition }) => html`<code>${disposition}</code>` },
        { key: "why", title: say(text.why), cell: ({ reasons }) => html`<span class="wrap">${reasons.map(({ type, comment }) => [type, comment].filter(Boolean).join(": ")).join("; ") || "–"}</span>` },
      ],
    })}
    ${rows.length > maxRecords && html`<p class="muted">${say(text.leftOut, { count: rows.length - maxRecords })}</p>`}`
}

/** Aligned or not, and what was found: the words are those of RFC 8601. */
const seen = ({ say }: Visit, aligned: ReportRow["dkimAligned"], found: readonly string[]): Html =>
  html`<span class=${aligned ? "good" : "bad"}>${say(aligned ? text.passed : text.failed)}</span>${found.length > 0 && html` <small class="wrap">${found.join(", ")}</small>`}`

const policyText = ({ p, sp, np, adkim, aspf, testing }: PublishedPolicy): string => `p=${p} sp=${sp}${np === "" ? "" : ` np=${np}`} adkim=${adkim} aspf=${aspf}${testing ? " t=y" : ""}`
