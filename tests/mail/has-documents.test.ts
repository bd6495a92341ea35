import fc from "fast-check"
import { expect, test } from "vitest"
import { hasDocuments } from "../../src/mail/has-documents.ts"
import { scan } from "./scan.ts"

const part = (type: string, more = "", body = "x"): string => `Content-Type: ${type}\r\n${more}\r\n${body}\r\n`
const multipart = (subtype: string, ...parts: readonly string[]): string => `Content-Type: multipart/${subtype}; boundary=b\r\n\r\n${parts.map((one) => `--b\r\n${one}`).join("")}--b--\r\n`
const nested = multipart("alternative", part("text/plain"), part("text/html")).replaceAll("--b", "--c").replace("boundary=b", "boundary=c")
const attached = "Content-Disposition: attachment; filename=a\r\n"

test.each<[string, string, boolean]>([
  ["a letter", part("text/plain"), false],
  ["a letter in two forms", nested, false],
  ["a letter with a file", multipart("mixed", nested, part("application/pdf", attached)), true],
  ["a file that is shown in the text, as Apple's mail sends it", multipart("mixed", part("text/plain"), part("application/pdf", "Content-Disposition: inline; filename=a\r\n")), true],
  ["a file alone, without a word on how to show it", part("application/pdf"), true],
  ["a text as a file", multipart("mixed", part("text/plain"), part("text/csv", attached)), true],
  ["a scan as a file", multipart("mixed", part("text/plain"), part("image/png", attached)), true],
  ["a picture in the text", multipart("related", part("text/html"), part("image/png", "Content-ID: <1@x>\r\nContent-Disposition: inline\r\n")), false],
  ["a forwarded letter", multipart("mixed", part("text/plain"), part("message/rfc822", "", part("text/plain"))), true],
  ["a signed letter", multipart("signed", part("text/plain"), part("application/pkcs7-signature", attached)), false],
  ["a signed letter with a file", multipart("signed", multipart("mixed", part("text/plain"), part("application/pdf", attached)).replaceAll("--b", "--d").replace("boundary=b", "boundary=d"), part("application/pkcs7-signature", attached)), true],
  ["a letter signed as a whole, or encrypted", part("application/pkcs7-mime; smime-type=enveloped-data", attached), false],
  ["a parameter that looks like a disposition", part('text/plain; name="(\\"attachment\\" NIL)"'), false],
  ["a name too long for quotes", multipart("mixed", part("text/plain"), part(`image/png; name="${"ơ".repeat(600)}"`, attached)), true],
])("%s", (_name, message, has) => {
  expect(hasDocuments(scan(message).structure.bodyStructure)).toBe(has)
})

test("whatever stands there, it ends", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom("(", ")", '"', "\\", "{", "3", "}\r\n", "NIL", " ", '"application"', "é")), (pieces) => typeof hasDocuments(pieces.join("")) === "boolean"))
})
