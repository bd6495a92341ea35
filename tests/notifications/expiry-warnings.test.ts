import { simpleParser } from "mailparser"
import { afterEach, beforeEach, expect, test } from "vitest"
import { startExpiryWorker } from "../../queue-workers/expiry.worker.ts"
import { createIntake } from "../../src/intake/accept.ts"
import { createExpiryWarnings, type ExpiryWarnings } from "../../src/notifications/expiry-warnings.ts"
import { createNoticeSender } from "../../src/notifications/notice.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createExclusive } from "../../src/store/sql/exclusive.ts"
import { createExpiryStore } from "../../src/store/sql/expiry.ts"
import { createExpiryLog } from "../../src/telemetry/mail-log.ts"
import { registerRows } from "../support/certificates.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, readAll, testLog, type TestStore } from "../support/store.ts"

const hostname = "mail.tinh.example"
const day = 86_400_000
const start = Date.parse("2026-06-15T03:00:00Z")
const ends = start + 60 * day
let now = start
const clock = { now: () => now }
let store: TestStore
let directory: SqlDirectorySource
const closers: SqlDirectorySource[] = []
beforeEach(async () => {
  now = start
  store = await createTestStore()
  await createProvince(store.database)
  directory = await newDirectory()
})
afterEach(async () => {
  for (const one of closers.splice(0)) one.close()
  await store.close()
})

async function newDirectory(): Promise<SqlDirectorySource> {
  const source = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
  closers.push(source)
  return source
}

const warnings = (administrators: readonly string[] = [], from: SqlDirectorySource = directory): ExpiryWarnings =>
  createExpiryWarnings({
    expiries: createExpiryStore(store.database), directory: from, administrators: async () => administrators.map((address) => ({ address, unitCode: null })), hostname, clock, log: createExpiryLog(testLog),
    notices: createNoticeSender({
      contents: store.contents, hostname, clock,
      intake: createIntake({
        directory: from, acceptances: store.acceptances, wake: () => undefined, rates: { take: () => true, isExhausted: () => false }, clock, config: { hostname, expiryMs: 1_000 },
        mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
      }),
    }),
  })

const told = () =>
  store.database.query<{ subject: string; days: number; recipient: string }>({
    text: "SELECT c.subject, w.days, w.recipient FROM certificate_warning w JOIN certificate c USING (fingerprint) JOIN envelope e ON e.id = w.envelope_id ORDER BY w.at, c.subject, w.recipient",
  })

/** Runs at each of these, counted in days from the start. */
async function runOn(days: readonly number[], administrators: readonly string[] = []): Promise<number[]> {
  const sent: number[] = []
  for (const at of days) {
    now = start + at * day
    sent.push(await warnings(administrators).send())
  }
  return sent
}

test("a holder is warned 60, 30, 7 and 1 days before, once each, however often it is looked for", async () => {
  await registerRows(store.database, [{ name: "an", holder: "an", notAfter: ends }])
  expect(await runOn([-1, 0, 0, 1, 29, 30, 31, 52, 53, 53, 54, 58, 59, 59.9, 60, 61])).toEqual([0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
  expect(await told()).toEqual([60, 30, 7, 1].map((days) => ({ subject: "CN=an", days, recipient: "an@tinh.example" })))
})

test("after days of standing still only the nearest threshold is told", async () => {
  await registerRows(store.database, [{ name: "an", holder: "an", notAfter: ends }])
  expect(await runOn([55, 56, 59.5])).toEqual([1, 0, 1])
  expect((await told()).map(({ days }) => days)).toEqual([7, 1])
})

test("certificates that are not in use warn nobody", async () => {
  await registerRows(store.database, [
    { name: "suspended", holder: "an", notAfter: ends, state: "suspended" }, { name: "revoked", holder: "an", notAfter: ends, state: "revoked" },
    { name: "ended", holder: "an", notAfter: start }, { name: "later", holder: "an", notAfter: ends + 1_000 }, { name: "gone", holder: "gone", notAfter: ends },
  ])
  expect(await runOn([0])).toEqual([0])
})

test("the letter is in Vietnamese, then English, lists everything due, and comes from the system without a reverse-path", async () => {
  await registerRows(store.database, [{ name: "An một", holder: "an", notAfter: start + 7 * day }, { name: "An hai", holder: "an", use: "mobile", notAfter: start + 20 * day }])
  expect(await runOn([0], ["quan-tri@noikhac.example"])).toEqual([2])
  const [envelope, ...others] = await store.database.query<{ content: Buffer; source: string; reverse_path: string; recipient: string; account_id: number | null; notify: string[] }>({
    text: "SELECT e.content, e.source, e.reverse_path, d.recipient, d.account_id, d.notify FROM envelope e JOIN delivery d ON d.envelope_id = e.id ORDER BY d.recipient",
  })
  expect(envelope).toMatchObject({ source: "notification", reverse_path: "", recipient: "an@tinh.example", notify: ["never"] })
  expect(others).toMatchObject([{ recipient: "quan-tri@noikhac.example", account_id: null }])
  const bytes = await readAll(store.contents.read(envelope?.content ?? Buffer.alloc(0)))
  for (const line of bytes.toString("latin1").split("\r\n")) expect(line.length).toBeLessThanOrEqual(78)
  const mail = await simpleParser(bytes)
  expect(mail.subject).toBe("2 chứng thư ký số sắp hết hạn / 2 signing certificates are about to end")
  expect(mail.from?.value).toEqual([{ name: "Công Thư", address: "postmaster@mail.tinh.example" }])
  expect(mail.headers.get("auto-submitted")).toBe("auto-generated")
  const text = mail.text ?? ""
  expect(text).toContain("Nguyễn Văn An (an), chứng thư cá nhân\n    hết hạn ngày 22/06/2026, còn không quá 7 ngày\n    CN=An một\n")
  expect(text).toContain("Nguyễn Văn An (an), mobile certificate\n    ends on 2026-07-05, within 30 days\n    CN=An hai\n")
  expect(text.indexOf("sắp hết hạn")).toBeLessThan(text.indexOf("are about to end"))
})

test("two processes at the same moment tell it once", async () => {
  await registerRows(store.database, Array.from({ length: 5 }, (_, at) => ({ name: `n${at}`, holder: at % 2 === 0 ? "an" : "binh", notAfter: ends })))
  const sources = await Promise.all([newDirectory(), newDirectory(), newDirectory()])
  const sent = await Promise.all(sources.map((source) => warnings([], source).send()))
  expect(sent.reduce((sum, one) => sum + one, 0)).toBe(2)
  expect(await told()).toHaveLength(5)
  expect(await store.database.query({ text: "SELECT count(*) FROM envelope" })).toEqual([{ count: 2 }])
})

test("who cannot be told now is told at the next run", async () => {
  await registerRows(store.database, [{ name: "an", holder: "an", notAfter: ends }])
  expect(await runOn([0], ["none@tinh.example"])).toEqual([1])
  expect(await told()).toHaveLength(1)
  await store.database.query({ text: "INSERT INTO alias (address, account_id) SELECT 'none@tinh.example', id FROM account WHERE address = 'binh@tinh.example'; UPDATE directory_version SET version = version + 1" })
  expect(await runOn([1], ["none@tinh.example"])).toEqual([1])
  expect((await told()).map(({ recipient }) => recipient)).toEqual(["an@tinh.example", "none@tinh.example"])
})

test("the worker runs one round at a time, and a failure is not the end", async () => {
  await registerRows(store.database, [{ name: "an", holder: "an", notAfter: ends }])
  let failing = true
  const expiryWarnings = { send: () => (failing ? Promise.reject(new Error("away")) : warnings().send()) }
  const worker = startExpiryWorker({ expiryWarnings, exclusively: createExclusive(store.database, "expiryWarnings"), everyMs: 3_600_000, log: testLog })
  await worker.run()
  failing = false
  await Promise.all([worker.run(), worker.run()])
  expect(await told()).toHaveLength(1)
  await worker.close()
})
