import { gunzipSync } from "node:zlib"
import { simpleParser } from "mailparser"
import { expect, test } from "vitest"
import { parseHeader } from "../../src/mail/header.ts"
import { reportMessage } from "../../src/reports/report-message.ts"
import { reporterOf } from "../../src/reports/reporter.ts"
import { readReportMail } from "../../src/reports/read-report-mail.ts"
import { tlsReport } from "../../src/reports/tls-report.ts"
import { createTlsReportMaker } from "../../src/reports/tls-report-maker.ts"
import type { TlsSessionCount } from "../../src/store/tls-policy-store.ts"

const reporter = { organization: "Tỉnh Mẫu", contact: "quan-tri@tinh.example", from: "postmaster@tinh.example", domain: "tinh.example" }
const request = { day: "2026-11-26", domain: "xa.example", reportId: "20261126.abc@tinh.example" }
const sts = { policyType: "sts" as const, policyString: ["version: STSv1", "mode: enforce", "mx: *.xa.example", "max_age: 86400"], mxPatterns: ["*.xa.example"] }
const count = (more: Partial<TlsSessionCount> = {}): TlsSessionCount => ({ day: request.day, domain: "xa.example", ...sts, mxHost: "mx1.xa.example", receivingIp: "192.0.2.1", sendingIp: "198.51.100.7", result: "success", reason: "", sessions: 1, ...more })
const report = (counts: readonly TlsSessionCount[], outboundAddresses: readonly string[] = []) => tlsReport({ ...request, counts, reporter, outboundAddresses })

test("a day of one domain in the form of RFC 8460 §4.4: its policies, most used first, with all that failed", () => {
  expect(
    report([
      count({ sessions: 5 }),
      count({ sessions: 2, mxHost: "mx2.xa.example", receivingIp: "2001:db8::2", sendingIp: "2001:db8::7" }),
      count({ result: "certificate-expired", reason: "has a certificate that ended on 2026-11-25", sessions: 3 }),
      count({ result: "sts-policy-fetch-error", reason: "mta-sts.xa.example cannot be asked", policyString: [], mxPatterns: [], mxHost: "", receivingIp: "", sendingIp: "" }),
      count({ policyType: "tlsa", policyString: ["3 1 1 ab"], mxPatterns: [], result: "dnssec-invalid", reason: "", sessions: 2, sendingIp: "" }),
      count({ policyType: "no-policy-found", policyString: [], mxPatterns: [], sessions: 4 }),
    ]),
  ).toEqual({
    "organization-name": "Tỉnh Mẫu",
    "date-range": { "start-datetime": "2026-11-26T00:00:00Z", "end-datetime": "2026-11-26T23:59:59Z" },
    "contact-info": "quan-tri@tinh.example",
    "report-id": "20261126.abc@tinh.example",
    policies: [
      {
        policy: { "policy-type": "sts", "policy-string": sts.policyString, "policy-domain": "xa.example", "mx-host": ["*.xa.example"] },
        summary: { "total-successful-session-count": 7, "total-failure-session-count": 3 },
        "failure-details": [{ "result-type": "certificate-expired", "sending-mta-ip": "198.51.100.7", "receiving-mx-hostname": "mx1.xa.example", "receiving-ip": "192.0.2.1", "failed-session-count": 3, "failure-reason-code": "has a certificate that ended on 2026-11-25" }],
      },
      { policy: { "policy-type": "no-policy-found", "policy-domain": "xa.example" }, summary: { "total-successful-session-count": 4, "total-failure-session-count": 0 } },
      {
        policy: { "policy-type": "tlsa", "policy-string": ["3 1 1 ab"], "policy-domain": "xa.example" },
        summary: { "total-successful-session-count": 0, "total-failure-session-count": 2 },
        "failure-details": [{ "result-type": "dnssec-invalid", "receiving-mx-hostname": "mx1.xa.example", "receiving-ip": "192.0.2.1", "failed-session-count": 2 }],
      },
      {
        policy: { "policy-type": "sts", "policy-string": [], "policy-domain": "xa.example", "mx-host": [] },
        summary: { "total-successful-session-count": 0, "total-failure-session-count": 1 },
        "failure-details": [{ "result-type": "sts-policy-fetch-error", "failed-session-count": 1, "failure-reason-code": "mta-sts.xa.example cannot be asked" }],
      },
    ],
  })
})

test("the address that others see is told, where the configuration knows it", () => {
  const seen = (sendingIp: string, ...outbound: readonly string[]): unknown => report([count({ result: "validation-failure", sendingIp })], outbound).policies[0]?.["failure-details"]?.[0]?.["sending-mta-ip"]
  expect(seen("10.0.0.5", "203.0.113.5", "2001:db8::5")).toBe("203.0.113.5")
  expect(seen("203.0.113.6", "203.0.113.5", "203.0.113.6")).toBe("203.0.113.6")
  expect(seen("fd00::5", "203.0.113.5", "2001:db8::5")).toBe("2001:db8::5")
  expect(seen("::ffff:10.0.0.5")).toBe("10.0.0.5")
})

test("what fails in a thousand ways is told in a bounded report whose figures are right", () => {
  const rows = Array.from({ length: 1_000 }, (_, at) => count({ result: at % 2 === 0 ? "validation-failure" : "certificate-expired", receivingIp: `192.0.2.${at}`, sessions: 1_000 - at, reason: "x".repeat(5_000) }))
  const [policy, ...others] = report(rows).policies
  expect(others).toEqual([])
  const details = policy?.["failure-details"] ?? []
  expect(details.length).toBe(302)
  const sum = details.reduce((total, row) => total + row["failed-session-count"], 0)
  expect(sum).toBe(500_500)
  expect(policy?.summary["total-failure-session-count"]).toBe(sum)
  expect(JSON.stringify(report(rows)).length).toBeLessThan(200_000)
  expect(report(Array.from({ length: 500 }, (_, at) => count({ policyString: [`id: ${at}`] }))).policies.length).toBe(50)
})

test("the mail around it says what RFC 8460 §5.3 asks for, and we can read it ourselves", async () => {
  const maker = createTlsReportMaker({
    counts: { domains: async () => ["xa.example"], ofDomain: async () => [count({ sessions: 3 }), count({ result: "validation-failure" })] }, outboundAddresses: [],
    resolver: { resolve: async () => ({ kind: "records", records: ["v=TLSRPTv1; rua=mailto:bao-cao@xa.example"] as never, secure: false, canonicalName: "" }) },
  })
  const made = await maker.make(request, reporter)
  if (made === "later" || !made.body) throw new Error("no report")
  expect(made).toMatchObject({ uris: ["mailto:bao-cao@xa.example"], total: 4, failed: 1 })
  const longDomain = `${"mot-don-vi-co-ten-rat-dai.".repeat(4)}xa.example`
  for (const domain of ["xa.example", longDomain]) {
    const bytes = reportMessage({ letter: maker.letter({ ...request, domain }), body: made.body, reporter, to: "bao-cao@xa.example", messageId: "1@tinh.example", now: Date.UTC(2026, 10, 27, 1), boundary: "=_b" })
    for (const line of bytes.toString("latin1").split("\r\n")) expect(line.length, line).toBeLessThanOrEqual(250)
    const header = Object.fromEntries(parseHeader(bytes.subarray(0, bytes.indexOf("\r\n\r\n") + 4)).map(({ name, value }) => [name, value.replace(/\r\n(?=[ \t])/g, "")]))
    expect(header).toMatchObject({
      subject: `Report Domain: ${domain} Submitter: tinh.example Report-ID: <20261126.abc@tinh.example>`,
      "tls-report-domain": domain, "tls-report-submitter": "tinh.example", "tls-required": "No", "auto-submitted": "auto-generated", to: "<bao-cao@xa.example>",
      "content-type": 'multipart/report; report-type="tlsrpt"; boundary="=_b"',
    })
    const mail = await simpleParser(bytes)
    expect(mail.from?.value).toEqual([{ name: "Tỉnh Mẫu", address: "postmaster@tinh.example" }])
    expect(mail.text).toContain("2026-11-26 (UTC)")
    const [attachment] = mail.attachments
    expect(attachment).toMatchObject({ contentType: "application/tlsrpt+gzip", filename: `tinh.example!${domain}!1795651200!1795737599.json.gz` })
    expect(JSON.parse(gunzipSync(attachment?.content ?? "").toString())).toMatchObject({ "report-id": request.reportId, policies: [{ summary: { "total-successful-session-count": 3 } }] })
    expect(readReportMail(bytes)).toMatchObject({ kind: "report", received: { kind: "tls", report: { organization: "Tỉnh Mẫu", reportId: request.reportId, policies: [{ domain: "xa.example", successful: 3, failed: 1 }] } } })
  }
})

test("reports are from a public domain, or by decision", () => {
  const directory = (...known: readonly string[]) => ({ resolve: (address: string) => (known.includes(address) ? ({ kind: "group", group: { address, displayName: "", allowedSenders: null, members: [] } } as const) : ({ kind: "unknown" } as const)) })
  const settings = { send: "auto", from: "", organization: "", contact: "" } as const
  expect(reporterOf(settings, directory("postmaster@tinh.gov.vn"), "mail.tinh.gov.vn")).toEqual({ kind: "reporter", reporter: { from: "postmaster@tinh.gov.vn", domain: "tinh.gov.vn", organization: "tinh.gov.vn", contact: "postmaster@tinh.gov.vn" } })
  expect(reporterOf({ ...settings, from: "bao-cao@tỉnh.vn", organization: "Tỉnh", contact: "https://tinh.vn/" }, directory(), "mail.tinh.example")).toMatchObject({ reporter: { domain: "xn--tnh-dlz.vn", organization: "Tỉnh", contact: "https://tinh.vn/" } })
  for (const hostname of ["mail.tinh.example", "mail.example.com", "tinh.test", "localhost", "thu.noi-bo.internal"]) {
    expect(reporterOf(settings, directory(), hostname), hostname).toMatchObject({ kind: "notPublic" })
    expect(reporterOf({ ...settings, send: "on" }, directory(), hostname), hostname).toMatchObject({ kind: "reporter" })
  }
  expect(reporterOf({ ...settings, send: "off" }, directory(), "mail.tinh.gov.vn")).toEqual({ kind: "off" })
})
