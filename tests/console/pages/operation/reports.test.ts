import { gzipSync } from "node:zlib"
import { expect, test } from "vitest"
import { reportXml } from "../../../../src/reports/dmarc-xml.ts"
import { createOwnReportStore } from "../../../../src/store/sql/own-reports.ts"
import { createReceivedDmarcStore } from "../../../../src/store/sql/received-dmarc-reports.ts"
import { createReceivedTlsStore } from "../../../../src/store/sql/received-tls-reports.ts"
import { aggregateReport } from "../../../support/aggregate-report.ts"
import { acceptMessage } from "../../../support/console-mail.ts"
import { theirReport } from "../../../support/tls-reports.ts"
import { openConsoleWorld } from "../../../support/console-world.ts"

const script = "<script>alert(1)</script>"

test("what others report of our domains is shown to the province, as text; units have no part in it", async () => {
  const world = await openConsoleWorld()
  await world.administer("an@a.example", "auditor")
  await world.administer("binh@b.example", "unit", "B")
  const mail = async () => ({ envelopeId: (await acceptMessage(world, { to: ["an@a.example"], reportMail: true })).envelopeId, receivedAt: world.clock.ms, submitter: "xa.example" })
  await createReceivedDmarcStore(world.database).add({ ...aggregateReport(), orgName: script, begin: Math.floor(world.clock.ms / 1000) - 86_400, end: Math.floor(world.clock.ms / 1000) }, await mail())
  const failure = { resultType: "certificate-expired", sendingIp: "192.0.2.1", mxHost: script, helo: "", receivingIp: "", sessions: 7, reasonCode: "", information: "" }
  const policy = { domain: "tinh.example", policyType: "sts", policyString: [], mxHosts: [], successful: 900, failed: 7, failures: [failure], leftOut: 0 }
  await createReceivedTlsStore(world.database).add({ organization: script, contact: "", reportId: "1", beginsAt: world.clock.ms - 86_400_000, endsAt: world.clock.ms, policies: [policy] }, await mail())
  const cookie = await world.signIn("an@a.example")
  for (const [path, words] of [["tls", "certificate-expired × 7"], ["dmarc", "2001:db8::7"]] as const) {
    const { body } = await world.ask(`/console/reports/${path}`, { cookie })
    expect(body).toContain(words)
    expect(body).toContain("&lt;script>")
    expect(body).not.toContain("<script>alert")
    expect((await world.ask(`/console/reports/${path}?domain=khac.example`, { cookie })).body).not.toContain(words)
    expect((await world.ask(`/console/reports/${path}?domain=a+b`, { cookie })).status).toBe(422)
  }
  const unit = await world.signIn("binh@b.example")
  for (const path of ["tls", "dmarc"]) expect((await world.ask(`/console/reports/${path}`, { cookie: unit })).status).toBe(403)
  const menu = (await world.ask("/console/me", { cookie: unit })).body
  expect(menu).toContain("/console/reports/monthly")
  expect(menu).not.toMatch(/console.reports.(?:tls|dmarc)/)
  await world.close()
})

test("one report of others is shown with every failure and every record, as text; of ours there is none of that number", async () => {
  const world = await openConsoleWorld()
  await world.administer("an@a.example", "auditor")
  await world.administer("binh@b.example", "unit", "B")
  const mail = async () => ({ envelopeId: (await acceptMessage(world, { to: ["an@a.example"], reportMail: true })).envelopeId, receivedAt: world.clock.ms, submitter: "xa.example" })
  const dmarc = await mail()
  await createReceivedDmarcStore(world.database).add({ ...aggregateReport(), orgName: script }, dmarc)
  const failures = ["certificate-expired", "starttls-not-supported", "validation-failure", "tlsa-invalid"].map((resultType) => ({ resultType, sendingIp: "192.0.2.1", mxHost: script, helo: "", receivingIp: "192.0.2.2", sessions: 7, reasonCode: "X509", information: script }))
  const policy = { domain: "tinh.example", policyType: "sts", policyString: ["version: STSv1"], mxHosts: ["mail.tinh.example"], successful: 900, failed: 28, failures, leftOut: 3 }
  await createReceivedTlsStore(world.database).add({ organization: script, contact: "tls@xa.example", reportId: "1", beginsAt: world.clock.ms - 86_400_000, endsAt: world.clock.ms, policies: [policy] }, await mail())
  const numberOf = async (table: string): Promise<number> => (await world.database.query<{ number: number }>({ text: `SELECT number FROM ${table}` }))[0]?.number ?? 0
  const [tlsNumber, dmarcNumber] = [await numberOf("received_tls_report"), await numberOf("received_dmarc_report")]
  const cookie = await world.signIn("an@a.example")
  for (const [kind, number, words] of [["tls", tlsNumber, ["tlsa-invalid", "Còn 3 dòng", "tls@xa.example", "version: STSv1", "192.0.2.2"]], ["dmarc", dmarcNumber, ["2001:db8::7", "p=reject sp=quarantine adkim=r aspf=s", "local_policy", "r1._domainkey.tinh.example", `/console/trace?what=${dmarc.envelopeId}`]]] as const) {
    expect((await world.ask(`/console/reports/${kind}`, { cookie })).body).toContain(`/console/reports/${kind}/${number}`)
    const { status, body } = await world.ask(`/console/reports/${kind}/${number}`, { cookie })
    expect(status).toBe(200)
    for (const word of words) expect(body).toContain(word)
    expect(body).not.toContain("<script>alert")
    expect((await world.ask(`/console/reports/${kind === "tls" ? "dmarc" : "tls"}/${number}`, { cookie })).status).toBe(404)
    expect((await world.ask(`/console/reports/${kind}/${number}`, { cookie: await world.signIn("binh@b.example") })).status).toBe(403)
    expect((await world.ask(`/console/reports/${kind}/999999`, { cookie })).status).toBe(404)
    expect((await world.ask(`/console/reports/${kind}/0`, { cookie })).status).toBe(400)
  }
  await world.close()
})

test("reports of ours are shown with what has become of them at each place; one that cannot be read any more says so", async () => {
  const world = await openConsoleWorld()
  await world.administer("an@a.example", "province")
  const store = createOwnReportStore(world.database)
  const day = new Date(world.clock.ms - 86_400_000).toISOString().slice(0, 10)
  const destination = (uri: string) => ({ uri, dueAt: world.clock.ms, giveUpAt: world.clock.ms + 86_400_000 })
  const own = (kind: "tls" | "dmarc", domain: string, body: Buffer) => store.add({ kind, day, domain, reportId: `${kind}.${domain}`, body, total: 12, failed: 5, madeAt: world.clock.ms, destinations: [destination(`mailto:${kind}@${domain}`), destination(`https://${domain}/x`)] })
  await own("tls", "xa.example", gzipSync(JSON.stringify(theirReport())))
  await own("dmarc", "xa.example", gzipSync([...reportXml({ ...aggregateReport(), generator: "x", extraContact: "" }, aggregateReport().rows)].join("")))
  await own("dmarc", "hong.example", Buffer.from("hỏng"))
  const many = Array.from({ length: 3000 }, () => aggregateReport().rows[1]).flatMap((row) => row ?? [])
  await own("dmarc", "lon.example", gzipSync([...reportXml({ ...aggregateReport(), generator: "x", extraContact: "" }, many)].join("")))
  await store.notSent({ kind: "tls", day, domain: "xa.example", uri: "https://xa.example/x" }, { detail: script, dueAt: null, now: world.clock.ms })
  const cookie = await world.signIn("an@a.example")
  const page = async (path: string) => (await world.ask(`/console/reports/${path}`, { cookie })).body
  const list = await page("tls/sent")
  expect(list).toContain("mailto:tls@xa.example")
  expect(list).toMatch(/Đã thôi gửi.*&lt;script>/s)
  expect(await page("tls/sent?domain=khac.example")).toContain("Ta chưa gửi báo cáo nào")
  const numbers = await store.list({ kind: "dmarc", since: 0, limit: 10 })
  const numberOf = (domain: string): number => numbers.find((report) => report.domain === domain)?.number ?? 0
  expect(await page("dmarc/sent")).toContain(`/console/reports/dmarc/${numberOf("xa.example")}`)
  expect(await page(`dmarc/${numberOf("xa.example")}`)).toContain("2001:db8::7")
  expect(await page(`dmarc/${numberOf("hong.example")}`)).toContain("Không đọc lại được báo cáo này")
  expect(await page(`dmarc/${numberOf("lon.example")}`)).toContain(`quá lớn để hiện ở đây; xem bằng lệnh congthu reports dmarc show ${numberOf("lon.example")}`)
  const [tls] = await store.list({ kind: "tls", since: 0, limit: 10 })
  expect(await page(`tls/${tls?.number}`)).toContain("certificate-expired")
  await world.close()
})
