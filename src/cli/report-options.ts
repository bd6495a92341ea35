import { systemClock } from "../base/clock.ts"
import { asciiDomain } from "../mail/address.ts"
import { printable } from "../mail/printable.ts"
import type { OwnReport, ReportKind, ReportQuestion, SentTo } from "../store/own-report-store.ts"
import { createSealer } from "../store/sealing.ts"
import { createReportMailStore } from "../store/sql/report-mail.ts"
import { contentKey } from "./content-key.ts"
import { CommandError, type CommandContext, print, say } from "./context.ts"
import { fitTable } from "./fit-table.ts"
import { durationOf } from "./queue-filter.ts"

/** What `congthu reports …` has in common for all kinds of reports. */
export interface ReportListOptions {
  readonly domain?: string
  readonly since?: string
  /** Ours; others' when absent. */
  readonly sent?: boolean
  readonly received?: boolean
  readonly json?: boolean
}

export const defaultSince = "30d"
const mostShown = 1_000

/** What is asked for. */
export function questionOf({ domain, since = defaultSince, sent, received }: ReportListOptions): Omit<ReportQuestion, "kind"> {
  if (sent && received) throw new CommandError("--sent and --received are two questions")
  const name = domain === undefined ? undefined : asciiDomain(domain)
  if (domain !== undefined && (name === undefined || name === "")) throw new CommandError(`"${domain}" is no domain`)
  return { since: systemClock.now() - durationOf(since), limit: mostShown + 1, ...(name !== undefined && { domain: name }) }
}

/** Of what was asked for, what is shown; says so when there is more. */
export function shownOf<Report>(reports: readonly Report[]): readonly Report[] {
  if (reports.length > mostShown) say(`… and more: these are the latest ${mostShown}.`)
  return reports.slice(0, mostShown)
}

/** One JSON object a line. */
export const printJsonLines = (values: readonly object[]): void => values.forEach((value) => print(JSON.stringify(value)))

/** Reports of ours, one line for each place they go to. `counted`: what is counted, `SESSIONS`. */
export function printSent(reports: readonly OwnReport[], counted: string): void {
  const rows = reports.flatMap(({ number, day, domain, total, failed, destinations }) =>
    destinations.map((destination) => [String(number), day, domain, String(total), String(failed), destination.uri, stateText(destination)]))
  print(fitTable(["NUMBER", "DAY", "DOMAIN", counted, "FAILED", "TO", "STATE"], rows))
}

/** Mail that was accepted for delivery is as far as its delivery is. */
export function stateText({ state, delivery, detail, diagnostic }: SentTo): string {
  const why = printable(delivery === null ? detail : diagnostic)
  const word = state === "sent" ? (delivery === null ? "sent" : (deliveryWords[delivery] ?? delivery)) : state === "failed" ? "given up" : "waiting"
  return why === "" || word === "sent" ? word : `${word}: ${why}`
}

const deliveryWords: Readonly<Record<string, string>> = { relayed: "sent", delivered: "sent", waiting: "on its way", deferred: "deferred", failed: "not delivered" }

/** Says what came and could not be used. */
export async function sayBad({ config, database }: CommandContext, kind: ReportKind, since: number): Promise<void> {
  const bad = await createReportMailStore({ database, sealer: createSealer(await contentKey(config)) }).bad(since)
  for (const { reason, count } of bad.filter((one) => one.kind === kind || one.kind === null)) say(`${count} ${count === 1 ? "message" : "messages"} could not be used as a report: ${reason}`)
}
