import { afterAll, beforeAll, expect, test } from "vitest"
import type { ReceivedDmarcStore } from "../../src/store/received-dmarc-store.ts"
import { createReceivedDmarcStore } from "../../src/store/sql/received-dmarc-reports.ts"
import { aggregateReport, reportRow } from "../support/aggregate-report.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
let reports: ReceivedDmarcStore
let accountId: number
beforeAll(async () => {
  store = await createTestStore()
  accountId = await store.account("nhan@tinh.example")
  reports = createReceivedDmarcStore(store.database)
})
afterAll(() => store.close())

/** A message to the reporting address, as intake commits it. */
async function reportMail(): Promise<number> {
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const content = await store.prepare("Subject: Report Domain: tinh.example\r\n\r\nx\r\n")
  return unwrap(await store.acceptances.commit({ ...acceptance({ content, accountIds: [accountId], remote: [], directoryVersion: current?.version ?? 0 }), reportMail: true })).envelopeId
}
const stateOf = async (envelopeId: number) => (await store.database.query<{ state: string; kind: string | null }>({ text: "SELECT state, kind FROM report_mail WHERE envelope_id = $1" }, [envelopeId]))[0]
const since = 0

test("a report is stored with its mail's outcome, once for each submitter and id", async () => {
  const [first, again, other, settled] = [await reportMail(), await reportMail(), await reportMail(), await reportMail()]
  const report = aggregateReport()
  const from = (envelopeId: number, submitter = "xa.example") => ({ envelopeId, receivedAt: 1_795_740_000_000, submitter })
  expect(await reports.add(report, from(first))).toBe("stored")
  expect(await reports.add(report, from(again))).toBe("duplicate")
  expect(await reports.add(report, from(other, "huyen.example"))).toBe("stored")
  expect(await Promise.all([first, again, other].map(stateOf))).toEqual([{ state: "stored", kind: "dmarc" }, { state: "duplicate", kind: "dmarc" }, { state: "stored", kind: "dmarc" }])
  expect(await reports.records("xa.example", 1_795_739_999_999)).toEqual({ own: 2, all: 4 })
  expect(await reports.records("xa.example", 1_795_740_000_000)).toEqual({ own: 0, all: 0 })
  // two processes read the same mail: the second leaves nothing
  await expect(reports.add({ ...report, reportId: "r9" }, from(first))).rejects.toThrow(/settled already/)
  expect((await reports.list({ since, limit: 10 })).map(({ submitter, messages, failed, policy }) => [submitter, messages, failed, policy.domain])).toEqual([["huyen.example", 15, 12, "tinh.example"], ["xa.example", 15, 12, "tinh.example"]])
  const [, stored] = await reports.list({ since, limit: 10 })
  expect(await reports.find(stored?.number ?? 0)).toEqual({ ...report, number: stored?.number, ...from(first), messages: 15, failed: 12 })
  expect(await reports.find(999_999)).toBeUndefined()
  expect(await reports.add({ ...report, reportId: "r2", policy: { ...report.policy, domain: "con.tinh.example" }, rows: [reportRow({ headerFrom: "con.tinh.example", disposition: "quarantine", spfAligned: true, spf: null })] }, from(settled))).toBe("stored")
})

test("sources are summed over reports, those that fail most first; domain, time and number are limits", async () => {
  expect(await reports.sources({ since, limit: 10 })).toEqual([
    { source: "2001:db8::7", headerFrom: "tinh.example", messages: 24, failed: 24, dkimAligned: 0, spfAligned: 0, quarantined: 0, rejected: 24, reporters: 2 },
    { source: "192.0.2.7", headerFrom: "tinh.example", messages: 6, failed: 0, dkimAligned: 6, spfAligned: 0, quarantined: 0, rejected: 0, reporters: 2 },
    { source: "192.0.2.7", headerFrom: "con.tinh.example", messages: 3, failed: 0, dkimAligned: 3, spfAligned: 3, quarantined: 3, rejected: 0, reporters: 1 },
  ])
  expect(await reports.sources({ since, limit: 1 })).toHaveLength(1)
  expect((await reports.sources({ since, domain: "con.tinh.example", limit: 10 })).map(({ headerFrom }) => headerFrom)).toEqual(["con.tinh.example"])
  expect(await reports.sources({ since: Date.parse("2026-11-27T00:00:00Z"), limit: 10 })).toEqual([])
  expect(await reports.list({ since, domain: "con.tinh.example", limit: 10 })).toHaveLength(1)
})

test("what is too old goes, with its rows", async () => {
  expect(await reports.forget(Date.parse("2026-11-26T00:00:00Z"))).toBe(0)
  expect(await reports.forget(Date.parse("2026-11-27T00:00:00Z"))).toBe(3)
  expect(await store.database.query({ text: "SELECT FROM received_dmarc_row" })).toEqual([])
})
