import { array, assert, constantFrom, property, string } from "fast-check"
import { simpleParser } from "mailparser"
import { describe, expect, test } from "vitest"
import { buildDsn, dsnMessageId } from "../../src/delivery/dsn.ts"
import { ContentScanner } from "../../src/mail/content-scanner.ts"
import type { OwedDsn } from "../../src/store/delivery-store.ts"

const scanAll = (bytes: Uint8Array) => {
  const scanner = new ContentScanner()
  scanner.push(bytes)
  return scanner.finish()
}

const at = Date.UTC(2026, 10, 23, 14, 38, 27)

const owed = (more: Partial<OwedDsn> = {}): OwedDsn => ({
  kind: "failure", deliveryId: 7, envelopeId: 3, reversePath: "an@tinh.example", recipient: "bo@xa.example", originalRecipient: "rfc822;bo@xa.example", envid: "QL 7", ret: null,
  acceptedAt: at - 60_000, settledAt: at - 1_000, expiresAt: at + 86_400_000, relayed: false, status: "5.1.1", diagnostic: "550 5.1.1 No such user", remoteMta: "mx.xa.example [192.0.2.1]",
  content: Buffer.alloc(32), source: "submission", requireTls: false, ...more,
})
const header = Buffer.from("Message-ID: <goc-1@tinh.example>\r\nSubject: =?UTF-8?B?VGjGsA==?=\r\nFrom: an@tinh.example\r\n")
const build = (list: readonly [OwedDsn, ...OwedDsn[]], returned: Parameters<typeof buildDsn>[0]["returned"] = { kind: "headers", bytes: header }) =>
  buildDsn({ owed: list, hostname: "mail.tinh.example", now: at, returned, boundary: "=_dsn_test" })
const bytesOf = (dsn: { readonly chunks: readonly Uint8Array[] }): Buffer => Buffer.concat(dsn.chunks)

/** Bodies of the three parts, as the MIME delimiters cut them. */
const partsOf = (bytes: Buffer): string[] => bytes.toString("latin1").split(/\r\n--=_dsn_test(?:--)?\r\n/).slice(1, 4)
const statusOf = (bytes: Buffer): string => (partsOf(bytes)[1] ?? "").split("\r\n\r\n").slice(1).join("\r\n\r\n")

describe("a DSN", () => {
  test("of a failure, word for word", () => {
    const bytes = bytesOf(build([owed()]))
    const text = bytes.toString("latin1")
    expect(text.slice(0, text.indexOf("\r\n--=_dsn_test"))).toBe(
      [
        "From: Mail Delivery System <MAILER-DAEMON@mail.tinh.example>",
        "To: <an@tinh.example>",
        "Subject: =?UTF-8?B?S2jDtG5nIGNodXnhu4NuIMSRxrDhu6NjIHRoxrAgLyBVbmRlbGl2ZXJl?=",
        " =?UTF-8?B?ZCBtYWls?=",
        "Date: Mon, 23 Nov 2026 21:38:27 +0700",
        `Message-ID: <${dsnMessageId([owed()], "mail.tinh.example")}>`,
        "In-Reply-To: <goc-1@tinh.example>",
        "References: <goc-1@tinh.example>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        ' boundary="=_dsn_test"',
        "",
        "",
      ].join("\r\n"),
    )
    expect(partsOf(bytes)[1]).toBe(
      [
        "Content-Type: message/delivery-status",
        "Content-Transfer-Encoding: 7bit",
        "",
        "Original-Envelope-Id: QL 7",
        "Reporting-MTA: dns; mail.tinh.example",
        "Arrival-Date: Mon, 23 Nov 2026 21:37:27 +0700",
        "",
        "Original-Recipient: rfc822; bo@xa.example",
        "Final-Recipient: rfc822; bo@xa.example",
        "Action: failed",
        "Status: 5.1.1",
        "Remote-MTA: dns; mx.xa.example",
        "Diagnostic-Code: smtp; 550 5.1.1 No such user",
        "Last-Attempt-Date: Mon, 23 Nov 2026 21:38:26 +0700",
        "",
      ].join("\r\n"),
    )
    expect(partsOf(bytes)[2]).toBe(`Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: 7bit\r\n\r\n${header.toString()}`)
    expect(bytes.every((byte) => byte < 0x80)).toBe(true)
  })

  test("is read by mailparser and by our own scanner", async () => {
    const bytes = bytesOf(build([owed(), owed({ deliveryId: 8, recipient: "co@xa.example", originalRecipient: "co@xa.example" })]))
    const parsed = await simpleParser(bytes)
    expect(parsed.subject).toBe("Không chuyển được thư / Undelivered mail")
    expect(parsed.text).toContain("Thư của bạn không chuyển được")
    expect(parsed.text).toContain("could not be delivered")
    expect(parsed.text).toContain("co@xa.example")
    const scanned = scanAll(bytes)
    expect(scanned.structure.root.children).toHaveLength(3)
    expect(scanned.structure.bodyStructure).toMatch(/"REPORT"/i)
    expect(scanned.structure.messageId).toBe(dsnMessageId([owed(), owed({ deliveryId: 8 })], "mail.tinh.example"))
    expect(scanned.searchText.body).toContain("could not be delivered")
  })

  test.each([
    { name: "a delay", more: { kind: "delay", status: "4.4.1", diagnostic: "no connection within 30 s", remoteMta: "" }, fields: ["Action: delayed", "Diagnostic-Code: x-local; no connection within 30 s", "Will-Retry-Until: Tue, 24 Nov 2026 21:38:27 +0700", "Last-Attempt-Date: Mon, 23 Nov 2026 21:38:27 +0700"] },
    { name: "a delivery here", more: { kind: "success", status: "2.0.0", diagnostic: "", remoteMta: "" }, fields: ["Action: delivered", "Status: 2.0.0"] },
    { name: "a delivery passed on", more: { kind: "success", status: "2.0.0", diagnostic: "250 ok", relayed: true }, fields: ["Action: relayed", "Remote-MTA: dns; mx.xa.example"] },
    { name: "an expiry", more: { status: "5.4.7", diagnostic: "no connection" }, fields: ["Action: failed", "Status: 5.4.7"] },
  ] as const)("of $name", ({ more, fields }) => {
    const lines = statusOf(bytesOf(build([owed(more)]))).split("\r\n")
    for (const field of fields) expect(lines).toContain(field)
    expect(lines.some((line) => line.startsWith("Remote-MTA"))).toBe(!("remoteMta" in more) || more.remoteMta !== "")
  })

  test("returns the whole message when it was asked for, byte for byte", async () => {
    const original = Buffer.from("Subject: x\r\n\r\nthân thư\r\n--=_khac\r\n")
    const bytes = bytesOf(build([owed({ ret: "full" })], { kind: "full", bytes: original }))
    expect(partsOf(bytes)[2]).toBe(`Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${original.toString("latin1")}`)
  })

  test("with UTF-8 addresses uses the types of RFC 6533", () => {
    const dsn = build([owed({ recipient: "hộp@xa.example", originalRecipient: "hộp@xa.example" })])
    const text = bytesOf(dsn).toString()
    expect(dsn.utf8).toBe(true)
    expect(text).toContain("Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit")
    expect(text).toContain("Final-Recipient: utf-8; hộp@xa.example\r\n")
    expect(text).toContain("Content-Type: message/global-headers")
  })

  test("a hostile peer's words end no field and no part", () => {
    const words = `550 no\r\nAction: delivered\r\n\r\n--=_dsn_test--\r\nthư ${"dài ".repeat(200)}`
    const bytes = bytesOf(build([owed({ diagnostic: words })]))
    expect(partsOf(bytes)).toHaveLength(3)
    expect(statusOf(bytes).match(/^Action: /gm)).toHaveLength(1)
    for (const line of statusOf(bytes).split("\r\n")) expect(line.length).toBeLessThanOrEqual(78)
    expect(bytes.every((byte) => byte < 0x80)).toBe(true)
  })

  test("whatever peers and senders say, the fields stay fields", () => {
    const words = string({ unit: "binary", maxLength: 1_200 })
    assert(
      property(array(words, { minLength: 4, maxLength: 4 }), constantFrom("failure", "delay", "success"), ([diagnostic = "", envid = "", original = "", remoteMta = ""], kind) => {
        const bytes = bytesOf(build([owed({ kind, diagnostic, envid, originalRecipient: original, remoteMta }), owed({ kind, deliveryId: 8 })]))
        expect(partsOf(bytes)).toHaveLength(3)
        const status = statusOf(bytes)
        expect(status.match(/^Action: /gm)).toHaveLength(2)
        expect(status.split("\r\n\r\n")).toHaveLength(3)
        expect(bytes.toString("latin1")).not.toMatch(/\r(?!\n)|(?<!\r)\n/)
        for (const line of bytes.toString("latin1").split("\r\n")) expect(line.length).toBeLessThanOrEqual(998)
      }),
      { numRuns: 300 },
    )
  })

  test("the Message-ID depends on what is told, not on when or in what order", () => {
    const [one, two] = [owed(), owed({ deliveryId: 8 })]
    expect(dsnMessageId([one, two], "h")).toBe(dsnMessageId([two, { ...one, settledAt: 1 }], "h"))
    expect(dsnMessageId([one], "h")).not.toBe(dsnMessageId([{ ...one, kind: "delay" }], "h"))
  })
})
