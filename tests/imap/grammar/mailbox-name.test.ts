import fc from "fast-check"
import { expect, test } from "vitest"
import { decodeMailboxName, encodeMailboxName } from "../../../src/imap/grammar/mailbox-name.ts"

test.each([
  ["INBOX", "INBOX"],
  ["a&b", "a&-b"],
  ["Thư đã gửi", "Th&AbA- &AREA4w- g&Hu0-i"],
  ["~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"],
  ["😀", "&2D3eAA-"],
])("%s is written %s (RFC 3501 §5.1.3)", (name, text) => {
  expect(encodeMailboxName(name)).toBe(text)
  expect(decodeMailboxName(text)).toBe(name)
})

test("every well-formed name comes back", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }).filter((name) => name.isWellFormed()), (name) => {
    const text = encodeMailboxName(name)
    expect(/^[\u0020-\u007e]*$/.test(text)).toBe(true)
    expect(decodeMailboxName(text)).toBe(name)
  }))
})
