import { z } from "zod"
import type { Clock } from "../../../base/clock.ts"
import { destinationPattern } from "../../../mail/destination-pattern.ts"
import type { ReceivedDmarcStore } from "../../../store/received-dmarc-store.ts"
import type { ReceivedTlsReport, ReceivedTlsStore } from "../../../store/received-tls-store.ts"
import { reportText as text } from "../../text/reports.ts"
import { choice, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { filled } from "../../web/inputs.ts"
import { type AdministratorVisit, type Area, provincePage } from "../../web/page.ts"
import { shownDate, shownNumber } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { spanText } from "../../web/words.ts"

/** What other providers report about our domains: TLS and DMARC. They are about the province's domains as a whole. */
export interface ReportPorts {
  readonly tls: Pick<ReceivedTlsStore, "list" | "find">
  readonly dmarc: Pick<ReceivedDmarcStore, "list" | "sources" | "find">
  readonly clock: Clock
}

const dayMs = 86_400_000
const spans = ["7", "30", "90"] as const
const maxShown = 100
const input = z.object({ days: filled(z.enum(spans)), domain: filled(z.string().trim().max(300)) })
type Asked = z.output<typeof input>

export function reportArea({ tls, dmarc, clock }: ReportPorts): Area {
  const questionOf = ({ days = "30", domain }: Asked) => {
    const name = domain === undefined ? undefined : destinationPattern(domain)
    return domain !== undefined && name === undefined ? undefined : { since: clock.now() - Number(days) * dayMs, limit: maxShown, ...(name !== undefined && { domain: name }) }
  }
  return {
    name: text.area,
    // an administrator of units has reports too, and none of these
    menu: [
      { path: "/reports/tls", label: text.tlsTitle, who: "policy:read" },
      { path: "/reports/dmarc", label: text.dmarcTitle, who: "policy:read" },
    ],
    pages: [
      provincePage({
        method: "get", path: "/reports/tls", who: "reports:read", input,
        async run(asked, visit) {
          const question = questionOf(asked)
          const rows = question ? (await tls.list(question)).flatMap((report) => report.policies.map((policy) => ({ report, policy }))) : []
          return {
            kind: "page",
            title: visit.say(text.tlsTitle),
            status: question ? 200 : 422,
            body: html`<p>${visit.say(text.tlsIntro)}</p>
              ${questionForm(visit, "/console/reports/tls", asked, !question)}
              ${table(visit, {
                caption: visit.say(text.tlsTitle), empty: visit.say(text.empty), rows,
                columns: [
                  { key: "day", title: visit.say(text.day), cell: ({ report }) => shownDate(visit, report.beginsAt) },
                  { key: "organization", title: visit.say(text.organization), cell: ({ report }) => report.organization || report.submitter },
                  { key: "domain", title: visit.say(text.domain), cell: ({ policy }) => `${policy.domain} (${policy.policyType})` },
                  { key: "successful", title: visit.say(text.successful), numeric: true, cell: ({ policy }) => shownNumber(visit, policy.successful) },
                  { key: "failed", title: visit.say(text.failed), numeric: true, cell: ({ policy }) => html`<span class=${policy.failed > 0 ? "bad" : undefined}>${shownNumber(visit, policy.failed)}</span>` },
                  { key: "failures", title: visit.say(text.failures), cell: ({ policy }) => failuresText(policy) },
                ],
              })}`,
          }
        },
      }),
      provincePage({
        method: "get", path: "/reports/dmarc", who: "reports:read", input,
        async run(asked, visit) {
          const { say } = visit
          const question = questionOf(asked)
          const [sources, reports] = question ? await Promise.all([dmarc.sources(question), dmarc.list(question)]) : [[], []]
          return {
            kind: "page",
            title: say(text.dmarcTitle),
            status: question ? 200 : 422,
            body: html`<p>${say(text.dmarcIntro)}</p>
              ${questionForm(visit, "/console/reports/dmarc", asked, !question)}
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
    ],
  }
}

const questionForm = (visit: AdministratorVisit, action: string, { days = "30", domain }: Asked, wrong: boolean) =>
  form(visit, {
    action, method: "get", className: "row",
    body: html`${field({ name: "domain", label: visit.say(text.domain), type: "search", value: domain, ...(wrong && { error: visit.say(text.notDomain) }) })}
      ${choice({ name: "days", label: visit.say(text.days), value: days, options: spans.map((value) => ({ value, text: spanText(Number(value) * dayMs, visit.language) })) })}
      <button>${visit.say(text.show)}</button>`,
  })

const maxFailures = 3

/** The reporter's own words. */
const failuresText = ({ failures }: ReceivedTlsReport["policies"][number]): string =>
  failures.slice(0, maxFailures).map(({ resultType, sessions, mxHost, sendingIp }) => [`${resultType} × ${sessions}`, mxHost, sendingIp].filter(Boolean).join(" ")).join("; ") + (failures.length > maxFailures ? "; …" : "")
