import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Result } from "../../src/base/result.ts"
import { readAggregateReport } from "../../src/reports/dmarc-read.ts"
import type { AggregateReport } from "../../src/store/aggregate-report.ts"
import { unpackReport } from "../../src/reports/dmarc-unpack.ts"
import { reportXml } from "../../src/reports/dmarc-xml.ts"
import { aggregateReport, reportRow } from "../support/aggregate-report.ts"
import { zipArchive } from "../support/zip-archive.ts"

const xmlOf = (report: AggregateReport = aggregateReport()): string => [...reportXml({ ...report, generator: "Công Thư 0", extraContact: "https://tinh.example/?a&b" }, report.rows)].join("")
const read = (attached: string | Buffer): Result<AggregateReport, string> => {
  const unpacked = unpackReport(Buffer.from(attached))
  return unpacked.ok ? readAggregateReport(unpacked.value) : unpacked
}
/** Its sentence, or that it was read. */
const faultOf = (attached: string | Buffer): string => {
  const found = read(attached)
  return found.ok ? "read" : found.failure
}

const xmllint = spawnSync("xmllint", ["--version"]).error === undefined
if (!xmllint) console.warn("no xmllint on PATH: made reports are not held to a schema (apt-get install libxml2-utils)")
const schema = fileURLToPath(new URL("../fixtures/reports/dmarc-2.0.xsd", import.meta.url))
const lint = (xml: string): string => {
  const { status, stderr } = spawnSync("xmllint", ["--noout", "--schema", schema, "-"], { input: xml })
  return status === 0 ? "valid" : stderr.toString()
}

describe("a report that we make", () => {
  test.skipIf(!xmllint).each([
    ["as usual", aggregateReport()],
    ["with an error, and np", aggregateReport({ errors: ["<records> & messages"], policy: { ...aggregateReport().policy, np: "reject", testing: true, fo: "1:d" } })],
    ["of a message without a signature, and without a result", aggregateReport({ rows: [reportRow({ dkim: [], spf: null, disposition: "pass" })] })],
    ["with names that break out", aggregateReport({ orgName: "\0]]><!-- \u{1f4a9} \ud800 </org_name>", rows: [reportRow({ headerFrom: "a\x1b[2J&lt;.example", dkim: [{ domain: "<?xml?>", selector: "'\"", result: "fail" }] })] })],
  ])("keeps to the schema of RFC 9990: %s", (_, report) => {
    expect(lint(xmlOf(report))).toBe("valid")
  })

  test.skipIf(!xmllint)("the schema of this test refuses what is wrong", () => {
    expect(lint(xmlOf().replace("<p>reject</p>", "<p>refuse</p>"))).toMatch(/'refuse'/)
    expect(lint(xmlOf().replace("<spf>fail</spf>", ""))).toMatch(/spf/)
  })

  test("is read as what it was made of", () => {
    expect(read(xmlOf())).toEqual({ ok: true, value: aggregateReport() })
  })

  test("comes back from any texts, without what no terminal should see", () => {
    const text = fc.uint16Array({ maxLength: 30 }).map((units) => String.fromCharCode(...units))
    fc.assert(fc.property(text, text, (comment, orgName) => {
      const report = aggregateReport({ orgName, rows: [reportRow({ reasons: [{ type: "other", comment }] })] })
      const found = read(xmlOf(report))
      if (!found.ok) throw new Error(found.failure)
      expect(found.value.rows[0]?.reasons[0]?.comment).toBe(shown(comment))
      expect(found.value.orgName).toBe(shown(orgName))
    }), { numRuns: 100 })
  })
})

/** As it goes through XML, and then to people. */
// oxlint-disable-next-line no-control-regex -- what XML forbids
const shown = (text: string): string => text.toWellFormed().replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]/g, "?").replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, " ").trim()

/** As RFC 7489 has it, by a reporter who leaves out what may be. */
const old = `<?xml version="1.0" encoding="UTF-8" ?>
<!-- a comment -->
<feedback>
  <report_metadata><org_name><![CDATA[xa.example]]></org_name><email>noreply@xa.example</email><report_id>7&#49;</report_id>
    <date_range><begin>1795651200</begin><end>1795737599</end></date_range></report_metadata>
  <policy_published><domain>TINH.example.</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><sp></sp><pct>100</pct></policy_published>
  <record>
    <row><source_ip>198.51.100.4</source_ip><count>2</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>pass</spf>
      <reason><type>sampled_out</type><comment/></reason></policy_evaluated></row>
    <identifiers><header_from>tinh.example</header_from></identifiers>
    <auth_results><spf><domain>tinh.example</domain><result>pass</result></spf></auth_results>
  </record>
</feedback>`

describe("a report that others made", () => {
  test.each([
    ["plain", old],
    ["with a byte order mark", `\ufeff${old}`],
    ["gzipped", gzipSync(old)],
    ["zipped", zipArchive({ "xa.example!tinh.example!1!2.xml": old })],
    ["zipped, not compressed", zipArchive({ "a.xml": old }, { method: 0 })],
    ["zipped, with a comment", zipArchive({ "a.xml": old }, { comment: "made by xa" })],
    ["with a prefix", old.replace(/<(\/?)(\w)/g, "<$1d:$2").replace("<d:feedback", "<d:feedback xmlns:d=\"urn:ietf:params:xml:ns:dmarc-2.0\"")],
    ["with extensions (RFC 9990 §5)", old.replace("<record>", "<extension><x:a><x:row>1</x:row></x:a></extension><record>").replace("</auth_results>", "</auth_results><x:arc><x:b>1</x:b></x:arc>")],
  ])("is understood %s", (_, attached) => {
    expect(read(attached)).toEqual({
      ok: true,
      value: {
        orgName: "xa.example", email: "noreply@xa.example", reportId: "71", begin: 1_795_651_200, end: 1_795_737_599, errors: [],
        policy: { domain: "tinh.example", p: "none", sp: "none", np: "", adkim: "r", aspf: "r", testing: false, fo: "" },
        rows: [{ source: "198.51.100.4", messages: 2, disposition: "none", dkimAligned: false, spfAligned: true, reasons: [{ type: "sampled_out", comment: "" }], headerFrom: "tinh.example", envelopeFrom: "", dkim: [], spf: { domain: "tinh.example", result: "pass" } }],
      },
    })
  })

  const lol = Array.from({ length: 9 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join("")
  const record = /<record>[^]*<\/record>/.exec(old)?.[0] ?? ""
  const short = "<record><row><source_ip>192.0.2.1</source_ip><count>1</count></row></record>"
  test.each<[string, string | Buffer, RegExp]>([
    ["a billion laughs", old.replace("<feedback>", `<!DOCTYPE feedback [<!ENTITY l0 "lol">${lol}]><feedback>`).replace("7&#49;", "&l9;"), /document type declaration|no well-formed XML/],
    ["an external entity", old.replace("<feedback>", '<!DOCTYPE feedback [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>').replace("7&#49;", "&x;"), /document type declaration|no well-formed XML/],
    ["an entity of HTML", old.replace("7&#49;", "&eacute;"), /no well-formed XML/],
    ["half of it", old.slice(0, old.length / 2), /no well-formed XML/],
    ["half of it, gzipped", gzipSync(old).subarray(0, 200), /no whole gzip file/],
    ["half of it, zipped", zipArchive({ "a.xml": old }).subarray(0, 200), /no end/],
    ["something after it", `${old}<feedback/>`, /second root/],
    ["nothing", "", /no well-formed XML|is empty/],
    ["a picture", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), /no well-formed XML/],
    ["a web page", "<html><body>Not found</body></html>", /root is not feedback/],
    ["two files", zipArchive({ "a.xml": old, "b.xml": old }), /2 files/],
    ["no file", zipArchive({}), /no well-formed XML/],
    ["an encrypted file", zipArchive({ "a.xml": old }, { flags: 1 }), /encrypted/],
    ["a zip archive that claims to be small", zipArchive({ "a.xml": old }, { claimedBytes: 10 }), /damaged/],
    ["very deep", old.replace("<record>", `<record>${"<a>".repeat(50)}${"</a>".repeat(50)}`), /too deep/],
    ["very deep extensions", old.replace("<record>", `<record>${"<x:a>".repeat(50)}${"</x:a>".repeat(50)}`), /too deep/],
    ["very many elements", old.replace("<row>", `${"<a/>".repeat(3_000)}<row>`), /too many elements/],
    ["a very long name", old.replace("xa.example", "x".repeat(400_000)), /too much text/],
    ["very many records", old.replace(record, short.repeat(20_001)), /more than 20000 records/],
    ["no report_id", old.replace("<report_id>7&#49;</report_id>", ""), /no report_id/],
    ["a period that ends before it begins", old.replace("1795737599", "1"), /date_range/],
    ["a period in another age", old.replaceAll("17956512", "97956512").replaceAll("17957375", "97957375"), /date_range/],
    ["no policy", old.replace("<p>none</p>", "<p>all</p>"), /policy_published/],
    ["a source that is none", old.replace("198.51.100.4", "mail.xau.example"), /source_ip/],
    ["a source with a scope", old.replace("198.51.100.4", "fe80::1%eth0"), /source_ip/],
    ["a count of more messages than there are", old.replace("<count>2", "<count>9999999999"), /count that is no number/],
    ["a count that is none", old.replace("<count>2", "<count>-2"), /count that is no number/],
  ])("is refused with a reason: %s", (_, attached, reason) => {
    expect(faultOf(attached)).toMatch(reason)
  })

  test("a bomb is put out at the limit, whatever it says of its size", () => {
    const bomb = Buffer.alloc(40 * 1024 * 1024, " ")
    const tooMuch = "it unpacks to more than a report can have"
    expect(faultOf(gzipSync(bomb))).toBe(tooMuch)
    expect(faultOf(zipArchive({ "a.xml": bomb }))).toBe(tooMuch)
    expect(faultOf(zipArchive({ "a.xml": bomb }, { claimedBytes: 1_000 }))).toBe(tooMuch)
    expect(faultOf(bomb)).toBe("it is larger than a report can be")
  })

  test("any octets are read or refused with a sentence, in any packing", () => {
    const damaged = (whole: Buffer) => fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }).map((changes) => {
      const bytes = Buffer.from(whole)
      for (const [at, value] of changes) bytes[at] = value
      return bytes
    })
    const some = fc.oneof(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)), damaged(Buffer.from(old)), damaged(gzipSync(old)), damaged(zipArchive({ "a.xml": old })))
    fc.assert(fc.property(some, (bytes) => {
      const found = read(bytes)
      expect(found.ok || /^(?:it|its|the) [ -~]{5,100}$/.test(found.failure)).toBe(true)
    }), { numRuns: 300 })
  })
})
