import type { AggregateReport, ReportRow } from "../../src/store/aggregate-report.ts"

/** A report as somebody may have made it. */
const begin = Date.parse("2026-11-26T00:00:00Z") / 1000

export const reportRow = (change: Partial<ReportRow> = {}): ReportRow => ({
  source: "192.0.2.7", messages: 3, disposition: "none", dkimAligned: true, spfAligned: false, reasons: [], headerFrom: "tinh.example", envelopeFrom: "thu.tinh.example",
  dkim: [{ domain: "tinh.example", selector: "r1", result: "pass" }], spf: { domain: "thu.tinh.example", result: "softfail" }, ...change,
})

export const aggregateReport = (change: Partial<AggregateReport> = {}): AggregateReport => ({
  orgName: "Bưu điện Xã & Hội <X>", email: "dmarc@xa.example", reportId: "20261126.r1", begin, end: begin + 86_399, errors: [],
  policy: { domain: "tinh.example", p: "reject", sp: "quarantine", np: "", adkim: "r", aspf: "s", testing: false, fo: "0" },
  rows: [reportRow(), reportRow({ source: "2001:db8::7", messages: 12, disposition: "reject", dkimAligned: false, dkim: [], spf: { domain: "xau.example", result: "pass" }, reasons: [{ type: "local_policy", comment: "a \"known\" <sender> & more" }] })],
  ...change,
})
