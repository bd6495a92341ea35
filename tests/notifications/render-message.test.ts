import fc from "fast-check"
import { expect, test } from "vitest"
import { composed, type Composition } from "../../src/notifications/compose.ts"
import { priorities } from "../../src/notifications/priority.ts"
import { renderMessage } from "../../src/notifications/render-message.ts"

/** What is joined here is what nodemailer's streams give, octet by octet: there is no second reading of RFC 2045 that could drift from the first. */
const words = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.array(fc.constantFrom("Kính gửi", "Dear", "\n", "\r\n", "\r", " ", "=?UTF-8?Q?x?=", "dài ".repeat(30), "a".repeat(80), "😀", "From me", "."), { maxLength: 40 }).map((parts) => parts.join("")),
)
const subject = fc.string({ unit: "grapheme", maxLength: 250 }).map((text) => text.replace(/[\p{Cc}\u2028\u2029]/gu, " "))
const composition: fc.Arbitrary<Composition> = fc.record({
  from: fc.record({ name: fc.constantFrom("Văn phòng UBND tỉnh", "Office, \"Desk\"", ""), address: fc.constant("vp@tinh.example") }),
  to: fc.constantFrom(null, "an@tinh.example", "\"a,b\"@tinh.example", "ông@ví-dụ.example", `${"dai".repeat(20)}@tinh.example`),
  replyTo: fc.constantFrom(null, "mot-cua@tinh.example"),
  wording: fc.record({ subject, text: words, html: fc.option(words) }),
  language: fc.constantFrom("vi", "en", "vi+en"),
  priority: fc.constantFrom(...priorities),
  date: fc.integer({ min: 0, max: 4e12 }),
  messageId: fc.constant("notification.1.2@mail.tinh.example"),
  attachments: fc.constant([]),
})

test("a message of texts is what nodemailer's own streams make of it", async () => {
  await fc.assert(fc.asyncProperty(composition, async (one) => {
    const node = composed(one)
    const ours = renderMessage(node)
    expect(ours?.toString("latin1")).toBe((await node.build()).toString("latin1"))
  }), { numRuns: 300 })
})

test("attachments and long texts are left to streams", () => {
  const one: Composition = {
    from: { name: "", address: "vp@tinh.example" }, to: null, replyTo: null, wording: { subject: "x", text: "x", html: null }, language: "vi", priority: priorities[3], date: 0, messageId: "x@tinh.example", attachments: [],
  }
  expect(renderMessage(composed(one))).toBeInstanceOf(Buffer)
  expect(renderMessage(composed({ ...one, attachments: [{ filename: "a.pdf", contentType: "application/pdf", content: Buffer.from("x") }] }))).toBeUndefined()
  expect(renderMessage(composed({ ...one, wording: { subject: "x", text: "dài ".repeat(100_000), html: null } }))).toBeUndefined()
})
