import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseHeader } from "../../src/mail/header.ts"
import { authenticationResults, received, returnPath, withProtocol } from "../../src/mail/trace-header.ts"

const facts = {
  helo: "client.example", clientAddress: "192.0.2.1", host: "mail.tinh.example", extended: true, tls: "TLSv1.3 TLS_AES_256_GCM_SHA384",
  authenticated: true, smtpUtf8: false, id: "abc", at: Date.UTC(2026, 10, 23, 14, 38, 27),
}

test("Received (RFC 5321 §4.4)", () => {
  expect(received({ ...facts, recipient: "b@tinh.example" })).toBe(
    "Received: from client.example ([192.0.2.1]) by mail.tinh.example with\r\n\tESMTPSA id abc for <b@tinh.example> tls TLS_AES_256_GCM_SHA384;\r\n\tMon, 23 Nov 2026 21:38:27 +0700\r\n",
  )
  expect(received({ ...facts, clientAddress: "2001:db8::1", tls: null })).toContain("([IPv6:2001:db8::1])")
  expect(received({ ...facts, tls: "TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256" })).toContain("(TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256);")
})

test.each([
  [false, null, false, false, "SMTP"], [true, null, false, false, "ESMTP"], [true, "t", false, false, "ESMTPS"], [true, "t", true, false, "ESMTPSA"], [true, null, true, false, "ESMTPA"],
  [true, null, false, true, "UTF8SMTP"], [true, "t", true, true, "UTF8SMTPSA"],
])("WITH of extended %s, TLS %s, authenticated %s, SMTPUTF8 %s (RFC 3848, RFC 6531 §4.3)", (extended, tls, authenticated, smtpUtf8, name) => {
  expect(withProtocol({ extended, tls, authenticated, smtpUtf8 })).toBe(name)
})

test("Return-Path", () => {
  expect(returnPath("")).toBe("Return-Path: <>\r\n")
  expect(returnPath("a@x.example>\r\nX: y")).toBe("Return-Path: <a@x.exampleX: y>\r\n")
})

test("Authentication-Results (RFC 8601 §2.2)", () => {
  expect(authenticationResults("mail.tinh.example", [])).toBe("Authentication-Results: mail.tinh.example; none\r\n")
  expect(authenticationResults("mail.tinh.example", [
    { method: "spf", result: "pass", properties: [["smtp.mailfrom", "a@x.example"]] },
    { method: "dkim", result: "fail", reason: 'bad "hash"', properties: [["header.d", "x.example"], ["header.b", "ab/c="]] },
  ])).toBe('Authentication-Results: mail.tinh.example; spf=pass\r\n\tsmtp.mailfrom=a@x.example; dkim=fail reason="bad \\"hash\\""\r\n\theader.d=x.example header.b="ab/c="\r\n')
})

describe("whatever a peer says", () => {
  const hostile = fc.string({ unit: "binary", maxLength: 1_200 })
  const wellFormed = (text: string, name: string): void => {
    expect(text.endsWith("\r\n")).toBe(true)
    expect(text).not.toMatch(/(?<!\r)\n|\r(?!\n)|\0/)
    for (const line of text.split("\r\n")) expect(line.length).toBeLessThanOrEqual(998)
    expect(parseHeader(Buffer.from(text)).map((field) => field.name)).toEqual([name])
  }

  test("each builder writes exactly one field of lawful lines", () => {
    fc.assert(fc.property(hostile, hostile, (one, two) => {
      wellFormed(received({ ...facts, helo: one, clientAddress: two, id: one, recipient: two, tls: one }), "received")
      wellFormed(returnPath(one), "return-path")
      wellFormed(authenticationResults(one, [{ method: two, result: one, reason: two, properties: [[one, two], ["smtp.helo", one]] }]), "authentication-results")
    }))
  })
})
