import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseHeader } from "../../src/mail/header.ts"
import { libraryText, replyText, replies } from "../../src/smtp/reply.ts"
import { fixHeader } from "../../src/smtp/submission-fixups.ts"
import { claimedAddresses } from "../../src/smtp/submitted-header.ts"
import { TopHeader } from "../../src/smtp/top-header.ts"

describe("the top-level header in a stream", () => {
  test("is found whatever the pieces, and no byte is lost", () => {
    fc.assert(
      fc.property(fc.constantFrom("A: b\r\n\r\nbody\r\n\r\nmore", "\r\nbody", "A: b\r\n c\r\nD: e\r\n\r\n", "A: b\r\n"), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }), (message, sizes) => {
        const header = new TopHeader(1_000)
        let at = 0
        let turn = 0
        let found = header.push(Buffer.alloc(0))
        while (found === "more" && at < message.length) {
          const size = sizes[turn++ % sizes.length] ?? 1
          found = header.push(Buffer.from(message.slice(at, at + size)))
          at += size
        }
        if (found === "tooLarge") throw new Error("too large")
        const { whole, headerBytes } = found === "more" ? header.end() : found
        expect(whole.toString() + message.slice(at)).toBe(message)
        const end = message.startsWith("\r\n") ? 2 : message.includes("\r\n\r\n") ? message.indexOf("\r\n\r\n") + 4 : message.length
        expect(headerBytes).toBe(end)
      }),
    )
  })

  test("has an upper bound", () => {
    const header = new TopHeader(100)
    expect(header.push(Buffer.alloc(100, 65))).toBe("more")
    expect(header.push(Buffer.alloc(1, 65))).toBe("tooLarge")
    expect(new TopHeader(100).push(Buffer.from(`${"A".repeat(100)}\r\n\r\n`))).toBe("tooLarge")
  })
})

describe("fix-ups of submitted mail (RFC 6409 §8)", () => {
  const fix = (header: string): string | undefined => {
    const bytes = Buffer.from(header)
    return fixHeader({ header: bytes, fields: parseHeader(bytes), now: Date.parse("2026-06-15T03:00:00Z"), newMessageId: () => "new@mail.tinh.example" })?.toString()
  }
  const date = "Date: Mon, 15 Jun 2026 10:00:00 +0700\r\n"

  test.each([
    ["From: a@b\r\n\r\n", `${date}Message-ID: <new@mail.tinh.example>\r\nFrom: a@b\r\n\r\n`],
    ["Date: x\r\nFrom: a@b\r\n\r\n", "Message-ID: <new@mail.tinh.example>\r\nDate: x\r\nFrom: a@b\r\n\r\n"],
    ["DATE: x\r\nmessage-id: <1>\r\n\r\n", undefined],
    ["Date: x\r\nMessage-ID: <1>\r\nBcc: a@b,\r\n c@d\r\nSubject: y\r\n\r\n", "Date: x\r\nMessage-ID: <1>\r\nSubject: y\r\n\r\n"],
    ["Date: x\r\nMessage-ID: <1>\r\nResent-Bcc: a@b\r\n\r\n", "Date: x\r\nMessage-ID: <1>\r\n\r\n"],
    // an S/MIME signature covers the part below, not this header
    ["Content-Type: multipart/signed\r\nBcc: a@b\r\nDate: x\r\nMessage-ID: <1>\r\n\r\n", "Content-Type: multipart/signed\r\nDate: x\r\nMessage-ID: <1>\r\n\r\n"],
    ["DKIM-Signature: v=1; h=from:date:bcc\r\nBcc: a@b\r\n\r\n", undefined],
    ["From: a@b\r\n", `${date}Message-ID: <new@mail.tinh.example>\r\nFrom: a@b\r\n`],
  ])("%j", (header, expected) => {
    expect(fix(header)).toBe(expected)
  })
})

describe("who a submitted message is from (RFC 5322 §3.6)", () => {
  const claims = (header: string): unknown => {
    const result = claimedAddresses(parseHeader(Buffer.from(`${header}\r\n\r\n`)))
    return result.ok ? [result.value.headerFrom, result.value.headerSender] : result.failure.text.slice(0, 40)
  }

  test.each([
    ["From: a@b.example", [["a@b.example"], []]],
    ["From: =?utf-8?q?An?= <a@b.example>, \"x@y\" <c@d.example>\r\nSender: a@b.example", [["a@b.example", "c@d.example"], ["a@b.example"]]],
    ["From: nhóm: a@b.example, c@d.example;", [["a@b.example", "c@d.example"], []]],
    ["From: thư@tỉnh.example", [["thư@tỉnh.example"], []]],
  ])("%j", (header, expected) => {
    expect(claims(header)).toEqual(expected)
  })

  test.each(["Subject: x", "From: a@b.example\r\nFrom: a@b.example", "From:", "From: undisclosed:;", "From: giám đốc, a@b.example", "From: a@b.example\r\nfrom: c@d.example"])("%j is refused", (header) => {
    expect(claims(header)).toBe(replies.oneFrom.text.slice(0, 40))
  })

  test("a From: field of thousands of addresses is refused before it is parsed", () => {
    expect(claims(`From: ${"a@b.example,".repeat(1_000)}`)).toBe(replies.headerTooBig.text.slice(0, 40))
  })

  test.each(["Sender: a@b.example, c@d.example", "Sender: a@b.example\r\nSender: a@b.example", "Sender:", "Sender: x"])("%j is refused", (header) => {
    expect(claims(`From: a@b.example\r\n${header}`)).toBe(replies.oneSender.text.slice(0, 40))
  })
})

describe("reply text", () => {
  test("begins with the enhanced code, is ASCII without SMTPUTF8, and fits a line (RFC 5321 §4.5.3.1.5)", () => {
    const long = { code: 550, status: "5.7.1", text: `Địa chỉ ${"ư".repeat(600)}` } as const
    expect(replyText(replies.notAuthenticated, false)).toBe("5.7.8 Sai ten dang nhap hoac mat khau / Authentication failed")
    expect(replyText(replies.notAuthenticated, true)).toContain("mật khẩu")
    expect(Buffer.byteLength(replyText(long, true))).toBeLessThanOrEqual(500)
    expect(replyText(long, true)).not.toContain("\ufffd")
    for (const reply of Object.values(replies)) expect(Math.floor(reply.code / 100)).toBe(Number(reply.status[0]))
  })

  test.each([
    [220, "mail ESMTP", false, "mail ESMTP"], [250, "mail Nice to meet you", false, "mail Nice to meet you"], [354, "End data", undefined, "End data"], [334, "", undefined, ""],
    [250, "Flushed", undefined, "2.0.0 Flushed"], [250, "Accepted", "MAIL_FROM_OK", "2.1.0 Accepted"], [501, "Error: syntax: EHLO hostname", false, "5.5.4 syntax: EHLO hostname"],
    [421, "Timeout - closing connection", undefined, "4.4.2 Timeout - closing connection"], [421, "Server shutting down", "NOOP", "4.3.2 Server shutting down"],
    [421, "Error: Command line too long", undefined, "4.5.2 Command line too long"], [421, "mail You talk too soon", "EHLO", "4.7.0 mail You talk too soon"],
    [550, "5.1.1 No such recipient here", undefined, "5.1.1 No such recipient here"], [454, "x", undefined, "4.7.0 x"], [450, "x", undefined, "4.3.0 x"], [556, "x", undefined, "5.6.0 x"],
  ] as const)("%d %s in %s → %s", (code, text, context, expected) => {
    expect(libraryText(code, text, context)).toBe(expected)
  })
})
