import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import { openOwnTls } from "../reports/read-own-report.ts"
import type { OwnReport } from "../store/own-report-store.ts"
import type { ReceivedTlsReport, TlsReport, TlsReportFailure, TlsReportPolicy } from "../store/received-tls-store.ts"
import { createOwnReportStore } from "../store/sql/own-reports.ts"
import { createReceivedTlsStore } from "../store/sql/received-tls-reports.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { fitTable } from "./fit-table.ts"
import { numberOf } from "./queue-filter.ts"
import { printJsonLines, printSent, questionOf, type ReportListOptions, sayBad, shownOf, stateText } from "./report-options.ts"

/** `congthu reports tls …`: how others' mail to us was protected, and what we told others about theirs (RFC 8460). */
export async function listTlsReports(context: CommandContext, options: ReportListOptions): Promise<number> {
  const question = questionOf(options)
  if (options.sent) {
    const reports = shownOf(await createOwnReportStore(context.database).list({ kind: "tls", ...question }))
    if (options.json) printJsonLines(reports)
    else if (reports.length === 0) say("No TLS report of ours.")
    else printSent(reports, "SESSIONS")
    return exitCodes.ok
  }
  const reports = shownOf(await createReceivedTlsStore(context.database).list(question))
  if (options.json) printJsonLines(reports)
  else if (reports.length === 0) say("No TLS report of others.")
  else print(fitTable(["NUMBER", "DAY", "FROM", "DOMAIN", "POLICY", "SESSIONS", "FAILED", "WHY"], reports.flatMap(receivedRows)))
  await sayBad(context, "tls", question.since)
  return exitCodes.ok
}

export async function showTlsReport({ database }: CommandContext, text: string, { json = false }: { readonly json?: boolean }): Promise<number> {
  const number = numberOf(text, "report")
  const received = await createReceivedTlsStore(database).find(number)
  if (received) {
    if (json) print(JSON.stringify(received, null, 2))
    else printLines([...receivedLines(received), ...reportLines(received)])
    return exitCodes.ok
  }
  const opened = await openOwnTls(createOwnReportStore(database), number)
  if (!opened) throw new CommandError(`there is no TLS report ${number}`)
  const { own, text: sent, report } = opened
  if (sent === null || report === null) throw new CommandError(`report ${number} cannot be read any more`)
  if (json) print(sent)
  else printLines([...ownLines(own), ...reportLines(report)])
  return exitCodes.ok
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

const receivedRows = (report: ReceivedTlsReport): readonly (readonly string[])[] =>
  report.policies.map((policy) => [String(report.number), dayOf(report.beginsAt), printable(report.submitter || report.organization), policy.domain, policy.policyType, String(policy.successful + policy.failed), String(policy.failed), reasons(policy)])

/** Result types, the most frequent first. */
function reasons({ failures }: TlsReportPolicy): string {
  const sums = new Map<string, number>()
  for (const { resultType, sessions } of failures) sums.set(resultType, (sums.get(resultType) ?? 0) + sessions)
  return [...sums].toSorted(([, a], [, b]) => b - a).map(([type]) => type).join(", ")
}

const printLines = (lines: readonly string[]): void => print(lines.map(printable).join("\n"))
const line = (name: string, value: string): string => `${name.padEnd(12)} ${value}`

const receivedLines = ({ number, submitter, organization, contact, receivedAt, envelopeId }: ReceivedTlsReport): readonly string[] => [
  line("report", `${number}, received ${provinceTime(receivedAt)}, envelope ${envelopeId}`),
  line("from", [organization, submitter === "" ? "(nobody asked who signed it)" : `(signed by ${submitter})`].filter(Boolean).join(" ")),
  ...(contact === "" ? [] : [line("contact", contact)]),
]

const ownLines = ({ number, madeAt, domain, destinations }: OwnReport): readonly string[] => [
  line("report", `${number}, made ${provinceTime(madeAt)} about ${domain}`),
  ...destinations.map((destination) => line("to", `${destination.uri}  ${stateText(destination)}${destination.envelopeId === null ? "" : `, envelope ${destination.envelopeId}`}`)),
]

const reportLines = ({ reportId, beginsAt, endsAt, policies }: TlsReport): readonly string[] => [
  line("report id", reportId),
  line("time (UTC)", `${moment(beginsAt)} - ${moment(endsAt)}`),
  ...policies.flatMap(policyLines),
]

const moment = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ")

const policyLines = ({ domain, policyType, policyString, mxHosts, successful, failed, failures, leftOut }: TlsReportPolicy): readonly string[] => [
  "",
  line("policy", `${policyType} of ${domain}`),
  ...policyString.map((text) => line("", text)),
  ...(mxHosts.length === 0 ? [] : [line("hosts", mxHosts.join(", "))]),
  line("sessions", `${successful} well, ${failed} not`),
  ...failures.map(failureLine),
  ...(leftOut === 0 ? [] : [line("", `… and ${leftOut} more kinds of failure`)]),
]

const failureLine = ({ sessions, resultType, mxHost, receivingIp, sendingIp, helo, reasonCode, information }: TlsReportFailure): string => {
  const to = [mxHost || helo, receivingIp === "" ? "" : `[${receivingIp}]`].filter(Boolean).join(" ")
  const where = [sendingIp === "" ? "" : `from ${sendingIp}`, to === "" ? "" : `to ${to}`].filter(Boolean).join(" ")
  return line("", [`${sessions} × ${resultType}`, where, reasonCode, information].filter(Boolean).join("; "))
}
