import fc from "fast-check"
import { expect, test } from "vitest"
import { failed, ok } from "../../../src/base/result.ts"
import { autodiscoverAddress } from "../../../src/console/client-setup/autodiscover-request.ts"

const schema = (version: string): string => `http://schemas.microsoft.com/exchange/autodiscover/${version}`
const accept = (version: string): string => `<AcceptableResponseSchema>${schema(version)}</AcceptableResponseSchema>`
const request = (inner: string): string => `<?xml version="1.0" encoding="utf-8"?>\n<Autodiscover xmlns="${schema("outlook/requestschema/2006")}">\n  <Request>${inner}</Request>\n</Autodiscover>\n`
const address = "<EMailAddress>an@tinh.example</EMailAddress>"
const outlook = `${address}${accept("outlook/responseschema/2006a")}`

test.each([
  ["Outlook's", request(outlook)],
  ["one with a byte order mark", `\ufeff${request(outlook)}`],
  ["one without a declaration", request(outlook).replace(/^<\?.*\?>\n/, "")],
  ["one without a response schema", request(address)],
  ["one with comments, other elements and white space", request(`<!-- thư --><LegacyDN/>\n<EMailAddress >\n an@tinh.example </EMailAddress\n>`)],
  ["one with a prefix", request(outlook).replaceAll("<", "<a:").replaceAll("<a:/", "</a:").replace("<a:?", "<?").replace("xmlns=", "xmlns:a=")],
])("%s request is understood", (_name, text) => expect(autodiscoverAddress(Buffer.from(text))).toEqual(ok("an@tinh.example")))

test("references that every document has are understood", () => {
  expect(autodiscoverAddress(Buffer.from(request("<EMailAddress>o&apos;an&amp;b&#105;n&#x68;@t&#x1EC9;nh.example</EMailAddress>")))).toEqual(ok("o'an&binh@tỉnh.example"))
})

test("a telephone that asks for ActiveSync is told that there is none", () => {
  expect(autodiscoverAddress(Buffer.from(request(`${address}${accept("mobilesync/responseschema/2006")}`)))).toEqual(failed("unknownSchema"))
})

const lol = `<!DOCTYPE l [<!ENTITY a0 "ha">${Array.from({ length: 9 }, (_, level) => `<!ENTITY a${level + 1} "${`&a${level};`.repeat(10)}">`).join("")}]>`

test.each([
  ["nothing", ""],
  ["no XML", "an@tinh.example"],
  ["no address", request(accept("outlook/responseschema/2006a"))],
  ["an address that is none", request("<EMailAddress>an at tinh.example</EMailAddress>")],
  ["a control character in the address", request("<EMailAddress>a&#10;n@tinh.example</EMailAddress>")],
  ["elements in the address", request("<EMailAddress>an<b/>@tinh.example</EMailAddress>")],
  ["the address elsewhere", `<Autodiscover>${address}</Autodiscover>`],
  ["a bomb of entities", `${lol}${request("<EMailAddress>&a9;@tinh.example</EMailAddress>")}`],
  ["an entity from a file", `<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>${request("<EMailAddress>&f;@tinh.example</EMailAddress>")}`],
  ["an entity of nobody's", request("<EMailAddress>&f;@tinh.example</EMailAddress>")],
  ["a DOCTYPE alone", `<!DOCTYPE Autodiscover SYSTEM "http://khac.example/a.dtd">${request(address)}`],
  ["a processing instruction", `<?xml-stylesheet href="a"?>${request(address)}`],
  ["CDATA", request("<EMailAddress><![CDATA[an@tinh.example]]></EMailAddress>")],
  ["text after the root", `${request(address)}thêm`],
  ["two roots", `${request(address)}${request(address).replace(/^<\?.*\?>\n/, "")}`],
  ["an element that is not closed", request(address).replace("</Request>", "")],
  ["elements that cross", request("<a><b></a></b>")],
  ["another encoding by its name", request(outlook).replace("utf-8", "iso-8859-1")],
  ["a character that does not exist", request(`${address}<a>&#xFFFE;</a>`)],
  ["half a surrogate pair", request(`${address}<a>&#xD800;</a>`)],
  ["a zero", request(`${address}<a>\0</a>`)],
  ["depth", request(`${address}${"<a>".repeat(20)}${"</a>".repeat(20)}`)],
  ["more elements than anybody has", request(`${address}${"<a/>".repeat(100)}`)],
  ["length", request(`${address}<a>${"x".repeat(9_000)}</a>`)],
])("%s is an invalid request", (_name, text) => expect(autodiscoverAddress(Buffer.from(text))).toEqual(failed("invalidRequest")))

test.each([["UTF-16", Buffer.from(`\ufeff${request(outlook)}`, "utf16le")], ["Latin-1", Buffer.from(request("<EMailAddress>àn@tinh.example</EMailAddress>"), "latin1")]])("%s is an invalid request", (_name, bytes) => {
  expect(autodiscoverAddress(bytes)).toEqual(failed("invalidRequest"))
})

test("any bytes are an answer, never an exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void autodiscoverAddress(bytes)))
  const pieces = fc.array(fc.constantFrom("<a", ">", "</a>", "<a/>", " b='c'", "&amp;", "&#x", "<!--", "-->", "<!DOCTYPE", "]]>", "<?xml", "?>", "x"), { maxLength: 60 })
  fc.assert(fc.property(pieces, (parts) => void autodiscoverAddress(Buffer.from(request(parts.join(""))))))
})

test("what a writer escapes comes back as it was", () => {
  const written = fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}$/)
  const references: Readonly<Record<string, string>> = { "&": "&amp;", "'": "&#39;" }
  fc.assert(
    fc.property(written, (local) => {
      const escaped = local.replace(/[&']/g, (character) => references[character] ?? "")
      expect(autodiscoverAddress(Buffer.from(request(`<EMailAddress>${escaped}@tinh.example</EMailAddress>`)))).toEqual(ok(`${local}@tinh.example`))
    }),
  )
})

test.each(["<a", "<a b='", `<a ${"b='' ".repeat(1_600)}`, `<a${" ".repeat(8_000)}`, `<!--${"-".repeat(8_000)}`, `<a>${"&".repeat(8_000)}`, `<${"a".repeat(8_000)}`, "<a:".repeat(2_700), `<?xml version="1.0"${" ".repeat(8_000)}`])(
  // a pattern that goes back over what it has read would meet the time limit of the test
  "%.12s… is refused as soon as it is read",
  (text) => expect(autodiscoverAddress(Buffer.from(text))).toEqual(failed("invalidRequest")),
)
