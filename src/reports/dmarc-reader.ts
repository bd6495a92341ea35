/** How an aggregate report is found in a message (RFC 9990 §3.5.2): by the form of its subject, or of its file's name. Pure. */
import { failed, ok } from "../base/result.ts"
import { decodeHeaderText } from "../mail/encoded-word.ts"
import { fieldValues } from "../mail/header.ts"
import { readAggregateReport } from "./dmarc-read.ts"
import { unpackReport } from "./dmarc-unpack.ts"
import type { ReportPart, ReportReader } from "./read-report-mail.ts"

/** `receiver!policy-domain!begin!end[!unique-id].extension`; reporters pack in whatever they like. */
const namedReport = /^[^!/]+![^!/]+!\d+!\d+(?:![^!/]*)?\.(?:xml|xml\.gz|gz|gzip|zip|xml\.zip)$/
/** TLS reports have the same form of subject and name, but hold JSON (RFC 8460 §5.1, §5.3). */
const tlsReport = /\.json(?:\.|$)/
const reportSubject = /^\s*Report[ -]Domain:/i
const packed = /\.(?:xml|gz|gzip|zip)$/
const packedTypes: ReadonlySet<string> = new Set(["application/gzip", "application/x-gzip", "application/zip", "application/x-zip-compressed", "application/xml", "text/xml"])

export const dmarcReportReader: ReportReader = {
  kind: "dmarc",
  find({ header, parts: all }) {
    const parts = all.filter(({ fileName }) => !tlsReport.test(fileName))
    const named = parts.find(({ fileName }) => namedReport.test(fileName))
    if (named) return named
    const says = fieldValues(header, "subject").some((subject) => reportSubject.test(decodeHeaderText(subject.slice(0, 500))))
    return says ? parts.find((part) => isPacked(part)) : undefined
  },
  read(part) {
    const xml = unpackReport(part.bytes())
    if (!xml.ok) return failed(xml.failure)
    const report = readAggregateReport(xml.value)
    return report.ok ? ok({ kind: "dmarc", report: report.value }) : report
  },
}

const isPacked = ({ type, fileName }: ReportPart): boolean => (fileName === "" ? packedTypes.has(type) : packed.test(fileName))
