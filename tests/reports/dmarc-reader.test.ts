import { gzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import { reportXml } from "../../src/reports/dmarc-xml.ts"
import { readReportMail } from "../../src/reports/read-report-mail.ts"
import { aggregateReport } from "../support/aggregate-report.ts"
import { zipArchive } from "../support/zip-archive.ts"

const report = aggregateReport()
const xml = [...reportXml({ ...report, generator: "x", extraContact: "" }, report.rows)].join("")
const gz = gzipSync(xml)
const zip = zipArchive({ "anything.xml": xml })

interface Letter {
  readonly subject?: string
  readonly type: string
  readonly name?: string
  readonly body: Buffer | string
  /** The attachment is the whole message. */
  readonly alone?: boolean
}

function mail({ subject = "Report Domain: tinh.example Submitter: xa.example Report-ID: <r1>", type, name, body, alone = false }: Letter): Uint8Array {
  const part = `Content-Type: ${type}${name === undefined ? "" : `; name="${name}"`}\r\nContent-Transfer-Encoding: base64\r\n${name === undefined ? "" : `Content-Disposition: attachment; filename="${name}"\r\n`}\r\n${Buffer.from(body).toString("base64").replace(/.{76}/g, "$&\r\n")}\r\n`
  const header = `From: <r@xa.example>\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\n`
  return Buffer.from(alone ? `${header}${part}` : `${header}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhere\r\n--b\r\n${part}--b--\r\n`)
}

const fileName = "xa.example!tinh.example!1795651200!1795737599"

describe("a DMARC report is found in a message", () => {
  test.each<[string, Letter]>([
    ["gzip (RFC 9990 §3.5.2)", { type: "application/gzip", name: `${fileName}.xml.gz`, body: gz }],
    ["zip, alone", { type: "application/zip", name: `${fileName}.zip`, body: zip, alone: true }],
    ["plain", { type: "text/xml", name: `${fileName}.xml`, body: xml }],
    ["with an id, of a type that says nothing", { type: "application/octet-stream", name: `${fileName}!abc.xml.gz`, body: gz, subject: "DMARC" }],
    ["called what it is not", { type: "application/zip", name: `${fileName}.zip`, body: gz }],
    ["without a name", { type: "application/gzip", body: gz, alone: true }],
    ["under another name", { type: "application/octet-stream", name: "report.zip", body: zip, subject: "=?UTF-8?Q?Report_Domain=3A_tinh=2Eexample?=" }],
  ])("%s", (_, letter) => {
    expect(readReportMail(mail(letter))).toEqual({ kind: "report", received: { kind: "dmarc", report } })
  })

  test.each<[string, Letter, object]>([
    ["an archive of somebody who writes to the postmaster", { type: "application/zip", name: "ho-so.zip", body: zip, subject: "Ho so" }, { kind: "other" }],
    ["a letter about reports", { type: "text/plain", body: "Chao" }, { kind: "other" }],
    ["an empty one", { type: "application/gzip", name: `${fileName}.xml.gz`, body: "" }, { kind: "bad", of: "dmarc", reason: "it is empty" }],
    ["one cut off", { type: "application/gzip", name: `${fileName}.xml.gz`, body: gz.subarray(0, 100) }, { kind: "bad", of: "dmarc", reason: "it is no whole gzip file" }],
  ])("and what is none is not: %s", (_, letter, expected) => {
    expect(readReportMail(mail(letter))).toEqual(expected)
  })
})
