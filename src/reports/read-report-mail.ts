/**
 * What a message to a reporting address is: a report, one that cannot be used, or something else. For a thread (`report-thread.ts`): it does not let others
 * have their turn, and whatever it throws means a bad report. Must not know: who sent it, what is stored.
 */
import type { Result } from "../base/result.ts"
import { ContentScanner } from "../mail/content-scanner.ts"
import type { HeaderField } from "../mail/header.ts"
import type { MimeFields, ScannedPart } from "../mail/mime-part.ts"
import { parameterText } from "../mail/mime-parameter.ts"
import { decodeQuotedPrintable } from "../mail/quoted-printable.ts"
import type { ReportKind } from "../store/own-report-store.ts"
import type { AggregateReport } from "../store/aggregate-report.ts"
import type { TlsReport } from "../store/received-tls-store.ts"
import { dmarcReportReader } from "./dmarc-reader.ts"
import { tlsReportReader } from "./read-tls-report.ts"

/** What all kinds of reports say, by kind. */
export type ReceivedReport = { readonly kind: "tls"; readonly report: TlsReport } | { readonly kind: "dmarc"; readonly report: AggregateReport }

export type ReadOutcome =
  | { readonly kind: "report"; readonly received: ReceivedReport }
  | { readonly kind: "bad"; readonly of: ReportKind | null; readonly reason: string }
  | { readonly kind: "other" }

/** How a kind of report is recognized and read. */
export interface ReportReader {
  readonly kind: ReportKind
  /** The part that holds it; undefined: it is no such report. */
  find(mail: ReportMailParts): ReportPart | undefined
  /** Failure: why it cannot be used, as an English clause without what is in it. */
  read(part: ReportPart): Result<ReceivedReport, string>
}

export interface ReportMailParts {
  readonly header: readonly HeaderField[]
  /** Of the message itself. */
  readonly mime: MimeFields
  /** Those that hold no others, in order; the first ones. */
  readonly parts: readonly ReportPart[]
}

export interface ReportPart {
  /** Lower case, `application/gzip`. */
  readonly type: string
  /** Lower case; empty when it has none. */
  readonly fileName: string
  /** Its transfer encoding undone. */
  bytes(): Buffer
}

const readers: readonly ReportReader[] = [tlsReportReader, dmarcReportReader]
const maxParts = 20

export function readReportMail(bytes: Uint8Array): ReadOutcome {
  const mail = partsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  for (const reader of readers) {
    const part = reader.find(mail)
    if (!part) continue
    const read = reader.read(part)
    return read.ok ? { kind: "report", received: read.value } : { kind: "bad", of: reader.kind, reason: read.failure }
  }
  return { kind: "other" }
}

function partsOf(bytes: Buffer): ReportMailParts {
  const scanner = new ContentScanner({ searchText: false })
  scanner.push(bytes)
  const { root, headerFields } = scanner.finish()
  return { header: headerFields, mime: root.mime, parts: leavesOf(root).slice(0, maxParts).map((part) => shown(part, bytes)) }
}

const leavesOf = (part: ScannedPart): readonly ScannedPart[] => (part.kind === "leaf" ? [part] : part.children.flatMap(leavesOf))

const shown = ({ mime, bodyStart, bodyEnd }: ScannedPart, content: Buffer): ReportPart => ({
  type: `${mime.type}/${mime.subtype}`,
  fileName: (parameterText(mime.disposition?.parameters ?? [], "filename") ?? parameterText(mime.parameters, "name") ?? "").toLowerCase(),
  bytes() {
    const body = content.subarray(bodyStart, bodyEnd)
    if (mime.encoding === "base64") return Buffer.from(body.toString("latin1"), "base64")
    return mime.encoding === "quoted-printable" ? decodeQuotedPrintable(body) : body
  },
})
