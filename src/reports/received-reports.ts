/**
 * Reads the reports that others have sent about our domains. Purpose: what the mailbox shows as attachments becomes figures. Invariants: the message stays in
 * its mailbox, whatever becomes of it here; each is settled once; what cannot be used is counted with the reason; no report ends or holds up the process.
 * Must not know: SMTP, SQL.
 */
import type { AuthenticityFacts } from "../policy/authenticity-facts.ts"
import { storedFacts } from "../policy/stored-facts.ts"
import type { ContentStore } from "../store/content-store.ts"
import type { ReportKind } from "../store/own-report-store.ts"
import type { ReportMail, ReportMailStore } from "../store/report-mail-store.ts"
import type { ReportThread } from "./read-in-thread.ts"
import type { ReceivedReport } from "./read-report-mail.ts"

export interface ReceivedReports {
  /** Reads what is waiting; joins a round that is under way. Resolves with how many were stored. */
  run(signal: AbortSignal): Promise<number>
}

/** Stores what a report says, or says why it cannot be used. */
export type SaveReport = (received: ReceivedReport, mail: ReceivedMail) => Promise<SavedReport>

export type SavedReport = { readonly kind: "stored" | "duplicate" } | { readonly kind: "bad"; readonly reason: string }

export interface ReceivedMail extends Pick<ReportMail, "envelopeId" | "receivedAt"> {
  /** What was found out about who wrote it; undefined: nobody asked. */
  readonly authenticity: AuthenticityFacts | undefined
}

export interface ReceivedReportLog {
  reportStored(event: { readonly kind: string; readonly envelopeId: number; readonly duplicate: boolean }): void
  reportNotUsed(event: { readonly kind: string; readonly envelopeId: number; readonly reason: string }): void
  reportNotRead(event: { readonly envelopeId: number; readonly error: unknown }): void
}

export interface ReceivedReportParts {
  readonly mails: ReportMailStore
  readonly contents: Pick<ContentStore, "read">
  readonly openThread: () => ReportThread
  readonly save: SaveReport
  readonly log: ReceivedReportLog
}

const atOnce = 20
/** What makes the process end is let go in the end. */
const maxTries = 10
/** As mail; larger reports exist only to hurt. */
export const maxMailBytes = 24 * 1024 * 1024

export function createReceivedReports({ mails, contents, openThread, save, log }: ReceivedReportParts): ReceivedReports {
  let underWay: Promise<number> | undefined

  /** Whether it was stored. */
  const read = async (mail: ReportMail, thread: ReportThread): Promise<boolean> => {
    const bad = async (kind: ReportKind | null, reason: string): Promise<false> => {
      await mails.settle(mail.envelopeId, { state: "bad", kind, reason })
      log.reportNotUsed({ kind: kind ?? "unknown", envelopeId: mail.envelopeId, reason })
      return false
    }
    if (mail.tries > maxTries) return bad(null, "it could not be read several times running")
    if (mail.bytes > maxMailBytes) return bad(null, "the message is larger than a report can be")
    const outcome = await thread.read(await wholeContent(contents, mail))
    if (outcome.kind === "bad") return bad(outcome.of, outcome.reason)
    if (outcome.kind === "other") {
      await mails.settle(mail.envelopeId, { state: "other" })
      return false
    }
    const { received } = outcome
    const saved = await save(received, { envelopeId: mail.envelopeId, receivedAt: mail.receivedAt, authenticity: storedFacts(mail.facts)?.authenticity })
    if (saved.kind === "bad") return bad(received.kind, saved.reason)
    log.reportStored({ kind: received.kind, envelopeId: mail.envelopeId, duplicate: saved.kind === "duplicate" })
    return saved.kind === "stored"
  }

  const round = async (signal: AbortSignal): Promise<number> => {
    let stored = 0
    let thread: ReportThread | undefined
    try {
      for (let more = true; more && !signal.aborted; ) {
        const begun = await mails.begin(atOnce)
        for (const mail of begun) {
          if (signal.aborted) break
          try {
            thread ??= openThread()
            if (await read(mail, thread)) stored++
          } catch (error) {
            // the content or the store cannot be reached: another round may
            log.reportNotRead({ envelopeId: mail.envelopeId, error })
            more = false
          }
        }
        more &&= begun.length === atOnce
      }
    } finally {
      await thread?.close()
    }
    return stored
  }

  return { run: (signal) => (underWay ??= round(signal).finally(() => (underWay = undefined))) }
}

async function wholeContent(contents: Pick<ContentStore, "read">, { content, bytes }: ReportMail): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(bytes)
  let at = 0
  for await (const chunk of contents.read(content)) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
