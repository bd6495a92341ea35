import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { createReportThread, type ReportThreadOptions } from "../../src/reports/read-in-thread.ts"
import { createReceivedReports, type ReceivedReports } from "../../src/reports/received-reports.ts"
import { saveTlsReport } from "../../src/reports/save-tls-report.ts"
import type { NewDecision } from "../../src/store/decision-store.ts"
import { sealFacts } from "../../src/store/sealed-facts.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createReceivedTlsStore } from "../../src/store/sql/received-tls-reports.ts"
import { createReportMailStore } from "../../src/store/sql/report-mail.ts"
import { messageFacts } from "../policy/facts.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"
import { reportMail, theirReport } from "../support/tls-reports.ts"

/** Reports of others on the real store, read in the real thread. */
const sealer = createSealer(Buffer.alloc(32, 7))
let store: TestStore
let accountId: number
let used: string[]
beforeAll(async () => {
  store = await createTestStore()
  accountId = await store.account("postmaster@tinh.example")
})
beforeEach(async () => {
  used = []
  await store.database.query({ text: "TRUNCATE received_tls_report, report_mail CASCADE" })
})
afterAll(() => store.close())

const mails = () => createReportMailStore({ database: store.database, sealer })
const received = () => createReceivedTlsStore(store.database)

/** As one process has them. */
const reader = (thread: ReportThreadOptions = {}): ReceivedReports =>
  createReceivedReports({
    mails: mails(), contents: store.contents, openThread: () => createReportThread(thread),
    save: async ({ kind, report }, mail) => (kind === "tls" ? saveTlsReport(report, mail, { store: received(), isLocalDomain: (domain) => domain === "tinh.example" }) : { kind: "bad", reason: "it is about no TLS" }),
    log: { reportStored: ({ duplicate }) => void used.push(duplicate ? "duplicate" : "stored"), reportNotUsed: ({ reason }) => void used.push(reason), reportNotRead: ({ error }) => void used.push(String(error)) },
  })
const signal = new AbortController().signal

type Dkim = readonly { readonly result: string; readonly domain: string; readonly aligned: boolean }[]
const signed: Dkim = [{ result: "fail", domain: "khac.example", aligned: false }, { result: "pass", domain: "Gui.example", aligned: true }]

/** Comes in as intake stores it; `dkim` is what was found out, null: nobody asked. */
async function arrive(content: string | Buffer, { dkim = signed, deliver = true }: { readonly dkim?: Dkim | null; readonly deliver?: boolean } = {}): Promise<number> {
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const prepared = await store.prepare(content)
  const facts = messageFacts({ direction: "inbound" })
  const authenticity = dkim && { spf: { result: "none", domain: "gui.example", aligned: false }, dkim, dmarc: { result: "none", policy: null, domain: "gui.example", policyDomain: null }, arc: { result: "none", sealers: [], vouched: false }, aligned: true }
  const decision: NewDecision = { policyVersion: 1, ruleId: "r", verdict: "accept", messageId: "1@gui.example", reversePath: "bao-cao@gui.example", at: Date.now(), facts: sealFacts(sealer, authenticity ? { ...facts, authenticity } : facts) }
  const done = unwrap(await store.acceptances.commit({ ...acceptance({ content: prepared, accountIds: [accountId], directoryVersion: current?.version ?? 0 }), reportMail: true, decision }))
  if (deliver) await store.deliveries.deliverLocal(done.deliveryIds, Date.now())
  return done.envelopeId
}

const mail = (value: unknown = theirReport()): string => reportMail({ attachment: gzipSync(JSON.stringify(value)) })
const inbox = async (): Promise<number> => (await store.database.query<{ messages: number }>({ text: "SELECT messages FROM mailbox WHERE account_id = $1 AND name = 'INBOX'" }, [accountId]))[0]?.messages ?? 0
const states = async (): Promise<readonly string[]> => (await store.database.query<{ state: string }>({ text: "SELECT state FROM report_mail ORDER BY envelope_id" })).map(({ state }) => state)

test("a report becomes figures once, however often it comes and by however many it is read; the message stays where it is", async () => {
  const before = await inbox()
  const envelopeId = await arrive(mail())
  await Promise.all([reader().run(signal), reader().run(signal)])
  await arrive(reportMail({ attachment: gzipSync(JSON.stringify(theirReport()), { level: 1 }) }))
  expect(await reader().run(signal)).toBe(0)
  expect(await states()).toEqual(["stored", "duplicate"])
  const reports = await received().list({ since: 0, limit: 10 })
  expect(reports).toMatchObject([{ envelopeId, submitter: "gui.example", organization: "Công ty Mẫu", reportId: "1@gui.example", policies: [{ domain: "tinh.example", successful: 5_326, failed: 303, failures: [{ sessions: 100, receivingIp: "192.0.2.7" }, { sessions: 203, helo: "mail" }] }] }])
  expect(await received().find(reports[0]?.number ?? 0)).toEqual(reports[0])
  expect(await received().list({ since: 0, domain: "khac.example", limit: 10 })).toEqual([])
  expect(await received().list({ since: Date.UTC(2026, 10, 27), limit: 10 })).toEqual([])
  expect((await inbox()) - before).toBe(2)
})

test("the same id from somebody else is another report; who nobody asked about is nobody", async () => {
  await arrive(mail())
  await arrive(mail(), { dkim: [{ result: "pass", domain: "khac.example", aligned: true }] })
  await arrive(mail(), { dkim: null })
  expect(await reader().run(signal)).toBe(3)
  expect((await received().list({ since: 0, limit: 10 })).map(({ submitter }) => submitter).toSorted()).toEqual(["", "gui.example", "khac.example"])
})

test.each<[name: string, content: () => string | Buffer, dkim: Dkim, reason: string]>([
  ["unsigned", mail, [], "it has no valid DKIM signature of its author's domain"],
  ["signed by somebody else", mail, [{ result: "pass", domain: "khac.example", aligned: false }, { result: "policy", domain: "gui.example", aligned: true }], "it has no valid DKIM signature of its author's domain"],
  ["about others", () => mail({ ...theirReport(), policies: [{ ...theirReport().policies[0], policy: { "policy-type": "sts", "policy-domain": "khac.example" } }] }), signed, "it is about no domain of ours"],
  ["a gzip bomb", () => reportMail({ attachment: gzipSync(Buffer.alloc(64 * 1024 * 1024)) }), signed, "it unpacks to more than a report can have"],
  ["no JSON", () => reportMail({ attachment: gzipSync("[") }), signed, "it is no JSON"],
  ["too large to be looked at", () => Buffer.alloc(25 * 1024 * 1024, "x\r\n"), signed, "the message is larger than a report can be"],
])("%s: counted with its reason, the others are read", async (_name, content, dkim, reason) => {
  await arrive(content(), { dkim })
  await arrive(mail())
  await arrive("Subject: xin\r\n\r\nchao\r\n")
  expect(await reader().run(signal)).toBe(1)
  expect(await states()).toEqual(["bad", "stored", "other"])
  expect((await mails().bad(0)).map(({ reason: told, count }) => [told, count])).toEqual([[reason, 1]])
  expect(await mails().bad(Date.now() + 60_000)).toEqual([])
})

test("what ends the thread, or never ends in it, is a bad report, and the next one is read", async () => {
  const script = join(store.blobDir, "thread.ts")
  const real = new URL("../../src/reports/read-report-mail.ts", import.meta.url)
  await writeFile(script, `
    import { parentPort } from "node:worker_threads"
    import { readReportMail } from "${real.href}"
    parentPort.on("message", (bytes) => {
      const text = Buffer.from(bytes).toString()
      if (text.includes("MEMORY")) for (const kept = []; ; ) kept.push(new Array(1e5).fill(kept))
      if (text.includes("FOREVER")) for (;;);
      if (text.includes("BUG")) throw new Error("bug")
      parentPort.postMessage(readReportMail(bytes))
    })`)
  for (const word of ["MEMORY", "FOREVER", "BUG"]) await arrive(`Subject: ${word}\r\n\r\nx\r\n`)
  await arrive(mail())
  expect(await reader({ script: pathToFileURL(script), heapMb: 32, limitMs: 5_000 }).run(signal)).toBe(1)
  const reason = "reading it takes more memory or time than a report may take"
  expect(used).toEqual([reason, reason, reason, "stored"])
}, 30_000)

test("what has not been delivered is not read yet; what ends the process again and again is let go", async () => {
  const envelopeId = await arrive(mail(), { deliver: false })
  expect(await reader().run(signal)).toBe(0)
  expect(await states()).toEqual(["waiting"])
  await store.database.query({ text: "UPDATE delivery SET state = 'delivered' WHERE envelope_id = $1" }, [envelopeId])
  for (let tries = 0; tries < 10; tries++) expect(await mails().begin(5)).toMatchObject([{ envelopeId, tries: tries + 1 }])
  await reader().run(signal)
  expect(used).toEqual(["it could not be read several times running"])
})

test("reports and mails are forgotten when they are too old", async () => {
  await arrive(mail())
  await reader().run(signal)
  expect(await received().forget(Date.UTC(2026, 10, 26))).toBe(0)
  expect(await received().forget(Date.UTC(2026, 10, 26) + 1)).toBe(1)
  expect(await store.database.query({ text: "SELECT FROM received_tls_failure" })).toEqual([])
  expect(await mails().forget(0)).toBe(0)
  expect(await mails().forget(Date.now() + 60_000)).toBe(1)
})
