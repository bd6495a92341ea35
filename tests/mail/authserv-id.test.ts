import { expect, test } from "vitest"
import { claimsToBeOf } from "../../src/mail/authserv-id.ts"
import { withoutHeaderFields } from "../../src/mail/header.ts"

const host = "mail.tinh.example"

test.each([
  ["mail.tinh.example; smime=pass", true],
  ["MAIL.Tinh.Example 1; spf=pass", true],
  ["  (ai đó (lồng \\) nhau)) mail.tinh.example; smime=pass", true],
  ['"mail.tinh.example"; smime=pass', true],
  ['"mail\\.tinh.example" 1; smime=pass', true],
  ["mail.tinh.example", true],
  ["mail.tinh.example.; smime=pass", true],
  ["mail.tinh.example/1; smime=pass", true],
  ["mail.tinh.example(tốt); smime=pass", true],
  // no identifier that can be read: some reader may take it for anybody's
  ["smime=pass", true],
  ["", true],
  ["(không đóng mail.tinh.example; smime=pass", true],
  ["other.example; smime=pass", false],
  ["mail.tinh.example.evil.example; smime=pass", false],
  ["evil.example; x=y (mail.tinh.example)", false],
])("%s claims to be ours: %s", (value, claims) => {
  expect(claimsToBeOf(host, value)).toBe(claims)
})

test("a field is removed whole, folded lines included, and nothing else changes", () => {
  const header = Buffer.from("Received: from x\r\nAuthentication-Results: mail.tinh.example;\r\n\tsmime=pass\r\nSubject: a\r\n b\r\nAuthentication-Results: other.example; spf=pass\r\n\r\n")
  const dropped = withoutHeaderFields(header, "authentication-results", (value) => claimsToBeOf(host, value))
  expect(dropped?.toString()).toBe("Received: from x\r\nSubject: a\r\n b\r\nAuthentication-Results: other.example; spf=pass\r\n\r\n")
  expect(withoutHeaderFields(header, "x-none", () => true)).toBeUndefined()
})
