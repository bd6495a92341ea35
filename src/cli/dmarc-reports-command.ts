import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import { openOwnDmarc } from "../reports/read-own-report.ts"
import { type AggregateReport, passes, type PublishedPolicy, type ReportRow } from "../store/aggregate-report.ts"
import type { OwnReport } from "../store/own-report-store.ts"
import type { DmarcSource, ReceivedDmarcReport } from "../store/received-dmarc-store.ts"
import { createOwnReportStore } from "../store/sql/own-reports.ts"
import { createReceivedDmarcStore } from "../store/sql/received-dmarc-reports.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { fitTable } from "./fit-table.ts"
import { numberOf } from "./queue-filter.ts"
import { printJsonLines, printSent, questionOf, type ReportListOptions, sayBad, shownOf, stateText } from "./report-options.ts"

/** `congthu reports dmarc …`: who sends in the name of our domains, as others see it, and what we told others about theirs (RFC 9990). */
export interface DmarcListOptions extends ReportListOptions {
  /** The reports one by one, not their sum. */
  readonly reports?: boolean
}

export async function listDmarcReports(context: CommandContext, options: DmarcListOptions): Promise<number> {
  const question = questionOf(options)
  if (options.sent) {
    const reports = shownOf(await createOwnReportStore(context.database).list({ kind: "dmarc", ...question }))
    if (options.json) printJsonLines(reports)
    else if (reports.length === 0) say("No DMARC report of ours.")
    else printSent(reports, "MESSAGES")
    return exitCodes.ok
  }
  const store = createReceivedDmarcStore(context.database)
  if (options.reports) listed(shownOf(await store.list(question)), options, (reports) => fitTable(["NUMBER", "DAY", "FROM", "DOMAIN", "MESSAGES", "FAILED", "REPORT ID"], reports.map(reportRow)))
  else listed(shownOf(await store.sources(question)), options, (sources) => fitTable(["SOURCE", "FROM", "MESSAGES", "FAILED", "DKIM", "SPF", "QUARANTINED", "REJECTED", "REPORTERS"], sources.map(sourceRow)))
  await sayBad(context, "dmarc", question.since)
  return exitCodes.ok
}

function listed<One extends object>(found: readonly One[], { json }: DmarcListOptions, table: (found: readonly One[]) => string): void {
  if (json) printJsonLines(found)
  else if (found.length === 0) say("No DMARC report of others.")
  else print(table(found))
}

export async function showDmarcReport({ database }: CommandContext, text: string, { json = false }: { readonly json?: boolean }): Promise<number> {
  const number = numberOf(text, "report")
  const received = await createReceivedDmarcStore(database).find(number)
  if (received) {
    if (json) print(JSON.stringify(received, null, 2))
    else printReport(receivedLines(received), received)
    return exitCodes.ok
  }
  const opened = await openOwnDmarc(createOwnReportStore(database), number)
  if (!opened) throw new CommandError(`there is no DMARC report ${number}`)
  const { own, report } = opened
  if (report === null) throw new CommandError(`report ${number} cannot be read any more`)
  if (json) print(JSON.stringify({ ...own, ...report }, null, 2))
  else printReport(ownLines(own), report)
  return exitCodes.ok
}

const dayOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10)

const reportRow = ({ number, begin, submitter, orgName, policy, messages, failed, reportId }: ReceivedDmarcReport): readonly string[] =>
  [String(number), dayOf(begin), submitter || orgName, policy.domain, String(messages), String(failed), reportId].map(printable)

const sourceRow = ({ source, headerFrom, messages, failed, dkimAligned, spfAligned, quarantined, rejected, reporters }: DmarcSource): readonly string[] =>
  [source, printable(headerFrom), ...[messages, failed, dkimAligned, spfAligned, quarantined, rejected, reporters].map(String)]

const line = (name: string, value: string): string => printable(`${name.padEnd(12)} ${value}`)

const receivedLines = ({ number, submitter, orgName, email, receivedAt, envelopeId }: ReceivedDmarcReport): readonly string[] => [
  line("report", `${number}, received ${provinceTime(receivedAt)}, envelope ${envelopeId}`),
  line("from", [orgName, submitter === "" ? "(nobody asked who sent it)" : `(sent by ${submitter})`, email].filter(Boolean).join(" ")),
]

const ownLines = ({ number, madeAt, domain, destinations }: OwnReport): readonly string[] => [
  line("report", `${number}, made ${provinceTime(madeAt)} about ${domain}`),
  ...destinations.map((destination) => line("to", `${destination.uri}  ${stateText(destination)}${destination.envelopeId === null ? "" : `, envelope ${destination.envelopeId}`}`)),
]

const moment = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")

function printReport(head: readonly string[], { reportId, begin, end, policy, errors, rows }: AggregateReport): void {
  const lines = [...head, line("report id", reportId), line("time (UTC)", `${moment(begin)} - ${moment(end)}`), line("policy", policyText(policy)), ...errors.map((error) => line("error", error)), ""]
  print(lines.join("\n"))
  print(fitTable(["SOURCE", "FROM", "MESSAGES", "RESULT", "DKIM", "SPF", "DISPOSITION", "WHY"], rows.map(rowCells)))
}

const policyText = ({ domain, p, sp, np, adkim, aspf, testing }: PublishedPolicy): string =>
  `${domain}: p=${p} sp=${sp}${np === "" ? "" : ` np=${np}`} adkim=${adkim} aspf=${aspf}${testing ? " t=y" : ""}`

/** `pass`: of the author's domain. Whose signature or path it was stands beside it. */
function rowCells(row: ReportRow): readonly string[] {
  const signatures = row.dkim.map(({ domain, selector, result }) => `${result} ${selector === "" ? "" : `${selector}._domainkey.`}${domain}`)
  const sender = row.spf ? [`${row.spf.result} ${row.spf.domain}`] : []
  const seen = (aligned: boolean, found: readonly string[]): string => `${aligned ? "pass" : "fail"}${found.length === 0 ? "" : ` (${found.join(", ")})`}`
  const reasons = row.reasons.map(({ type, comment }) => [type, comment].filter(Boolean).join(": "))
  return [row.source, row.headerFrom, String(row.messages), passes(row) ? "pass" : "fail", seen(row.dkimAligned, signatures), seen(row.spfAligned, sender), row.disposition, reasons.join("; ")].map(printable)
}
