import fc from "fast-check"
import { expect, test } from "vitest"
import { reportUris } from "../../src/reports/tls-record.ts"

const mail = "mailto:bao-cao@xa.example"

test.each<[name: string, texts: readonly string[], uris: readonly string[] | undefined]>([
  ["an address", [`v=TLSRPTv1; rua=${mail}`], [mail]],
  ["without a space, with a delimiter at the end", [`v=TLSRPTv1;rua=${mail};`], [mail]],
  ["white space around the delimiters", [`v=TLSRPTv1 \t; \trua=${mail} ; `], [mail]],
  ["an HTTPS server", ["v=TLSRPTv1; rua=https://bao-cao.xa.example/v1/tls?a=b"], ["https://bao-cao.xa.example/v1/tls?a=b"]],
  ["both, in their order, each once", [`v=TLSRPTv1; rua=https://xa.example/a , ${mail},${mail}`], ["https://xa.example/a", mail]],
  ["a second rua", [`v=TLSRPTv1; rua=${mail}; rua=https://xa.example/`], [mail, "https://xa.example/"]],
  ["an extension", [`v=TLSRPTv1; x.y-1_2=z:!; rua=${mail}`], [mail]],
  ["characters of an address that are escaped", ["v=TLSRPTv1; rua=mailto:bao%2bcao@xa.example"], ["mailto:bao+cao@xa.example"]],
  ["a subject that is asked for is not looked at", [`v=TLSRPTv1; rua=${mail}?subject=x`], [mail]],
  ["schemes that nobody knows are passed over", [`v=TLSRPTv1; rua=ftp://xa.example/,${mail},http://xa.example/`], [mail]],
  ["records of something else beside it", ["v=spf1 -all", `v=TLSRPTv1; rua=${mail}`, "v=TLSRPTv2; rua=mailto:x@y.example"], [mail]],
  ["no more than five places", [`v=TLSRPTv1; rua=${["a", "b", "c", "d", "e", "g"].map((name) => `mailto:${name}@xa.example`).join(",")}`], ["a", "b", "c", "d", "e"].map((name) => `mailto:${name}@xa.example`)],
  ["nothing", [], undefined],
  ["two records", [`v=TLSRPTv1; rua=${mail}`, `v=TLSRPTv1; rua=${mail}`], undefined],
  ["another version", [`v=TLSRPTv2; rua=${mail}`], undefined],
  ["the version in another case", [`V=tlsrptv1; rua=${mail}`], undefined],
  ["the version somewhere else", [`rua=${mail}; v=TLSRPTv1`], undefined],
  ["white space in the version", [`v = TLSRPTv1; rua=${mail}`], undefined],
  ["no field", ["v=TLSRPTv1;"], undefined],
  ["a field in another case", [`v=TLSRPTv1; RUA=${mail}`], undefined],
  ["a field without a value", [`v=TLSRPTv1; rua=${mail}; x=`], undefined],
  ["two delimiters in a row", [`v=TLSRPTv1;; rua=${mail}`], undefined],
  ["a space inside a place", ["v=TLSRPTv1; rua=mailto:a b@xa.example"], undefined],
  ["an exclamation mark, which must be escaped", [`v=TLSRPTv1; rua=${mail}!10m`], undefined],
  ["what is no address", ["v=TLSRPTv1; rua=mailto:bao-cao"], undefined],
  ["an escape that is none", ["v=TLSRPTv1; rua=mailto:%zz@xa.example"], undefined],
  ["a line end in an address", ["v=TLSRPTv1; rua=mailto:a%0d%0aBcc:b@xa.example"], undefined],
  ["several addresses in one place", ["v=TLSRPTv1; rua=mailto:a@xa.example%2Cb@xa.example"], undefined],
  ["an HTTPS server with a password", ["v=TLSRPTv1; rua=https://a:b@xa.example/"], undefined],
  ["an HTTPS server without a name", ["v=TLSRPTv1; rua=https:///"], undefined],
  ["commas that could be read in many ways", [`v=TLSRPTv1; rua=${mail}${",a".repeat(400)} b`], undefined],
  ["no end of it", [`v=TLSRPTv1; rua=${mail}; x=${"y".repeat(4_000)}`], undefined],
])("%s", (_name, texts, uris) => expect(reportUris(texts)).toEqual(uris))

test("whatever is published, places are addresses on one line and HTTPS URLs", () => {
  const piece = fc.oneof(fc.constantFrom("v=TLSRPTv1", ";", " ", ",", "rua=", "mailto:", "https://", "a@b.example", "%0d%0a", "%00", "!", "\""), fc.string({ maxLength: 5, unit: "binary" }))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      for (const uri of reportUris([`v=TLSRPTv1; rua=mailto:a@b.example,${pieces.join("")}`]) ?? []) {
        expect(uri).toMatch(/^(?:mailto:\P{Cc}+@\P{Cc}+|https:\/\/\P{Cc}+)$/u)
        expect(uri.length).toBeLessThan(2_000)
      }
    }),
    { numRuns: 300 },
  )
})
