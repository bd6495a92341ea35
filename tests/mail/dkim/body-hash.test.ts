import { createHash } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { readChain } from "../../../src/mail/arc/chain.ts"
import { BodyHash } from "../../../src/mail/dkim/body-hash.ts"
import { recordFits } from "../../../src/mail/dkim/key-record.ts"
import { readTags } from "../../../src/mail/dkim/tag-list.ts"
import { rawFields } from "../../../src/mail/header.ts"

/** RFC 6376 §3.4.4, word by word. */
const relaxed = (body: string): string => {
  const lines = body.split("\r\n").map((line) => line.replace(/[\t ]+/g, " ").replace(/ $/, ""))
  while (lines.at(-1) === "") lines.pop()
  return lines.map((line) => `${line}\r\n`).join("")
}
const sha256 = (text: string): string => createHash("sha256").update(Buffer.from(text, "latin1")).digest("base64")
const hashed = (body: string, size: number): string => {
  const hash = new BodyHash()
  const bytes = Buffer.from(body, "latin1")
  for (let at = 0; at < bytes.length; at += size) hash.update(bytes.subarray(at, at + size))
  return hash.digest()
}

test("the hash is that of the canonical body, however it comes in", () => {
  const body = fc.array(fc.constantFrom("a", "bc", " ", "\t", "  \t", "\r\n", "\r\n\r\n", "é", "\u0001"), { maxLength: 40 }).map((parts) => parts.join(""))
  fc.assert(fc.property(body, fc.integer({ min: 1, max: 9 }), (text, size) => void expect(hashed(text, size)).toBe(sha256(relaxed(text)))), { numRuns: 500 })
})

test.each([
  { what: "an empty body (RFC 6376 §3.4.4)", body: "", canonical: "" },
  { what: "the example of RFC 6376 §3.4.5", body: " C \r\nD \t E\r\n\r\n\r\n", canonical: " C\r\nD E\r\n" },
  { what: "20,000 empty lines in the middle", body: `a${"\r\n".repeat(20_000)}b`, canonical: `a${"\r\n".repeat(20_000)}b\r\n` },
  { what: "20,000 empty lines at the end", body: `a${"\r\n".repeat(20_000)}`, canonical: "a\r\n" },
])("$what", ({ body, canonical }) => {
  for (const size of [1, 1_000, 100_000]) expect(hashed(body, size)).toBe(sha256(canonical))
})

test("whatever stands in a header or a record is read without an exception", () => {
  const text = fc.oneof(fc.string(), fc.array(fc.constantFrom("i=1", ";", "=", "cv=none", " ", "\r\n ", "p=", "v=DKIM1", "arc-seal:", "\r\n", "ARC-Message-Signature: ", "ARC-Authentication-Results:")).map((parts) => parts.join("")))
  fc.assert(
    fc.property(text, (value) => {
      readTags(value)
      recordFits(value, { algorithm: "rsa-sha256", publicKey: Buffer.alloc(3) })
      readChain(rawFields(Buffer.from(`ARC-Seal: ${value}\r\n${value}`)))
    }),
  )
})
