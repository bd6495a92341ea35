import { afterAll, beforeAll, expect, test } from "vitest"
import { scopeOf } from "../../src/accounts/administrator.ts"
import type { MonthlyReport, UnitFigures } from "../../src/store/monthly-report-store.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createMonthlyCount } from "../../src/store/sql/monthly-count.ts"
import { createMonthlyReportStore } from "../../src/store/sql/monthly-report.ts"
import { createTestStore, type TestStore } from "../support/store.ts"
import { mailOfMonth } from "../support/monthly-mail.ts"

let store: TestStore
const an = "an@a.example"
const anh = "anh@a.example"
const binh = "binh@b.example"
const price = { pagePrice: 500, pagesPerDocument: 3 }
const time = (text: string): number => Date.parse(`${text}+07:00`)

beforeAll(async () => {
  store = await createTestStore()
  await store.database.query({
    text: `
      INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES
        ('T', 'Tỉnh', 'province', NULL, 'tinh.example'), ('A', 'Sở A', 'department', 'T', 'a.example'), ('A.1', 'Phòng 1', 'division', 'A', 'a.example'), ('A.2', 'Phòng 2', 'division', 'A', 'a.example'), ('B', 'Sở B', 'department', 'T', 'b.example');
      INSERT INTO principal (id, kind, name, unit_code, suspended_at) VALUES ('P1', 'individual', 'An', 'A.1', NULL), ('P2', 'individual', 'Bình', 'B', NULL), ('P3', 'individual', 'Cũ', 'A.1', '2026-05-20');
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes, created_at, suspended_at) VALUES
        ('${an}', 'personal', 'An', 'A.1', 1000000, '2026-01-01', NULL), ('${anh}', 'personal', 'Anh', 'A.2', 1000000, '2026-01-01', NULL), ('${binh}', 'personal', 'Bình', 'B', 1000000, '2026-01-01', NULL),
        ('cu@a.example', 'personal', 'Cũ', 'A.1', 1000000, '2026-01-01', '2026-05-20'), ('moi@a.example', 'personal', 'Mới', 'A.1', 1000000, '2026-06-01 08:00+07', NULL);
      INSERT INTO mailbox (account_id, name, bytes) SELECT id, 'INBOX', 1000 FROM account`,
  })
})
afterAll(() => store.close())

const mail = (one: Parameters<typeof mailOfMonth>[1]) => mailOfMonth(store, one)
const count = (now: string, more = price) => createMonthlyCount({ database: store.database, sealer: createSealer(Buffer.alloc(32, 7)), price: more }).count(time(now))
const reports = () => createMonthlyReportStore(store.database)
const scope = (unitCode: string | null) => {
  const found = scopeOf([unitCode === null ? { role: "province", unitCode } : { role: "unit", unitCode }], "reports:read")
  if (!found) throw new Error("no scope")
  return found
}
const report = async (month: string, { unit, top = null }: { readonly unit?: string; readonly top?: string | null } = {}): Promise<MonthlyReport> => {
  const found = await reports().report({ scope: scope(top), month, unit })
  if (found === undefined || found === "noUnit") throw new Error(`no report: ${found}`)
  return found
}
const figuresOf = ({ rows }: MonthlyReport): Readonly<Record<string, UnitFigures>> => Object.fromEntries(rows.map(({ code, own, figures }) => [own ? `${code} alone` : code, figures]))
const zero = { sentInternal: 0, sentAgencies: 0, sentOutside: 0, sentSigned: 0, received: 0, documents: 0, copies: 0 }

test("before there is any mail, the month under way is counted, and no other", async () => {
  await count("2026-04-15T09:00:00")
  expect(await reports().months()).toEqual(["2026-04"])
  expect((await report("2026-04")).total).toEqual({ accounts: 4, holders: 3, storageBytes: 5000, ...zero })
  await store.database.query({ text: "DELETE FROM unit_month" })
  await store.database.query({ text: "DELETE FROM report_month" })
})

test("mail is added to the units of those who sent it and of those who received it, by how far it went", async () => {
  // the last second of April and the first of May, in the province's time
  await mail({ at: "2026-04-30T16:59:59Z", from: an, to: [an] })
  await mail({ at: "2026-04-30T17:00:00Z", from: an, to: [anh], signed: true })
  await mail({ at: "2026-05-05T03:00:00Z", from: an, to: [anh, binh], file: true })
  await mail({ at: "2026-05-06T03:00:00Z", from: an, to: [anh, binh], remote: ["x@ngoai.example"], file: true, signed: true })
  await mail({ at: "2026-05-07T03:00:00Z", from: binh, to: [binh] })
  // others' mail is received, what programs send is not sent by a unit; copies that wait or go elsewhere are nobody's yet
  await mail({ at: "2026-05-08T03:00:00Z", from: "ai@ngoai.example", to: [an, binh], source: "mx", signed: true, file: true })
  await mail({ at: "2026-05-08T04:00:00Z", from: binh, to: [an], source: "notification" })
  await mail({ at: "2026-05-09T03:00:00Z", from: "ai@ngoai.example", to: [an], source: "mx", delivered: null })
  await count("2026-05-20T09:00:00")
  const may = await report("2026-05")
  expect(may).toMatchObject({ finished: false, unit: { code: "T", parentName: null }, pagePrice: 500, pagesPerDocument: 3, countedUntil: time("2026-05-20T08:50:00") })
  expect(figuresOf(may)).toEqual({
    "T alone": { code: "T", name: "Tỉnh", parentCode: null, accounts: 0, holders: 0, storageBytes: 0, ...zero },
    A: { accounts: 2, holders: 1, storageBytes: 4000, sentInternal: 1, sentAgencies: 1, sentOutside: 1, sentSigned: 2, received: 5, documents: 2, copies: 5 },
    B: { accounts: 1, holders: 1, storageBytes: 1000, ...zero, sentInternal: 1, received: 4 },
  })
  expect(may.total).toMatchObject({ accounts: 3, sentInternal: 2, received: 9, documents: 2, copies: 5 })
  expect(figuresOf(await report("2026-04"))["A"]).toMatchObject({ sentInternal: 1, received: 1 })
})

test("counting again changes nothing, and what was delivered later is added where it was delivered", async () => {
  const before = await report("2026-05")
  await count("2026-05-20T09:00:00")
  expect(await report("2026-05")).toEqual(before)
  await mail({ at: "2026-05-20T01:40:00Z", from: "ai@ngoai.example", to: [an], source: "mx", delivered: "2026-05-20T02:10:00Z" })
  // the worker was away over the month's end
  await count("2026-06-03T09:00:00")
  const may = await report("2026-05")
  expect(may.total).toEqual({ ...before.total, received: before.total.received + 1 })
  expect(may.finished).toBe(true)
  expect((await report("2026-06")).total).toMatchObject({ accounts: 4, received: 0 })
})

test("a month that is over stays as it was: units that move, prices, mail from the past", async () => {
  const before = await report("2026-05")
  await store.database.query({ text: "UPDATE organization_unit SET parent_code = 'B', name = 'Phòng mới' WHERE code = 'A.1'" })
  await mail({ at: "2026-05-21T03:00:00Z", from: an, to: [an] })
  await count("2026-06-10T09:00:00", { pagePrice: 900, pagesPerDocument: 1 })
  expect(await report("2026-05")).toEqual(before)
  expect(await report("2026-06")).toMatchObject({ pagePrice: 900, pagesPerDocument: 1 })
  expect(figuresOf(await report("2026-06"))).toMatchObject({ A: { accounts: 1 }, B: { accounts: 3 } })
  await store.database.query({ text: "UPDATE organization_unit SET parent_code = 'A', name = 'Phòng 1' WHERE code = 'A.1'" })
})

test("accounts are those of the month's end while somebody counts then; of a past before all counting they are not known", async () => {
  await count("2026-07-01T00:30:00")
  expect((await report("2026-06")).total).toMatchObject({ accounts: 4, holders: 2, storageBytes: 5000 })
  expect((await report("2026-04")).total).toMatchObject({ accounts: null, holders: null, storageBytes: null, sentInternal: 1 })
})

test("what was counted once is not lost where the next run comes too late", async () => {
  await store.database.query({ text: "UPDATE account SET suspended_at = '2026-07-20' WHERE address = $1" }, [anh])
  await count("2026-08-20T09:00:00")
  expect((await report("2026-07")).total).toMatchObject({ accounts: 4 })
  expect((await report("2026-08")).total).toMatchObject({ accounts: 3 })
})

test("two processes do not count the same mail twice", async () => {
  await mail({ at: "2026-08-21T03:00:00Z", from: an, to: [an] })
  const both = await Promise.allSettled([count("2026-08-22T09:00:00"), count("2026-08-22T09:00:00")])
  expect(both.some(({ status }) => status === "fulfilled")).toBe(true)
  expect((await report("2026-08")).total).toMatchObject({ sentInternal: 1, received: 1 })
})

test("a unit's administrator sees its subtree and what is below, whatever is asked for", async () => {
  const own = await report("2026-05", { top: "A" })
  expect(own).toMatchObject({ unit: { code: "A", name: "Sở A", parentName: "Tỉnh" }, above: [], choices: [{ code: "A", depth: 0 }] })
  expect(Object.keys(figuresOf(own))).toEqual(["A alone", "A.1", "A.2"])
  expect(await report("2026-05", { top: "A", unit: "A.1" })).toMatchObject({ unit: { code: "A.1" }, above: [{ code: "A" }], rows: [{ code: "A.1", own: true }], total: { sentSigned: 2 } })
  for (const unit of ["T", "B", "nowhere"]) expect(await reports().report({ scope: scope("A"), month: "2026-05", unit })).toBe("noUnit")
  expect(await reports().report({ scope: scope("A"), month: "2025-05" })).toBeUndefined()
  const both = scopeOf([{ role: "unit", unitCode: "A" }, { role: "unit", unitCode: "A.1" }, { role: "unit", unitCode: "B" }], "reports:read")
  const several = both && (await reports().report({ scope: both, month: "2026-05" }))
  // A.1 is in A already
  expect(several).toMatchObject({ unit: null, rows: [{ code: "A" }, { code: "B" }], total: { sentInternal: 2, copies: 5 } })
})

test("twelve months of the same units", async () => {
  const history = (top: string | null, unit?: string) => reports().history({ scope: scope(top), month: "2026-08", unit })
  expect(await history(null)).toEqual([
    { month: "2026-04", sent: 1, sentSigned: 0, received: 1, documents: 0 }, { month: "2026-05", sent: 4, sentSigned: 2, received: 10, documents: 2 }, { month: "2026-06", sent: 0, sentSigned: 0, received: 0, documents: 0 },
    { month: "2026-07", sent: 0, sentSigned: 0, received: 0, documents: 0 }, { month: "2026-08", sent: 1, sentSigned: 0, received: 1, documents: 0 },
  ])
  expect((await history("B")).map(({ received }) => received)).toEqual([0, 4, 0, 0, 0])
  expect(await history("A", "B")).toEqual([])
  expect((await history(null, "A.2")).map(({ received }) => received)).toEqual([0, 3, 0, 0, 0])
})

test("a content that is gone counts as a letter without files", async () => {
  const id = await mail({ at: "2026-08-23T03:00:00Z", from: an, remote: ["x@ngoai.example"], file: true })
  await store.database.query({ text: "DELETE FROM content WHERE hash = (SELECT content FROM envelope WHERE id = $1)" }, [id])
  await count("2026-08-24T09:00:00")
  expect((await report("2026-08")).total).toMatchObject({ sentOutside: 1, documents: 0 })
})

test("one whose structure is damaged does too, and stops nothing", async () => {
  const id = await mail({ at: "2026-08-25T03:00:00Z", from: an, remote: ["x@ngoai.example"], file: true })
  await store.database.query({ text: "UPDATE content SET structure = 'damaged' WHERE hash = (SELECT content FROM envelope WHERE id = $1)" }, [id])
  await mail({ at: "2026-08-25T03:00:01Z", from: an, remote: ["x@ngoai.example"], file: true })
  await count("2026-08-26T09:00:00")
  expect((await report("2026-08")).total).toMatchObject({ sentOutside: 3, documents: 1 })
})
