/**
 * Makes and sends our reports about other domains. Purpose: each domain that asks for it hears once what yesterday (UTC) was like. Invariants: a day of a
 * domain is settled once, whoever runs this and how often; what could not be sent is tried again for a day and then given up; a domain that fails keeps no
 * other from its report. Must not know: what a report says.
 */
import type { Clock } from "../base/clock.ts"
import { randomId } from "../base/id.ts"
import type { Result } from "../base/result.ts"
import type { DueReport, OwnReportStore, ReportKind } from "../store/own-report-store.ts"
import type { Reporter, ReportMaker } from "./report-maker.ts"
import type { NotSent, SendByMail } from "./send-by-mail.ts"
import type { SendByPost } from "./send-by-post.ts"

export interface OwnReports {
  /** One round; joins one that is under way. */
  run(signal: AbortSignal): Promise<RoundSummary>
}

/** How many reports were made, and how many sendings ended well or not. */
export interface RoundSummary {
  readonly made: number
  readonly sent: number
  readonly notSent: number
}

export interface OwnReportLog {
  reportNotMade(event: { readonly kind: ReportKind; readonly day: string; readonly domain: string; readonly error: unknown }): void
  reportSent(event: { readonly kind: ReportKind; readonly day: string; readonly domain: string; readonly uri: string }): void
  reportNotSent(event: { readonly kind: ReportKind; readonly day: string; readonly domain: string; readonly uri: string; readonly detail: string; readonly givenUp: boolean }): void
}

export interface OwnReportParts {
  readonly store: OwnReportStore
  readonly makers: readonly ReportMaker[]
  /** Undefined while nobody could say who the reports are from: none are made. */
  readonly reporter: () => Promise<Reporter | undefined>
  readonly sendByMail: SendByMail
  readonly sendByPost: SendByPost
  /** Over which sending is spread, so that not all the world is told at midnight. */
  readonly spreadMs: number
  readonly clock: Clock
  readonly random: () => number
  readonly log: OwnReportLog
}

const dayMs = 24 * 3_600_000
/** Counts of a day still come in shortly after its end. */
const settleMs = 15 * 60_000
/** RFC 8460 §5.4: a report that cannot be handed over is tried again for 24 hours. */
const tryForMs = dayMs
/** Waits between tries: doubled each time, up to the last. */
const firstWaitMs = 5 * 60_000
const longestWaitMs = 2 * 3_600_000
/** Look-ups at once. */
const madeAtOnce = 8
const sentAtOnce = 20

/** The UTC day that reports are made about at `now`. */
export const reportedDay = (now: number): string => new Date(now - settleMs - dayMs).toISOString().slice(0, 10)

export function createOwnReports(parts: OwnReportParts): OwnReports {
  const { store, makers, reporter, clock, log } = parts
  let underWay: Promise<RoundSummary> | undefined

  const make = async (maker: ReportMaker, day: string, domain: string, from: Reporter): Promise<boolean> => {
    const reportId = `${day.replaceAll("-", "")}.${randomId()}@${from.domain}`
    try {
      const made = await maker.make({ day, domain, reportId }, from)
      if (made === "later") return false
      const now = clock.now()
      const dueAt = (): number => now + Math.round(parts.random() * parts.spreadMs)
      const destinations = made.uris.map((uri) => ({ uri, dueAt: dueAt(), giveUpAt: now + tryForMs }))
      return (await store.add({ kind: maker.kind, day, domain, reportId, ...made, madeAt: now, destinations })) && destinations.length > 0
    } catch (error) {
      log.reportNotMade({ kind: maker.kind, day, domain, error })
      return false
    }
  }

  const makeAll = async (from: Reporter, signal: AbortSignal): Promise<number> => {
    const day = reportedDay(clock.now())
    let made = 0
    for (const maker of makers) {
      const settled = await store.settled(maker.kind, day)
      const domains = (await maker.domains(day)).filter((domain) => !settled.has(domain))
      for (let at = 0; at < domains.length && !signal.aborted; at += madeAtOnce) {
        const outcomes = await Promise.all(domains.slice(at, at + madeAtOnce).map((domain) => make(maker, day, domain, from)))
        made += outcomes.filter(Boolean).length
      }
    }
    return made
  }

  const send = async (report: DueReport, from: Reporter, signal: AbortSignal): Promise<boolean> => {
    const { kind, day, domain, uri } = report
    const maker = makers.find((one) => one.kind === kind)
    const result: Result<void, NotSent> = maker ? await handOver(report, maker, from, signal) : { ok: false, failure: { detail: `reports about ${kind} are not sent any more`, permanent: true } }
    if (signal.aborted && !result.ok) return false
    const now = clock.now()
    if (result.ok) {
      if (!isMail(uri)) await store.posted(report, now)
      log.reportSent({ kind, day, domain, uri })
      return true
    }
    const next = now + Math.min(firstWaitMs * 2 ** report.attempts, longestWaitMs)
    const dueAt = result.failure.permanent || next > report.giveUpAt ? null : next
    await store.notSent(report, { detail: result.failure.detail, dueAt, now })
    log.reportNotSent({ kind, day, domain, uri, detail: result.failure.detail, givenUp: dueAt === null })
    return false
  }

  const handOver = async (report: DueReport, maker: ReportMaker, from: Reporter, signal: AbortSignal): Promise<Result<void, NotSent>> => {
    try {
      const letter = maker.letter(report)
      return await (isMail(report.uri) ? parts.sendByMail({ report, letter, reporter: from }) : parts.sendByPost(report.uri, { type: letter.attachment.type, body: report.body }, signal))
    } catch (error) {
      return { ok: false, failure: { detail: error instanceof Error ? error.message : String(error), permanent: false } }
    }
  }

  const sendAll = async (from: Reporter, signal: AbortSignal): Promise<Pick<RoundSummary, "sent" | "notSent">> => {
    let [sent, notSent] = [0, 0]
    for (let more = true; more && !signal.aborted; ) {
      const due = await store.due(clock.now(), sentAtOnce)
      const outcomes = await Promise.all(due.map((report) => send(report, from, signal)))
      sent += outcomes.filter(Boolean).length
      notSent += outcomes.length - outcomes.filter(Boolean).length
      more = due.length === sentAtOnce
    }
    return { sent, notSent }
  }

  const round = async (signal: AbortSignal): Promise<RoundSummary> => {
    const from = await reporter()
    if (!from) return { made: 0, sent: 0, notSent: 0 }
    const made = await makeAll(from, signal)
    return { made, ...(await sendAll(from, signal)) }
  }

  return { run: (signal) => (underWay ??= round(signal).finally(() => (underWay = undefined))) }
}

const isMail = (uri: string): boolean => uri.startsWith("mailto:")
