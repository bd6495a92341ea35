import { gunzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createDmarcMaker, rowOf } from "../../src/reports/dmarc-maker.ts"
import { publishedPolicy } from "../../src/reports/dmarc-record.ts"
import { readAggregateReport } from "../../src/reports/dmarc-read.ts"
import type { MadeReport, ReportMaker } from "../../src/reports/report-maker.ts"
import type { DmarcCount } from "../../src/store/dmarc-store.ts"
import { createDmarcStore } from "../../src/store/sql/dmarc.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

const day = "2026-11-26"
const reporter = { organization: "Tỉnh <X>", contact: "https://tinh.example/", from: "postmaster@tinh.example", domain: "tinh.example" }
const count = (change: Partial<DmarcCount> = {}): DmarcCount => ({
  day, policyDomain: "gui.example", headerFrom: "gui.example", source: "192.0.2.7", disposition: "none", override: "", dkimAligned: true, spfAligned: false,
  spf: { domain: "im.example", result: "softfail" }, dkim: [{ domain: "gui.example", selector: "r", result: "pass" }], messages: 1, ...change,
})

test.each<[string, Partial<DmarcCount>, string, readonly string[]]>([
  ["it passed", {}, "p=reject", []],
  ["as the domain asks", { dkimAligned: false, disposition: "reject" }, "p=reject", []],
  ["less, by our choice", { dkimAligned: false, override: "local_policy" }, "p=reject", ["local_policy"]],
  ["less, for it came by way of a forwarder", { dkimAligned: false, override: "trusted_forwarder" }, "p=reject", ["trusted_forwarder"]],
  ["less, for the record is on trial", { dkimAligned: false, disposition: "quarantine" }, "p=reject; t=y", ["policy_test_mode"]],
  ["a subdomain's own policy", { dkimAligned: false, headerFrom: "con.gui.example" }, "p=reject; sp=none; t=y", []],
])("why something was done: %s", (_, change, record, expected) => {
  const tags = new Map(record.split("; ").map((tag) => tag.split("=") as [string, string]))
  expect(rowOf(count(change), publishedPolicy("gui.example", tags)).reasons.map(({ type }) => type)).toEqual(expected)
})

test("signatures of the author come first, then those that pass, and what was not read is no signature", () => {
  const dkim = [{ domain: "", selector: "", result: "policy" }, { domain: "xa.example", selector: "a", result: "fail" }, { domain: "im.example", selector: "b", result: "pass" }, { domain: "gui.example", selector: "c", result: "pass" }]
  expect(rowOf(count({ dkim }), publishedPolicy("gui.example", new Map())).dkim.map(({ selector }) => selector)).toEqual(["c", "b", "a"])
})

describe.skipIf(dnsUnavailable() !== undefined)("reports of a day, on a real DNS", () => {
  let dns: DnsWorld
  let store: TestStore
  let now = Date.parse("2026-11-27T00:20:00Z")
  const maker = (maxRecords?: number): ReportMaker =>
    createDmarcMaker({
      counts: createDmarcStore(store.database), resolver: dns.resolver(), software: "congthu test", clock: { now: () => now },
      ...(maxRecords !== undefined && { maxRecords }),
    })
  const request = (domain: string) => ({ day, domain, reportId: "20261126.abc@tinh.example" })
  const made = async (domain: string, maxRecords?: number): Promise<MadeReport> => {
    const report = await maker(maxRecords).make(request(domain), reporter)
    if (report === "later") throw new Error("later")
    return report
  }
  const observed = (domain: string, record: string, change: Partial<DmarcCount> = {}) =>
    createDmarcStore(store.database).add([count({ policyDomain: domain, headerFrom: domain, ...change })], [{ day, policyDomain: domain, record: `v=DMARC1; ${record}` }])

  beforeAll(async () => {
    store = await createTestStore()
    dns = await startDns({
      unsigned: {
        "gui.example": '_dmarc TXT "v=DMARC1; p=reject"\ncon A 192.0.2.1',
        "nhan.example": 'gui.example._report._dmarc TXT "v=DMARC1"\nchuyen.example._report._dmarc TXT "v=DMARC1; rua=mailto:khac@nhan.example!1m"\nlua.example._report._dmarc TXT "v=DMARC1; rua=mailto:nan@nan.example"\nsai.example._report._dmarc TXT "hello"',
        "nan.example": "@ A 192.0.2.1",
      },
      bogus: { "hong.example": "@ A 192.0.2.1" },
    })
  })
  afterAll(async () => {
    await dns.stop()
    await store.close()
  })

  test.each<[string, string, string, readonly string[]]>([
    ["its own address", "gui.example", "mailto:r@gui.example", ["mailto:r@gui.example"]],
    ["an address of its organization", "gui.example", "mailto:r@con.gui.example", ["mailto:r@con.gui.example"]],
    ["a stranger who agrees, and one who does not", "gui.example", "mailto:r@nhan.example,mailto:nan@nan.example", ["mailto:r@nhan.example"]],
    ["a stranger who wants them elsewhere in its house", "chuyen.example", "mailto:r@nhan.example", ["mailto:khac@nhan.example"]],
    ["a stranger who sends them on to a third party", "lua.example", "mailto:r@nhan.example", []],
    ["a stranger with another record", "sai.example", "mailto:r@nhan.example", []],
    ["a stranger who does not exist", "gui.example", "mailto:r@khong.example", []],
    ["one address twice", "gui.example", "mailto:r@gui.example,mailto:r@gui.example!9m", ["mailto:r@gui.example"]],
    ["an address that takes only little", "gui.example", "mailto:r@gui.example!100,mailto:s@gui.example!10k", ["mailto:s@gui.example"]],
    ["nobody", "gui.example", "https://gui.example/", []],
  ])("go to those who may ask for them: %s", async (_, domain, rua, expected) => {
    await observed(domain, `p=reject; rua=${rua}`)
    const { uris, body, failed } = await made(domain)
    expect(uris).toEqual(expected)
    expect(body !== null).toBe(expected.length > 0)
    expect(failed).toBe(0)
  })

  test("wait for a DNS that does not answer, but not for ever", async () => {
    await observed("gui.example", "p=reject; rua=mailto:a@hong.example,mailto:b@gui.example")
    expect(await maker().make(request("gui.example"), reporter)).toBe("later")
    const then = now
    now = Date.parse("2026-11-27T12:00:01Z")
    expect((await made("gui.example")).uris).toEqual(["mailto:b@gui.example"])
    now = then
  })

  test("say what was counted, and what is left out of a flood", async () => {
    await observed("nhieu.example", "p=quarantine; sp=reject; adkim=s; rua=mailto:r@nhieu.example", { messages: 5 })
    for (let at = 0; at < 12; at++) await observed("nhieu.example", "p=quarantine; sp=reject; adkim=s; rua=mailto:r@nhieu.example", { source: `2001:db8::${at}`, dkimAligned: false, disposition: "quarantine", dkim: [], messages: at === 0 ? 2 : 1 })
    const { body, total, failed } = await made("nhieu.example", 2)
    expect([total, failed]).toEqual([18, 13])
    const report = readAggregateReport(gunzipSync(body ?? ""))
    expect(report).toEqual({
      ok: true,
      value: {
        orgName: "Tỉnh <X>", email: "postmaster@tinh.example", reportId: "20261126.abc@tinh.example", begin: 1_795_651_200, end: 1_795_737_599, errors: ["11 further records, 11 messages, are left out"],
        policy: { domain: "nhieu.example", p: "quarantine", sp: "reject", np: "", adkim: "s", aspf: "r", testing: false, fo: "0" },
        rows: [
          { source: "192.0.2.7", messages: 5, disposition: "none", dkimAligned: true, spfAligned: false, reasons: [], headerFrom: "nhieu.example", envelopeFrom: "im.example", dkim: [{ domain: "gui.example", selector: "r", result: "pass" }], spf: { domain: "im.example", result: "softfail" } },
          { source: "2001:db8::", messages: 2, disposition: "quarantine", dkimAligned: false, spfAligned: false, reasons: [], headerFrom: "nhieu.example", envelopeFrom: "im.example", dkim: [], spf: { domain: "im.example", result: "softfail" } },
        ],
      },
    })
  })

  test("travel under the names that consumers go by", () => {
    expect(maker().letter(request("gui.example"))).toMatchObject({
      subject: "Report Domain: gui.example Submitter: tinh.example Report-ID: <20261126.abc@tinh.example>",
      attachment: { type: "application/gzip", fileName: "tinh.example!gui.example!1795651200!1795737599.xml.gz" },
    })
  })
})
