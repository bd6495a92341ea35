/** TLS reports as others send them (RFC 8460 §4.4, §5): what must be there is checked, what must not hurt is bounded, what is unknown is passed over. Pure. */
import { z } from "zod"
import { failed, ok, type Result } from "../base/result.ts"
import type { TlsReport, TlsReportFailure, TlsReportPolicy } from "../store/received-tls-store.ts"
import { parameterValue } from "../mail/mime-parameter.ts"
import { gunzipReport, isGzip, maxReportBytes } from "./report-gunzip.ts"
import type { ReportReader } from "./read-report-mail.ts"

const maxPolicies = 100
/** Of one policy; the counts say how many there were. */
const maxFailures = 500
const maxLines = 50
const maxTextChars = 500
const maxNameChars = 255

export const tlsReportReader: ReportReader = {
  kind: "tls",
  find({ header, mime, parts }) {
    const named = parts.find(({ type }) => type === "application/tlsrpt+gzip" || type === "application/tlsrpt+json")
    if (named) return named
    // RFC 8460 §5.3: senders that know better than their MIME library
    const says = (mime.subtype === "report" && parameterValue(mime.parameters, "report-type")?.toLowerCase() === "tlsrpt") || header.some(({ name }) => name === "tls-report-domain")
    return says ? parts.find(({ fileName }) => fileName.endsWith(".json.gz") || fileName.endsWith(".json")) : undefined
  },
  read(part) {
    const bytes = part.bytes()
    const json = isGzip(bytes) ? gunzipReport(bytes) : bytes.length > maxReportBytes ? failed("it is larger than a report can be") : ok(bytes)
    if (!json.ok) return json
    const report = readTlsReport(json.value)
    return report.ok ? ok({ kind: "tls", report: report.value }) : report
  },
}

/** Failure: an English clause. */
export function readTlsReport(json: Uint8Array): Result<TlsReport, string> {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(json).toString("utf8"))
  } catch {
    return failed("it is no JSON")
  }
  const read = reportSchema.safeParse(value)
  if (read.success) return ok(read.data)
  const [issue] = read.error.issues
  // a path is made of our own names and of numbers: an unknown name is never reached
  return failed(`${(issue?.path ?? []).join(".") || "the whole"} is not as RFC 8460 has it`)
}

/** On one line, and not for ever. */
const cleaned = (text: string, max: number): string => text.replace(/\p{Cc}+/gu, " ").trim().slice(0, max).toWellFormed()

const text = z.string().transform((one) => cleaned(one, maxTextChars))
const optionalText = z.unknown().optional().transform((one) => (typeof one === "string" ? cleaned(one, maxTextChars) : ""))
const domain = z.string().min(1).max(maxNameChars).regex(/^[^\s/@\p{Cc}]+$/u).transform((one) => one.toLowerCase().replace(/\.$/, "").toWellFormed())
const word = z.string().max(60).regex(/^[A-Za-z0-9_.-]+$/).transform((one) => one.toLowerCase())
const count = z.number().int().min(0).max(1e12)
/** One or several, as senders like. */
const lines = z.union([z.array(z.unknown()), z.string().transform((one) => [one]), z.null()]).optional().transform((list) => (list ?? []).filter((one) => typeof one === "string").slice(0, maxLines).map((one) => cleaned(one, maxTextChars)))
/** RFC 3339 */
const moment = z.string().max(40).transform((one, context) => {
  const ms = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d/.test(one) ? Date.parse(one.replace(" ", "T")) : NaN
  if (!Number.isFinite(ms)) context.addIssue({ code: "custom", message: "no moment" })
  return ms
})

const failureSchema = z
  .object({
    "result-type": word,
    "sending-mta-ip": optionalText, "receiving-mx-hostname": optionalText, "receiving-mx-helo": optionalText, "receiving-ip": optionalText,
    "failed-session-count": count,
    "additional-information": optionalText, "failure-reason-code": optionalText,
  })
  .transform((one): TlsReportFailure => ({
    resultType: one["result-type"], sendingIp: one["sending-mta-ip"], mxHost: one["receiving-mx-hostname"].toLowerCase(), helo: one["receiving-mx-helo"], receivingIp: one["receiving-ip"],
    sessions: one["failed-session-count"], reasonCode: one["failure-reason-code"], information: one["additional-information"],
  }))

const policySchema = z
  .object({
    policy: z.object({ "policy-type": word, "policy-domain": domain, "policy-string": lines, "mx-host": lines }),
    summary: z.object({ "total-successful-session-count": count, "total-failure-session-count": count }),
    "failure-details": z.array(z.unknown()).nullish(),
  })
  .transform((one, context): TlsReportPolicy => {
    const given = one["failure-details"] ?? []
    const failures = z.array(failureSchema).safeParse(given.slice(0, maxFailures))
    if (!failures.success) for (const issue of failures.error.issues.slice(0, 1)) context.addIssue({ code: "custom", message: "no failure", path: ["failure-details", ...issue.path] })
    return {
      domain: one.policy["policy-domain"], policyType: one.policy["policy-type"], policyString: one.policy["policy-string"], mxHosts: one.policy["mx-host"],
      successful: one.summary["total-successful-session-count"], failed: one.summary["total-failure-session-count"],
      failures: failures.data ?? [], leftOut: Math.max(given.length - maxFailures, 0),
    }
  })

const reportSchema = z
  .object({
    "organization-name": optionalText,
    "date-range": z.object({ "start-datetime": moment, "end-datetime": moment }),
    "contact-info": optionalText,
    "report-id": text.pipe(z.string().min(1)),
    policies: z.array(policySchema).min(1).max(maxPolicies),
  })
  .transform((one, context): TlsReport => {
    const { "start-datetime": beginsAt, "end-datetime": endsAt } = one["date-range"]
    if (endsAt < beginsAt) context.addIssue({ code: "custom", message: "ends before it begins", path: ["date-range"] })
    // RFC 8460 §5.3: the Subject has it in angle brackets, and so some have it here
    return { organization: one["organization-name"], contact: one["contact-info"], reportId: one["report-id"].replace(/^<(.*)>$/, "$1"), beginsAt, endsAt, policies: one.policies }
  })
