import { gzipSync } from "node:zlib"
import fc from "fast-check"
import { expect, test } from "vitest"
import { readReportMail } from "../../src/reports/read-report-mail.ts"
import { readTlsReport } from "../../src/reports/read-tls-report.ts"
import { maxReportBytes } from "../../src/reports/report-gunzip.ts"
import { reportMail, theirReport } from "../support/tls-reports.ts"

const read = (value: unknown) => readTlsReport(Buffer.from(JSON.stringify(value)))
const whole = theirReport()

test("what RFC 8460 §4.4 knows is read", () => {
  expect(read(whole)).toEqual({
    ok: true,
    value: {
      organization: "Công ty Mẫu", contact: "tls@gui.example", reportId: "1@gui.example", beginsAt: Date.UTC(2026, 10, 26), endsAt: Date.UTC(2026, 10, 26, 23, 59, 59),
      policies: [
        {
          domain: "tinh.example", policyType: "sts", policyString: ["version: STSv1", "mode: testing"], mxHosts: ["mail.tinh.example"], successful: 5_326, failed: 303, leftOut: 0,
          failures: [
            { resultType: "certificate-expired", sendingIp: "2001:db8::1", mxHost: "mail.tinh.example", helo: "", receivingIp: "192.0.2.7", sessions: 100, reasonCode: "", information: "" },
            { resultType: "starttls-not-supported", sendingIp: "", mxHost: "mail.tinh.example", helo: "mail", receivingIp: "", sessions: 203, reasonCode: "X509", information: "https://gui.example/?id=1" },
          ],
        },
      ],
    },
  })
})

const policy = (more: object) => ({ ...whole, policies: [{ ...whole.policies[0], ...more }] })
test.each<[name: string, value: unknown, expected: object]>([
  ["what nobody knows", { ...whole, later: { a: [] } }, { reportId: "1@gui.example" }],
  ["a report id in angle brackets", { ...whole, "report-id": "<1@gui.example>" }, { reportId: "1@gui.example" }],
  ["no contact and no organization", { ...whole, "contact-info": null, "organization-name": undefined }, { contact: "", organization: "" }],
  ["a host that is no list, a policy without lines, no failures", policy({ policy: { "policy-type": "STS", "policy-domain": "Tinh.Example.", "mx-host": "mail.tinh.example" }, "failure-details": null }), { policies: [{ domain: "tinh.example", policyType: "sts", mxHosts: ["mail.tinh.example"], policyString: [], failures: [] }] }],
  ["what a terminal or the store would not take", { ...whole, "organization-name": "a\u0000\u001b[31mb\ud800" }, { organization: "a [31mb\ufffd" }],
  ["a time with an offset", { ...whole, "date-range": { "start-datetime": "2026-11-26T07:00:00+07:00", "end-datetime": "2026-11-26T23:59:59.5Z" } }, { beginsAt: Date.UTC(2026, 10, 26) }],
  ["more failures than are kept", policy({ "failure-details": Array.from({ length: 700 }, () => ({ "result-type": "validation-failure", "failed-session-count": 1 })) }), { policies: [{ leftOut: 200, failures: expect.objectContaining({ length: 500 }) }] }],
])("taken: %s", (_name, value, expected) => expect(read(value)).toMatchObject({ ok: true, value: expected }))

test.each<[name: string, value: unknown, failure: string]>([
  ["a list", [], "the whole is not as RFC 8460 has it"],
  ["null", null, "the whole is not as RFC 8460 has it"],
  ["no id", { ...whole, "report-id": " " }, "report-id is not as RFC 8460 has it"],
  ["no policies", { ...whole, policies: [] }, "policies is not as RFC 8460 has it"],
  ["too many policies", { ...whole, policies: Array.from({ length: 101 }, () => whole.policies[0]) }, "policies is not as RFC 8460 has it"],
  ["a time that is none", { ...whole, "date-range": { "start-datetime": "yesterday", "end-datetime": "2026-11-26T23:59:59Z" } }, "date-range.start-datetime is not as RFC 8460 has it"],
  ["an end before the beginning", { ...whole, "date-range": { "start-datetime": "2026-11-27T00:00:00Z", "end-datetime": "2026-11-26T23:59:59Z" } }, "date-range is not as RFC 8460 has it"],
  ["a count below zero", policy({ summary: { "total-successful-session-count": -1, "total-failure-session-count": 0 } }), "policies.0.summary.total-successful-session-count is not as RFC 8460 has it"],
  ["a count beyond counting", policy({ summary: { "total-successful-session-count": 1e300, "total-failure-session-count": 0 } }), "policies.0.summary.total-successful-session-count is not as RFC 8460 has it"],
  ["a domain that is none", policy({ policy: { "policy-type": "sts", "policy-domain": "a\nb" } }), "policies.0.policy.policy-domain is not as RFC 8460 has it"],
  ["a failure without a count", policy({ "failure-details": [{ "result-type": "validation-failure" }] }), "policies.0.failure-details.0.failed-session-count is not as RFC 8460 has it"],
])("refused: %s", (_name, value, failure) => expect(read(value)).toEqual({ ok: false, failure }))

test("what is no JSON is refused, however deep", () => {
  for (const text of ["", "{", "\u0000", "[".repeat(1_000_000), `${"[".repeat(200_000)}${"]".repeat(200_000)}`]) expect(readTlsReport(Buffer.from(text)).ok).toBe(false)
})

const badly = (bytes: Uint8Array, type = "application/tlsrpt+gzip"): unknown => readReportMail(Buffer.from(reportMail({ attachment: bytes, type })))

test("a mail is a report by its media type, or by what it says of itself and its file's name; others are not", () => {
  const json = Buffer.from(JSON.stringify(whole))
  const kind = (options: Parameters<typeof reportMail>[0]): string => readReportMail(Buffer.from(reportMail(options))).kind
  expect(kind({ attachment: gzipSync(json) })).toBe("report")
  expect(kind({ attachment: json, type: "application/tlsrpt+json" })).toBe("report")
  expect(kind({ attachment: gzipSync(json), type: "application/octet-stream" })).toBe("report")
  expect(kind({ attachment: gzipSync(json), type: "application/octet-stream", says: false })).toBe("other")
  expect(kind({ attachment: json, type: "text/plain", says: false })).toBe("other")
  expect(readReportMail(Buffer.from("Subject: xin\r\n\r\nchao\r\n")).kind).toBe("other")
  expect(readReportMail(Buffer.alloc(0)).kind).toBe("other")
})

test("what is not whole, and what unpacks to more than a report can have, is refused", () => {
  const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024, 0x20))
  const large = gzipSync(Buffer.concat([Buffer.from(JSON.stringify(whole)), Buffer.alloc(maxReportBytes, 0x20)]), { level: 0 })
  const tooMuch = { kind: "bad", of: "tls", reason: "it unpacks to more than a report can have" }
  expect(badly(bomb)).toEqual(tooMuch)
  expect(badly(large)).toEqual(tooMuch)
  expect(badly(gzipSync("{}").subarray(0, 15))).toEqual({ kind: "bad", of: "tls", reason: "it is no whole gzip file" })
  expect(badly(Buffer.from("hello"), "application/tlsrpt+json")).toEqual({ kind: "bad", of: "tls", reason: "it is no JSON" })
})

test("whatever JSON comes, it is read into bounded texts or refused with one clause, and nothing is thrown", () => {
  const place = fc.constantFrom("organization-name", "date-range", "contact-info", "report-id", "policies", "policy", "summary", "failure-details")
  const mutated = fc.tuple(place, fc.jsonValue()).map(([key, value]) => (key in whole ? { ...whole, [key]: value } : policy({ [key]: value })))
  fc.assert(
    fc.property(fc.oneof(mutated, fc.jsonValue()), (value) => {
      const result = read(value)
      if (!result.ok) {
        expect(result.failure).toMatch(/^(?:[\w.-]+|the whole) is not as RFC 8460 has it$/)
        return
      }
      const texts = JSON.stringify(result.value, (_key, one: unknown) => (typeof one === "string" && (one.length > 500 || /\p{Cc}/u.test(one) || !one.isWellFormed()) ? "BAD" : one))
      expect(texts).not.toContain("BAD")
    }),
    { numRuns: 2_000 },
  )
})

test("whatever bytes come as an attachment, the mail is read", () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.tuple(fc.nat(300), fc.nat(255)).map(([at, byte]) => {
    const gz = gzipSync(JSON.stringify(whole))
    gz[at % gz.length] = byte
    return gz
  }))
  fc.assert(fc.property(bytes, (attachment) => void expect(["report", "bad"]).toContain(readReportMail(Buffer.from(reportMail({ attachment }))).kind)), { numRuns: 500 })
})
