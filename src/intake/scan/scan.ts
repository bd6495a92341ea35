/**
 * Scanners for viruses and spam: each answers within its time or counts as down. What follows from it is for the policy to say, and for
 * `mustAnswer`. Must not know: rules, what a scanner speaks.
 */
import type { ScanFacts, ScannerName, SpamFacts } from "../../policy/scan-facts.ts"
import type { SessionFacts } from "../../store/acceptance-store.ts"
import type { PreparedContent } from "../../store/content-store.ts"

export interface ScannedMessage {
  readonly content: Pick<PreparedContent, "read" | "size">
  readonly session: Pick<SessionFacts, "clientAddress" | "helo" | "sessionId">
  readonly reversePath: string
  readonly recipients: readonly string[]
  /** Written by somebody here. */
  readonly signedIn: boolean
}

export interface Scanner {
  /** A message that a scanner has not seen is deferred. */
  readonly mustAnswer: boolean
  /** Rejects only when the content cannot be read. */
  scan(message: ScannedMessage): Promise<ScanFacts>
}

export interface ScannerParts {
  readonly mustAnswer: boolean
  /** Rejects when the scanner cannot be reached, does not answer in time or not sensibly. */
  readonly virus?: (message: ScannedMessage) => Promise<string | null>
  readonly spam?: (message: ScannedMessage) => Promise<SpamFacts>
  readonly log: ScanLog
}

export interface ScanLog {
  scannerDown(event: { readonly scanner: ScannerName; readonly sessionId: string; readonly error: unknown }): void
}

export function createScanner({ mustAnswer, virus, spam, log }: ScannerParts): Scanner {
  return {
    mustAnswer,
    async scan(message) {
      const unavailable: ScannerName[] = []
      const ask = async <Found>(scanner: ScannerName, question: ((message: ScannedMessage) => Promise<Found>) | undefined): Promise<Found | null> => {
        try {
          return question ? await question(message) : null
        } catch (error) {
          log.scannerDown({ scanner, sessionId: message.session.sessionId, error })
          unavailable.push(scanner)
          return null
        }
      }
      const [found, judged] = await Promise.all([ask("clamav", virus), ask("rspamd", spam)])
      return { virus: found, spam: judged, unavailable: unavailable.toSorted() }
    },
  }
}
