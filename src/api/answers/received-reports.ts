import { z } from "zod"
import { dispositions, policies } from "../../store/aggregate-report.ts"
import { instant, number } from "../fields.ts"

/** What the API answers of reports of others about our domains. */
const failure = z.strictObject({ resultType: z.string(), sendingIp: z.string(), mxHost: z.string(), helo: z.string(), receivingIp: z.string(), sessions: number, reasonCode: z.string(), information: z.string() })
const tlsPolicy = z.strictObject({
  domain: z.string(), policyType: z.string(), policyString: z.array(z.string()), mxHosts: z.array(z.string()), successful: number, failed: number, failures: z.array(failure), leftOut: number.describe("Failures beyond those that are kept."),
})
export const tlsReportAnswer = z.strictObject({ number, organization: z.string(), contact: z.string(), reportId: z.string(), submitter: z.string(), envelopeId: number, receivedAt: instant, beginsAt: instant, endsAt: instant, policies: z.array(tlsPolicy) })
export const tlsReportsAnswer = z.strictObject({ reports: z.array(tlsReportAnswer) })

const alignment = z.enum(["r", "s"])
const dmarcReport = z.strictObject({
  number, orgName: z.string(), email: z.string(), reportId: z.string(), submitter: z.string(), envelopeId: number, receivedAt: instant, beginsAt: instant, endsAt: instant, errors: z.array(z.string()), messages: number, failed: number,
  policy: z.strictObject({ domain: z.string(), p: z.enum(policies), sp: z.enum(policies), np: z.enum([...policies, ""]), adkim: alignment, aspf: alignment, testing: z.boolean(), fo: z.string() }),
})
export const dmarcReportsAnswer = z.strictObject({ reports: z.array(dmarcReport) })
export const dmarcReportAnswer = dmarcReport.extend({
  rows: z.array(z.strictObject({
    source: z.string(), messages: number, disposition: z.enum(dispositions), dkimAligned: z.boolean(), spfAligned: z.boolean(), reasons: z.array(z.strictObject({ type: z.string(), comment: z.string() })), headerFrom: z.string(), envelopeFrom: z.string(),
    dkim: z.array(z.strictObject({ domain: z.string(), selector: z.string(), result: z.string() })), spf: z.strictObject({ domain: z.string(), result: z.string() }).nullable(),
  })),
})
export const dmarcSourcesAnswer = z.strictObject({
  sources: z.array(z.strictObject({ source: z.string(), headerFrom: z.string(), messages: number, failed: number, dkimAligned: number, spfAligned: number, quarantined: number, rejected: number, reporters: number })),
})
