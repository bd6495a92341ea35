import fc from "fast-check"
import { expect, test } from "vitest"
import { decodeQuotedPrintable } from "../../../src/mail/quoted-printable.ts"
import { encoders } from "../../../src/pki/sign/transfer-encoding.ts"
import { readAll } from "../../support/store.ts"

async function* chunked(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

const encoded = async (encoding: "quoted-printable" | "base64", ...chunks: readonly (Uint8Array | string)[]): Promise<string> =>
  (await readAll(encoders[encoding](chunked(chunks.map((chunk) => Buffer.from(chunk)))))).toString("latin1")

test.each([
  ["plain text stays plain", "mot hai\r\nba", "mot hai\r\nba"],
  ["a blank before a line end would be lost", "mot \r\nhai\t", "mot=20\r\nhai=09"],
  ["a mailbox file would change \"From \"", "From nay", "=46rom nay"],
  ["a broken SMTP would eat a dot", ".\r\n.a.", "=2E\r\n=2Ea."],
  ["a CR or LF alone is data", "a\rb\nc\r", "a=0Db=0Ac=0D"],
  ["an equals sign", "1=1", "1=3D1"],
  ["UTF-8", "ở", "=E1=BB=9F"],
])("quoted-printable: %s", async (_name, text, expected) => {
  expect(await encoded("quoted-printable", text)).toBe(expected)
  // the same octet by octet
  expect(await encoded("quoted-printable", ...Array.from(Buffer.from(text), (octet) => Buffer.from([octet])))).toBe(expected)
})

const pieces = fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constantFrom("\r\n", " ", "\r", "\n", ".", "From ", "dài ".repeat(40)).map((text) => Uint8Array.from(Buffer.from(text)))), { maxLength: 20 })

test("quoted-printable: any octets come back, on lines of at most 76 printable characters", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, async (chunks) => {
      const text = await encoded("quoted-printable", ...chunks)
      expect(decodeQuotedPrintable(Buffer.from(text, "latin1"))).toEqual(Buffer.concat(chunks))
      expect(text.split("\r\n").every((line) => line.length <= 76 && /^[\t\x20-\x7e]*$/.test(line) && !/[\t ]$/.test(line))).toBe(true)
    }),
  )
})

test("base64: any octets come back, on full lines with no line end after the last", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, async (chunks) => {
      const text = await encoded("base64", ...chunks)
      expect(Buffer.from(text, "base64")).toEqual(Buffer.concat(chunks))
      const lines = text.split("\r\n")
      expect(lines.slice(0, -1).every(({ length }) => length === 76)).toBe(true)
      expect(text === "" || /^[A-Za-z0-9+/]+=*$/.test(lines.at(-1) ?? "")).toBe(true)
    }),
  )
})
