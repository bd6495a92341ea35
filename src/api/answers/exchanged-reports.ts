import { z } from "zod"
import { dispositions, policies } from "../../store/aggregate-report.ts"
import { reportKinds } from "../../store/own-report-store.ts"
import { instant, number } from "../fields.ts"

/** What the API answers of TLS and DMARC reports: of others about our domains, of ours about others. */
const failure = z.strictObject({ resultType: z.string(), sendingIp: z.string(), mxHost: z.string(), helo: z.string(), receivingIp: z.string(), sessions: number, reasonCode: z.string(), information: z.string() })
const tlsPolicy = z.strictObject({
  domain: z.string(), policyType: z.string(), policyString: z.array(z.string()), mxHosts: z.array(z.string()), successful: number, failed: number, failures: z.array(failure), leftOut: number.describe("Failures beyond those that are kept."),
})
const tlsReport = z.strictObject({ organization: z.string(), contact: z.string(), reportId: z.string(), beginsAt: instant, endsAt: instant, policies: z.array(tlsPolicy) })
const received = { number, submitter: z.string(), envelopeId: number, receivedAt: instant }
export const tlsReportAnswer = tlsReport.extend(received)
export const tlsReportsAnswer = z.strictObject({ reports: z.array(tlsReportAnswer) })

const alignment = z.enum(["r", "s"])
const dmarcHead = z.strictObject({
  orgName: z.string(), email: z.string(), reportId: z.string(), beginsAt: instant, endsAt: instant, errors: z.array(z.string()),
  policy: z.strictObject({ domain: z.string(), p: z.enum(policies), sp: z.enum(policies), np: z.enum([...policies, ""]), adkim: alignment, aspf: alignment, testing: z.boolean(), fo: z.string() }),
})
const dmarcReport = dmarcHead.extend({ ...received, messages: number, failed: number })
export const dmarcReportsAnswer = z.strictObject({ reports: z.array(dmarcReport) })
const rows = {
  rows: z.array(z.strictObject({
    source: z.string(), messages: number, disposition: z.enum(dispositions), dkimAligned: z.boolean(), spfAligned: z.boolean(), reasons: z.array(z.strictObject({ type: z.string(), comment: z.string() })), headerFrom: z.string(), envelopeFrom: z.string(),
    dkim: z.array(z.strictObject({ domain: z.string(), selector: z.string(), result: z.string() })), spf: z.strictObject({ domain: z.string(), result: z.string() }).nullable(),
  })),
}
export const dmarcReportAnswer = dmarcReport.extend(rows)
export const dmarcSourcesAnswer = z.strictObject({
  sources: z.array(z.strictObject({ source: z.string(), headerFrom: z.string(), messages: number, failed: number, dkimAligned: number, spfAligned: number, quarantined: number, rejected: number, reporters: number })),
})

const ownReport = z.strictObject({
  number, kind: z.enum(reportKinds), day: z.string().describe("UTC."), domain: z.string(), reportId: z.string(), total: number, failed: number, madeAt: instant,
  destinations: z.array(z.strictObject({ uri: z.string(), state: z.enum(["waiting", "sent", "failed"]), attempts: number, detail: z.string(), envelopeId: number.nullable(), delivery: z.string().nullable().describe("What has become of the mail."), diagnostic: z.string() })),
})
export const ownReportsAnswer = z.strictObject({ reports: z.array(ownReport) })
const unreadable = "Null: it cannot be read any more."
export const ownTlsReportAnswer = ownReport.extend({ report: tlsReport.nullable().describe(unreadable) })
export const ownDmarcReportAnswer = ownReport.extend({ report: dmarcHead.extend(rows).nullable().describe(unreadable) })
