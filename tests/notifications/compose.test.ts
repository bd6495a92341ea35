import fc from "fast-check"
import { expect, test } from "vitest"
import { composeAtOnce, composed, type Composition } from "../../src/notifications/compose.ts"
import { priorities } from "../../src/notifications/priority.ts"

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

/** Boundaries are random: of the same length, and they fold alike. */
const withoutBoundary = (bytes: Buffer | undefined): string | undefined => bytes?.toString("latin1").replaceAll(/--_NmP-[0-9a-f]{16}-Part_1/g, "--_NmP-x-Part_1")

test("a message of texts, from a skeleton or the first of its kind, is what nodemailer's own streams make of it", async () => {
  let made = 0
  await fc.assert(fc.asyncProperty(composition, async (one) => {
    const ours = composeAtOnce(one)
    if (ours) made++
    if (one.wording.text === "" || !ours) expect(ours).toBeUndefined()
    else expect(withoutBoundary(ours)).toBe(withoutBoundary(await composed(one).build()))
  }), { numRuns: 400 })
  expect(made).toBeGreaterThan(200)
})

test("no boundary is used twice", () => {
  const boundaries = Array.from({ length: 20 }, () => /boundary="([^"]+)"/.exec(composeAtOnce({ ...plain, wording: { subject: "x", text: "x", html: "<p>x</p>" } })?.toString() ?? "")?.[1])
  expect(new Set(boundaries).size).toBe(20)
})

const plain: Composition = {
  from: { name: "", address: "vp@tinh.example" }, to: null, replyTo: null, wording: { subject: "x", text: "x", html: null }, language: "vi", priority: priorities[3], date: 0, messageId: "x@tinh.example", attachments: [],
}

test("attachments and long texts are left to streams", () => {
  expect(composeAtOnce(plain)).toBeInstanceOf(Buffer)
  expect(composeAtOnce({ ...plain, attachments: [{ filename: "a.pdf", contentType: "application/pdf", content: Buffer.from("x") }] })).toBeUndefined()
  expect(composeAtOnce({ ...plain, wording: { subject: "x", text: "dài ".repeat(100_000), html: null } })).toBeUndefined()
})
