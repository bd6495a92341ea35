import { afterAll, beforeAll, expect, test } from "vitest"
import { reportRoutes } from "../../src/api/routes/reports.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createMonthlyCount } from "../../src/store/sql/monthly-count.ts"
import { createMonthlyReportStore } from "../../src/store/sql/monthly-report.ts"
import { type ApiWorld, openApiWorld } from "../support/api-world.ts"
import { mailOfMonth } from "../support/monthly-mail.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

let store: TestStore
let world: ApiWorld
let province: string
let ofA: string

beforeAll(async () => {
  store = await createTestStore()
  await store.database.query({
    text: `INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES ('T', 'Tỉnh', 'province', NULL, 'tinh.example'), ('A', '=Sở A', 'department', 'T', 'a.example'), ('A.1', 'Phòng 1', 'division', 'A', 'a.example'), ('B', 'Sở B', 'department', 'T', 'b.example');
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) VALUES ('an@a.example', 'personal', 'An', 'A.1', 1000000), ('binh@b.example', 'personal', 'Bình', 'B', 1000000);
      INSERT INTO mailbox (account_id, name, bytes) SELECT id, 'INBOX', 1000 FROM account`,
  })
  await mailOfMonth(store, { at: "2026-05-05T03:00:00Z", from: "an@a.example", to: ["binh@b.example"], file: true, signed: true })
  await createMonthlyCount({ database: store.database, sealer: createSealer(Buffer.alloc(32, 7)), price: { pagePrice: 500, pagesPerDocument: 3 } }).count(Date.parse("2026-06-15T03:00:00Z"))
  world = await openApiWorld({ database: store.database, routes: reportRoutes({ monthly: createMonthlyReportStore(store.database) }) })
  province = await world.token(["reports:read"])
  ofA = await world.token(["reports:read"], "A")
})
afterAll(async () => {
  await world.close()
  await store.close()
})

const ask = (query: string, token = province) => world.ask("GET", `/api/v1/reports/monthly?${query}`, { token })
const csv = (query: string, token = province) => fetch(`http://127.0.0.1:${world.port}/api/v1/reports/monthly.csv?${query}`, { headers: { authorization: `Bearer ${token}` } })
const figures = { accounts: null, holders: null, storageBytes: null, sent: 1, sentInternal: 0, sentAgencies: 1, sentOutside: 0, sentSigned: 1, received: 0, documents: 1, copies: 1, pages: 3, savedVnd: 1500 }

test("a month of all units, and of one with those below it", async () => {
  const { status, body } = await ask("month=2026-05")
  expect(status).toBe(200)
  expect(body).toMatchObject({ month: "2026-05", finished: true, pagePriceVnd: 500, pagesPerDocument: 3, unit: { code: "T", parentName: null }, total: { sent: 1, received: 1, savedVnd: 1500 } })
  expect(body["rows"]).toMatchObject([{ code: "T", own: true }, { code: "A", own: false, ...figures }, { code: "B", received: 1 }])
  expect((await ask("month=2026-05&unit=A")).body["rows"]).toMatchObject([{ code: "A", own: true, sent: 0 }, { code: "A.1", ...figures }])
})

test("a token of a unit gets its subtree, as JSON and as CSV, and no other", async () => {
  expect((await ask("month=2026-05", ofA)).body).toMatchObject({ unit: { code: "A" }, rows: [{ code: "A" }, { code: "A.1" }] })
  expect(await (await csv("month=2026-05", ofA)).text()).not.toContain("Sở B")
  for (const unit of ["T", "B", "khong-co"]) {
    expect((await ask(`month=2026-05&unit=${unit}`, ofA)).status).toBe(404)
    expect((await csv(`month=2026-05&unit=${unit}`, ofA)).status).toBe(404)
  }
})

test("the CSV has a BOM, names of members, and no formulas", async () => {
  const answer = await csv("month=2026-05")
  expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8")
  const lines = Buffer.from(await answer.arrayBuffer()).toString().split("\r\n")
  expect(lines[0]).toBe("\ufeffmonth,code,name,own,accounts,holders,storageBytes,sent,sentInternal,sentAgencies,sentOutside,sentSigned,received,documents,copies,pages,savedVnd")
  expect(lines[2]).toBe("2026-05,A,'=Sở A,false,,,,1,0,1,0,1,0,1,1,3,1500")
})

test("another scope is refused, and what is no month, and one that was not counted", async () => {
  expect((await ask("month=2026-05", await world.token(["directory:read"]))).status).toBe(403)
  for (const query of ["", "month=2026-5", "month=2026-13", "month=2026-05&unit="]) expect((await ask(query)).status, query).toBe(400)
  expect((await ask("month=2020-01")).status).toBe(404)
})
