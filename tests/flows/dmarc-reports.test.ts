import { spawn } from "node:child_process"
import { once } from "node:events"
import { gunzipSync } from "node:zlib"
import { simpleParser } from "mailparser"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { readAggregateReport } from "../../src/reports/dmarc-read.ts"
import { reportXml } from "../../src/reports/dmarc-xml.ts"
import { reportedDay } from "../../src/reports/own-reports.ts"
import { type Database, openDatabase } from "../../src/store/sql/database.ts"
import { aggregateReport, reportRow } from "../support/aggregate-report.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { type ForeignServer, startForeignServer } from "../support/foreign-mail.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { program } from "../support/programs.ts"
import { until } from "../support/running-system.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"
import { zipArchive } from "../support/zip-archive.ts"

/** The system as it runs, on a real DNS: mail comes in, domains are told, and others tell us. Reports leave by a smarthost, for loopback addresses are a system's own. */
const reportsTo = "ubnd@tinh.example"
const patienceMs = 45_000

describe.skipIf(dnsUnavailable() !== undefined)("DMARC reports", () => {
  let dns: DnsWorld
  let system: TestSystem
  let database: Database
  let sink: ForeignServer

  beforeAll(async () => {
    sink = await startForeignServer({ address: "127.0.5.9", port: await freeLoopbackPort(), hideSTARTTLS: true })
    dns = await startDns({
      unsigned: {
        "gui.example": '@ TXT "v=spf1 ip4:127.0.0.1 -all"\n_dmarc TXT "v=DMARC1; p=quarantine; adkim=s; rua=mailto:dmarc@gui.example,mailto:nan@nan.example"',
        "gia.example": '@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=reject; rua=mailto:nan@nan.example"',
        "cho.example": '@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=none"',
        "tinh.example": `@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=reject; rua=mailto:${reportsTo}"`,
        "nan.example": "@ A 192.0.2.1",
        "chuyen.example": "mx A 127.0.5.9",
      },
    })
    system = await startTestSystem({
      dataDir: await newSeededFolder(),
      env: {
        CONGTHU_DNS_SERVERS: dns.server, CONGTHU_DNS_REPORTS_TO: reportsTo, CONGTHU_INBOUND_EXEMPT: "192.0.2.99/32", CONGTHU_DELIVERY_SMARTHOST: `mx.chuyen.example:${sink.port}`,
        CONGTHU_REPORTS_SEND: "on", CONGTHU_REPORTS_FROM: "bao-cao@tinh.example", CONGTHU_REPORTS_ORGANIZATION: "Tỉnh Giang Khê", CONGTHU_REPORTS_CHECK: "1s", CONGTHU_REPORTS_SPREAD: "1s",
      },
    })
    database = openDatabase({ url: system.databaseUrl, poolSize: 1, applicationName: "tests" })
    await congthu("dkim", "rotate", "tinh.example", "--force")
  }, 120_000)
  afterAll(async () => {
    await database.close()
    await system.stop()
    await Promise.all([system.remove(), sink.close(), dns.stop()])
  }, 60_000)

  async function congthu(...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
    const child = spawn(process.execPath, [program("congthu"), ...args, "--data-dir", system.dataDir], { stdio: "pipe", env: { ...process.env, CONGTHU_DNS_REPORTS_TO: reportsTo } })
    const text = { out: "", err: "" }
    child.stdout.on("data", (chunk: Buffer) => (text.out += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (text.err += chunk.toString()))
    const [code] = (await once(child, "close")) as [number | null]
    return { code, ...text }
  }

  /** The enhanced status of the answer to DATA. */
  async function send(raw: string, envelope: { readonly from: string; readonly to: string }): Promise<string> {
    const transport = createTransport({ host: "127.0.0.1", port: system.ports.smtp, ignoreTLS: true, name: "thu.gui.example" })
    try {
      return (await transport.sendMail({ envelope, raw })).response.slice(0, 9)
    } catch (error) {
      return error instanceof Error && "response" in error ? String(error.response).slice(0, 10) : String(error)
    } finally {
      transport.close()
    }
  }
  const letter = (from: string, subject: string): string => `From: <${from}>\r\nTo: <${reportsTo}>\r\nSubject: ${subject}\r\nDate: Thu, 26 Nov 2026 08:00:00 +0700\r\nMessage-ID: <${subject.replace(/\W/g, "")}@gui.example>\r\n\r\nChao\r\n`
  const query = (text: string, values: readonly unknown[] = []) => database.query<Record<string, unknown>>({ text }, values)

  test("a domain that asks for it is told once what came in its name; a third party that does not agree is told nothing", async () => {
    expect(await send(letter("a@gui.example", "mot"), { from: "a@gui.example", to: reportsTo })).toBe("250 2.0.0")
    expect(await send(letter("b@gui.example", "hai"), { from: "b@gui.example", to: reportsTo })).toBe("250 2.0.0")
    expect(await send(letter("a@gui.example", "gia mao"), { from: "x@gia.example", to: reportsTo })).toBe("250 2.0.0")
    expect(await send(letter("a@gia.example", "gia"), { from: "a@gia.example", to: reportsTo })).toBe("550 5.7.26")
    expect(await send(letter("an@tinh.example", "gia nua"), { from: "x@gia.example", to: reportsTo })).toBe("550 5.7.1 ")
    // a report is nothing to report
    expect(await send(letter("dmarc@gui.example", "Report Domain: tinh.example Submitter: gui.example"), { from: "dmarc@gui.example", to: reportsTo })).toBe("250 2.0.0")
    const counted = () => query("SELECT policy_domain, sum(messages) AS messages FROM dmarc_observation GROUP BY 1 ORDER BY 1")
    await until(async () => (await counted()).reduce((sum, { messages }) => sum + Number(messages), 0) >= 5, patienceMs)
    expect((await counted()).map(({ policy_domain, messages }) => [policy_domain, Number(messages)])).toEqual([["gia.example", 1], ["gui.example", 3], ["tinh.example", 1]])

    // a day passes
    const day = reportedDay(Date.now())
    await query("UPDATE dmarc_record SET day = $1", [day])
    await query("UPDATE dmarc_observation SET day = $1", [day])
    await until(() => sink.received.length > 0, patienceMs)
    await until(async () => (await query("SELECT FROM own_report WHERE kind = 'dmarc'")).length === 3, patienceMs)
    expect(sink.received.map(({ from, to }) => [from, ...to.map(({ address }) => address)])).toEqual([["", "dmarc@gui.example"]])
    const [first] = sink.received
    const mail = await simpleParser(first?.content ?? "")
    expect(mail.subject).toMatch(/^Report Domain: gui\.example Submitter: tinh\.example Report-ID: <\S+@tinh\.example>$/)
    expect(mail.from?.text).toBe('"Tỉnh Giang Khê" <bao-cao@tinh.example>')
    expect(first?.content.toString("latin1")).toMatch(/^DKIM-Signature: [^]*d=tinh\.example;/m)
    const begin = Date.parse(`${day}T00:00:00Z`) / 1000
    expect(mail.attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual([[`tinh.example!gui.example!${begin}!${begin + 86_399}.xml.gz`, "application/gzip"]])
    expect(readAggregateReport(gunzipSync(mail.attachments[0]?.content ?? ""))).toMatchObject({
      ok: true,
      value: {
        orgName: "Tỉnh Giang Khê", email: "bao-cao@tinh.example", begin, policy: { domain: "gui.example", p: "quarantine", sp: "quarantine", adkim: "s", aspf: "r" },
        rows: [
          { source: "127.0.0.1", messages: 2, disposition: "none", dkimAligned: false, spfAligned: true, headerFrom: "gui.example", envelopeFrom: "gui.example", spf: { domain: "gui.example", result: "pass" } },
          { source: "127.0.0.1", messages: 1, disposition: "quarantine", dkimAligned: false, spfAligned: false, headerFrom: "gui.example", envelopeFrom: "gia.example", spf: { domain: "gia.example", result: "fail" } },
        ],
      },
    })
    // what was seen of forgers of ours lies in our own mailbox
    const here = async () => (await congthu("reports", "dmarc", "--sent", "--domain", "tinh.example")).out
    await until(async () => (await here()).includes(`mailto:${reportsTo}  sent`), patienceMs)
    const { out } = await congthu("reports", "dmarc", "--sent", "--domain", "gui.example")
    expect(out).toMatch(new RegExp(`^NUMBER +DAY +DOMAIN +MESSAGES +FAILED +TO +STATE\n\\d+ +${day} +gui\\.example +3 +1 +mailto:dmarc@gui\\.example +\\S`))
    const shown = await congthu("reports", "dmarc", "show", /^(\d+)/m.exec(out)?.[1] ?? "")
    expect(shown.out).toMatch(/^policy +gui\.example: p=quarantine sp=quarantine adkim=s aspf=r$/m)
    expect(shown.out).toMatch(/^127\.0\.0\.1 +gui\.example +1 +fail +fail +fail \(fail gia\.example\) +quarantine$/m)
  }, 120_000)

  const attached = (from: string, archive: Buffer): string =>
    `From: <${from}>\r\nTo: <${reportsTo}>\r\nSubject: Report Domain: tinh.example Submitter: gui.example Report-ID: <r1>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhere it is\r\n--b\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; filename="gui.example!tinh.example!1!2.zip"\r\nContent-Transfer-Encoding: base64\r\n\r\n${archive.toString("base64").replace(/.{76}/g, "$&\r\n")}\r\n--b--\r\n`

  test("what others report is read once, when it is theirs and about us, and shown", async () => {
    const now = Math.floor(Date.now() / 1000)
    const report = aggregateReport({
      orgName: "Gửi", reportId: "r1", begin: now - 86_400, end: now - 1,
      rows: [reportRow({ messages: 7 }), reportRow({ source: "203.0.113.66", messages: 5, disposition: "reject", dkimAligned: false, dkim: [], spf: { domain: "xau.example", result: "pass" } })],
    })
    const zip = (change: Partial<typeof report> = {}): Buffer => zipArchive({ "r.xml": [...reportXml({ ...report, ...change, generator: "x", extraContact: "" }, report.rows)].join("") })
    const from = { from: "dmarc@gui.example", to: reportsTo }
    expect(await send(attached("dmarc@gui.example", zip()), from)).toBe("250 2.0.0")
    expect(await send(attached("dmarc@gui.example", zip()), from)).toBe("250 2.0.0")
    expect(await send(attached("dmarc@gui.example", zip({ reportId: "r2", policy: { ...report.policy, domain: "gui.example" } })), from)).toBe("250 2.0.0")
    expect(await send(attached("dmarc@gui.example", zipArchive({ "r.xml": Buffer.alloc(20_000_000) })), from)).toBe("250 2.0.0")
    expect(await send(attached("dmarc@cho.example", zip({ reportId: "r3" })), from)).toBe("250 2.0.0")
    const states = () => query("SELECT m.state, m.reason, count(*)::int AS count FROM report_mail m GROUP BY 1, 2 ORDER BY 1, 2")
    await until(async () => (await states()).every(({ state }) => state !== "waiting") && (await states()).reduce((sum, { count }) => sum + Number(count), 0) === 9, patienceMs)
    expect((await states()).map(({ state, reason, count }) => `${state} ${reason} ${count}`)).toEqual([
      "bad it is about no domain of ours 1", "bad it is not proven to be from whom it says 1", "bad it unpacks to more than a report can have 1", "duplicate  1", "other  4", "stored  1",
    ])
    const { out, err } = await congthu("reports", "dmarc", "--domain", "tinh.example")
    expect(out).toMatch(/^SOURCE +FROM +MESSAGES +FAILED +DKIM +SPF +QUARANTINED +REJECTED +REPORTERS\n203\.0\.113\.66 +tinh\.example +5 +5 +0 +0 +0 +5 +1\n192\.0\.2\.7 +tinh\.example +7 +0 +7 +0 +0 +0 +1\n$/)
    expect(err).toContain("1 message could not be used as a report: it is not proven to be from whom it says")
    expect((await congthu("reports", "dmarc", "--domain", "khac.example")).err).toContain("No DMARC report of others.")
    const [listed] = (await congthu("reports", "dmarc", "--reports", "--json")).out.trim().split("\n").map((text) => JSON.parse(text) as Record<string, unknown>)
    expect(listed).toMatchObject({ submitter: "gui.example", reportId: "r1", messages: 12, failed: 5, policy: report.policy })
    const { out: shown } = await congthu("reports", "dmarc", "show", String(listed?.["number"]))
    expect(shown).toMatch(/^from +Gửi \(sent by gui\.example\) dmarc@xa\.example$/m)
    expect(shown).toMatch(/^203\.0\.113\.66 +tinh\.example +5 +fail +fail +fail \(pass xau\.example\) +reject$/m)
    // the record that asks for all this
    expect((await congthu("dns", "tinh.example")).out).toMatch(/^_dmarc\.tinh\.example\..*"v=DMARC1; p=none; rua=mailto:ubnd@tinh\.example"/m)
    // rounds later
    expect(sink.received).toHaveLength(1)
  }, 120_000)
})
