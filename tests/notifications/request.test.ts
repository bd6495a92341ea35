import fc from "fast-check"
import { expect, test } from "vitest"
import { notificationRequest } from "../../src/notifications/request.ts"

const withContent = (content: string) => notificationRequest.safeParse({ to: ["a@tinh.example"], subject: "x", text: "x", attachments: [{ filename: "a.pdf", contentType: "application/pdf", content }] })

test("an attachment is base64 as RFC 4648 §4 has it, or is refused", () => {
  const almost = fc.tuple(fc.uint8Array({ maxLength: 30 }), fc.nat(50), fc.constantFrom("", "=", "==", "-", "_", "\n", " ", "é", "Ł", "\0", "A", "AAAA", "*")).map(([bytes, at, put]) => {
    const text = Buffer.from(bytes).toString("base64")
    return text.slice(0, at) + put + text.slice(at)
  })
  fc.assert(fc.property(fc.oneof(almost, fc.string({ maxLength: 12 })), (text) => {
    const parsed = withContent(text)
    expect(parsed.success).toBe(text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text))
    if (parsed.success) expect(parsed.data.attachments[0]?.content).toEqual(Buffer.from(text, "base64"))
  }), { numRuns: 3_000 })
})
