import { readSheet } from "read-excel-file/node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createMonthlyCount } from "../../../../src/store/sql/monthly-count.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../../support/console-world.ts"
import { mailOfMonth } from "../../../support/monthly-mail.ts"

const formula = "=1+1"
let world: ConsoleWorld
let province: string
let ofA: string

const count = (): Promise<void> => createMonthlyCount({ database: world.database, sealer: world.sealer, price: { pagePrice: 500, pagesPerDocument: 3 } }).count(world.clock.ms)

beforeAll(async () => {
  world = await openConsoleWorld()
  world.clock.ms = Date.parse("2026-06-15T03:00:00Z")
  await world.database.query({ text: "UPDATE organization_unit SET name = $1 WHERE code = 'B'" }, [formula])
  await world.administer("an@a.example", "unit", "A")
  await world.administer("binh@b.example", "auditor")
  const mail = (one: Parameters<typeof mailOfMonth>[1]) => mailOfMonth(world, one)
  await mail({ at: "2026-05-05T03:00:00Z", from: "an@a.example", to: ["vp@a.example", "binh@b.example"], file: true, signed: true })
  await mail({ at: "2026-05-06T03:00:00Z", from: "binh@b.example", to: ["an@a.example"], remote: ["x@ngoai.example"] })
  await mail({ at: "2026-06-06T03:00:00Z", from: "binh@b.example", to: ["an@a.example"] })
})
afterAll(() => world.close())

test("before anything is counted, the page says so", async () => {
  ofA = await world.signIn("an@a.example")
  province = await world.signIn("binh@b.example")
  expect((await world.ask("/console/reports/monthly", { cookie: ofA })).body).toContain("Chưa có số liệu nào")
  await count()
})

/** Without what only a phone shows. */
const rowsOf = (body: string): readonly string[] => [...body.slice(body.indexOf('class="figures"')).matchAll(/<tr role="row">(.*?)<\/tr>/gs)].slice(1).map(([, row = ""]) => row.replaceAll(/<details.*?<\/details>/gs, "").replaceAll(/<[^>]+>/g, "|").replaceAll(/\|+/g, "|"))

test("the last month that is over, unit by unit, with what was saved on paper", async () => {
  const { status, body } = await world.ask("/console/reports/monthly", { cookie: province })
  expect(status).toBe(200)
  expect(body).toContain("Số liệu đã chốt")
  expect(body).toContain("<summary>Gửi 1 · nhận 2</summary>")
  expect(rowsOf(body)).toEqual([
    "|Tỉnh (không tính đơn vị trực thuộc)|–|–|0|0|0|0|–|0|0|0|0|–|",
    "|=1+1|–|–|1|0|0|1|0%|1|0|0|0|–|",
    "|Sở A|–|–|1|0|1|0|100%|2|1|6|3.000|–|",
    "|Tổng cộng|–|–|2|0|1|1|50%|3|1|6|3.000|–|",
  ])
  expect(body).toContain("3 trang cho từng người nhận, mỗi trang 500 đồng")
  const june = (await world.ask("/console/reports/monthly?month=2026-06", { cookie: province })).body
  expect(june).toContain("Tháng chưa kết thúc; số liệu tính đến 09:50 15/06/2026")
})

test("one goes down to a unit, and up again within what one may see", async () => {
  const { body } = await world.ask("/console/reports/monthly?month=2026-05&unit=A.1", { cookie: ofA })
  expect(rowsOf(body)).toEqual(["|Phòng 1|–|–|1|0|1|0|100%|1|1|6|3.000|–|"])
  expect(body).toContain('<a href="/console/reports/monthly?month=2026-05&amp;unit=A">Sở A</a>')
  expect(body).not.toContain("unit=T")
})

test("an administrator of a unit gets its subtree, and nothing else in any form", async () => {
  const own = (await world.ask("/console/reports/monthly", { cookie: ofA })).body
  expect(rowsOf(own).map((row) => row.split("|")[1])).toEqual(["Sở A (không tính đơn vị trực thuộc)", "Phòng 1", "Tổng cộng"])
  expect(own).not.toContain(formula)
  for (const unit of ["T", "B", "khong-co"]) {
    expect((await world.ask(`/console/reports/monthly?month=2026-05&unit=${unit}`, { cookie: ofA })).status).toBe(404)
    for (const as of ["csv", "xlsx"]) expect((await world.ask(`/console/reports/monthly/file?as=${as}&month=2026-05&unit=${unit}`, { cookie: ofA })).status).toBe(404)
  }
  const csv = (await world.ask("/console/reports/monthly/file?as=csv&month=2026-05", { cookie: ofA })).body
  expect(csv).toContain("A.1,Phòng 1")
  expect(csv).not.toContain("B,")
})

test("as CSV: with a BOM, no formula, nothing where a figure is not known", async () => {
  const { body, headers } = await world.ask("/console/reports/monthly/file?as=csv&month=2026-05", { cookie: province })
  expect(headers["content-disposition"]).toContain("bao-cao-thang-2026-05.csv")
  const lines = body.split("\r\n")
  expect(lines[0]?.startsWith("\ufeffTháng,Mã đơn vị,Đơn vị,Hộp thư")).toBe(true)
  expect(lines[2]).toBe("2026-05,B,'=1+1,,,1,0,0,1,0,1,0,0,0,")
  expect(lines[4]).toBe("2026-05,,Tổng cộng,,,2,0,1,1,1,3,1,6,3000,")
  expect(lines).toHaveLength(6)
})

test("as XLSX: text is text, numbers are numbers", async () => {
  const rows = await readSheet((await world.ask("/console/reports/monthly/file?as=xlsx&month=2026-05", { cookie: province })).bytes)
  expect(rows[2]?.slice(0, 7)).toEqual(["2026-05", "B", formula, null, null, 1, 0])
  expect(rows[4]?.slice(2, 14)).toEqual(["Tổng cộng", null, null, 2, 0, 1, 1, 1, 3, 1, 6, 3000])
})

test("what is no month is refused, one that was not counted is said to be none", async () => {
  for (const month of ["2026-13", "x", "2026-05-01"]) expect((await world.ask(`/console/reports/monthly?month=${month}`, { cookie: province })).status).toBe(400)
  expect(await world.ask("/console/reports/monthly?month=2024-01", { cookie: province })).toMatchObject({ status: 422 })
  expect((await world.ask("/console/reports/monthly/file?as=csv&month=2024-01", { cookie: province })).status).toBe(404)
})

test("who has no role that reads reports is refused", async () => {
  await world.database.query({ text: "DELETE FROM administrator" })
  await world.refresh()
  expect((await world.ask("/console/reports/monthly", { cookie: province })).status).toBe(403)
  expect((await world.ask("/console/reports/monthly/file?as=csv&month=2026-05", { cookie: province })).status).toBe(403)
})
