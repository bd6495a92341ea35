import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import { newOneTimePassword, oneTimeHash } from "../../src/accounts/credential.ts"
import { defaultAddressRule } from "../../src/accounts/provision/address-rule.ts"
import { defaultMailboxes } from "../../src/accounts/default-mailboxes.ts"
import { problemText } from "../../src/accounts/provision/problems.ts"
import type { Scope } from "../../src/accounts/administrator.ts"
import { progressOf } from "../../src/provisioning/bulk-progress.ts"
import { bulkResultCsv, bulkResultXlsx } from "../../src/provisioning/bulk-result.ts"
import { createBulkRunner } from "../../src/provisioning/bulk-runner.ts"
import { planUpload } from "../../src/provisioning/bulk-upload.ts"
import { readTable } from "../../src/accounts/provision/bulk/read-table.ts"
import type { BulkJob, BulkStore } from "../../src/store/bulk-store.ts"
import type { Change } from "../../src/store/change.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createBulkStore } from "../../src/store/sql/bulk.ts"
import { createDirectoryView } from "../../src/store/sql/directory-view.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { testLog, unwrap } from "../support/store.ts"
import { below, everywhere, importProvince } from "../support/whole-province.ts"

let database: TestDatabase
let store: BulkStore
const published: Change[] = []
const key = randomBytes(32)
const gib = 2 ** 30

beforeAll(async () => {
  database = await createTestDatabase()
  await importProvince(database)
  store = newStore()
})
afterAll(() => database.drop())

const newStore = (): BulkStore =>
  createBulkStore({
    database, mailboxes: defaultMailboxes(true), addressRule: defaultAddressRule, clock: { now: () => Date.now() }, feed: { publish: (changes) => void published.push(...changes) }, sealer: createSealer(key),
    oneTimePasswords() {
      const text = newOneTimePassword()
      return { text, hash: oneTimeHash(text, key) ?? "" }
    },
  })
const upload = (content: string | Uint8Array, scope: Scope = everywhere, accountId: number | null = null) =>
  planUpload({ bytes: Buffer.from(content), fileName: "danh-sach.csv", scope, provinceWide: scope === everywhere, accountId, startedBy: "QT" }, { store, quotaBytes: { personal: gib, organizational: 2 * gib }, addressRule: "{ten}{hodem}.{donvi}@{domain}" })
const plan = async (content: string, scope: Scope = everywhere): Promise<number> => {
  const done = await upload(content, scope)
  if (!done.ok) throw new Error(JSON.stringify(done.failure))
  return done.value
}
const job = async (id: number): Promise<BulkJob> => unwrap(await store.find(everywhere, id))
const problems = async (id: number) => (await store.rows(id, { states: ["bad", "failed"], limit: 500 })).map(({ line, problems: found }) => `${line}: ${found.map(({ field, problem }) => `${field} ${problem}`.trim()).join(", ")}`)
const runner = (from = store, rowsAtOnce = 50) => createBulkRunner({ store: from, log: testLog, rowsAtOnce })
const count = async (text: string): Promise<number> => (await database.query<{ count: number }>({ text }))[0]?.count ?? -1

const header = "Họ và tên,Đơn vị,Chức vụ,Điện thoại,Loại,Hạn mức,Địa chỉ thư,Thao tác,Mã,Từ ngày,Đến ngày\n"

test("a plan says what each row will do and marks every bad cell, and changes nothing", async () => {
  const before = await count("SELECT count(*) FROM account")
  const id = await plan(
    header +
      [
        "Nguyễn Thị Kế Hoạch,SNV.VP,Chuyên viên,912345678,,2GB,,,,01/12/2026,31/12/2026", // 2
        "Trần Kế Hoạch Hai,Sở Nội vụ,,,cá nhân,,kehoach@sonv.tinh.example,thêm,,,", // 3
        "Không Đơn Vị,Sở Không Có,,,,,,,,,", // 4
        ",SNV,,abc,,nhiều,khong phai,,,,", // 5
        "Trùng Địa Chỉ,SNV,,,,,kehoach@sonv.tinh.example,,,,", // 6
        "Trùng Địa Chỉ,SNV,,,,,ubnd@tinh.example,thêm,,,", // 7
        ",,Trưởng phòng,,,,,sửa,CN00001,,", // 8
        ",,,,,,luonghuuviet.ubnd@tinh.example,khóa,,,", // 9
        ",,,,,,,khóa,CN99999,,", // 10
        ",,,,,,,làm gì đó,,,", // 11
        ",,Trưởng phòng,,,,,sửa,CN00001,,", // 12
        "Ngày Sai,SNV,,,,,,,,31/02/2026,", // 13
        "Ngược Ngày,SNV,,,,,,,,2026-02-02,2026-02-01", // 14
        "Giám Đốc Ngoài,SNV,,,,,gd@ngoai.example,,,,", // 15
        ",,,,,,,sửa,CN00002,,", // 16
      ].join("\n"),
  )
  const planned = await job(id)
  expect(planned).toMatchObject({ state: "planned", adds: 2, changes: 1, suspensions: 1, bad: 11, pending: 4 })
  expect(await problems(id)).toEqual([
    "4: unitCode noUnit", "5: name empty, phone notPhone, address notAddress, quota notSize", "6: address addressTaken", "7: address addressTaken", "10: principalId noPerson", "11: action notOneOf", "12: duplicateRow",
    "13: from notDate", "14: until untilBeforeFrom", "15: address foreignDomain", "16: nothingToChange",
  ])
  const good = await store.rows(id, { states: ["pending"], limit: 10 })
  expect(good.map(({ line, address }) => [line, address])).toEqual([[2, "hoachntk.vp@sonv.tinh.example"], [3, "kehoach@sonv.tinh.example"], [8, null], [9, "luonghuuviet.ubnd@tinh.example"]])
  expect(problemText({ field: "quota", problem: "notSize", values: { value: "nhiều" } }, "vi")).toContain("Hạn mức")
  expect(await count("SELECT count(*) FROM account")).toBe(before)
  expect(unwrap(await store.cancel(everywhere, id, "QT"))).toMatchObject({ state: "cancelled", pending: 0, cancelled: 4 })
  expect((await store.confirm(everywhere, id)).ok).toBe(false)
})

test("cells that the database has no letters for are bad cells like others", async () => {
  const long = `${"x".repeat(59)}\u{1f600}${"y".repeat(20)}`
  const id = await plan(`${header}${long}${long}${long},${long},${long},${long},${long},${long},${long},${long},${long},${long},${long}\n"a\tb\u001b[2J",SNV,,,,,,,,,\n`)
  expect((await job(id)).bad).toBe(2)
  await store.cancel(everywhere, id, "QT")
})

test("a file without the columns that are needed is no plan", async () => {
  const done = await upload("Họ tên,Màu sắc\nA,B\n")
  expect(done.ok ? [] : done.failure.map(({ words, values }) => `${words.en} ${String(values?.["value"])}`)).toEqual(['the column "{value}" is not known Màu sắc', 'the column "{value}" is missing Đơn vị'])
  expect(await upload("\u0000")).toMatchObject({ ok: false })
})

test("confirmed, it is done row by row: people, mailboxes, changes, suspensions; whoever comes second finds it done", async () => {
  const id = await plan(`${header}Lê Thực Hiện,SNV.VP,Chuyên viên,,,3GB,,,,,\nLê Thực Hiện,SNV.VP,Văn thư,,,,,,,2026-12-01,\n,,Chánh Văn phòng,,,,,sửa,CN00003,,\n,,,,,,hoangthitram.ubnd@tinh.example,khóa,,,\nTổ Công Tác,SNV.VP,,,tổ chức,,tct@sonv.tinh.example,,,,\n`)
  unwrap(await store.confirm(everywhere, id))
  expect((await store.confirm(everywhere, id)).ok).toBe(false)
  expect(await store.due()).toContain(id)
  published.length = 0
  await Promise.all([runner().run([id]), runner(newStore()).run([id])])
  await runner().run([id])
  expect(await job(id)).toMatchObject({ state: "done", done: 5, failed: 0, pending: 0 })
  expect(published.filter(({ kind }) => kind === "bulk").at(-1)).toMatchObject({ jobId: id, state: "done", done: 5, left: 0 })
  expect(await store.due()).not.toContain(id)
  const view = createDirectoryView(database)
  const rows = await store.rows(id, { limit: 10 })
  expect(rows.map(({ address }) => address)).toEqual(["hienlt.vp@sonv.tinh.example", "hienlt2.vp@sonv.tinh.example", null, "hoangthitram.ubnd@tinh.example", "tct@sonv.tinh.example"])
  const one = unwrap(await view.account(everywhere, "hienlt.vp@sonv.tinh.example"))
  expect(one).toMatchObject({ record: { quotaBytes: 3 * gib, kind: "personal" }, holders: [{ name: "Lê Thực Hiện", title: "Chuyên viên", rights: ["owner"], from: null }], credentials: { password: false, oneTime: true } })
  expect(unwrap(await view.account(everywhere, "hienlt2.vp@sonv.tinh.example")).holders).toMatchObject([{ from: "2026-12-01", until: null }])
  expect(unwrap(await view.person(everywhere, "CN00003")).record.title).toBe("Chánh Văn phòng")
  expect(unwrap(await view.account(everywhere, "hoangthitram.ubnd@tinh.example"))).toMatchObject({ record: { suspended: true }, holders: [{ suspended: true }] })
  expect(await count(`SELECT count(*) FROM audit WHERE (detail->>'bulkJob')::bigint = ${id} AND kind IN ('account.added', 'principal.added', 'principal.changed', 'principal.suspended', 'account.suspended', 'credential.oneTimeMade')`)).toBe(12)
  expect(await count("SELECT count(*) FROM credential c JOIN audit a ON a.detail::text LIKE '%' || c.hash || '%'")).toBe(0)
})

test("a row that fails half-way leaves nothing behind, and says why; a planned address that was taken meanwhile is made anew", async () => {
  const id = await plan(`${header}Phạm Đến Sau,SNV.VP,,,,,,,,,\nPhạm Bị Chiếm,SNV.VP,,,,,chiem@sonv.tinh.example,,,,\n`)
  await database.query({ text: "INSERT INTO alias (address, account_id) SELECT v.a, id FROM account, (VALUES ('chiem@sonv.tinh.example'), ('saupd.vp@sonv.tinh.example')) AS v (a) WHERE account.address = 'ubnd@tinh.example'" })
  unwrap(await store.confirm(everywhere, id))
  await runner().run([id])
  expect(await job(id)).toMatchObject({ state: "done", done: 1, failed: 1 })
  expect(await problems(id)).toEqual(["3: address addressTaken"])
  expect((await store.rows(id, { states: ["done"], limit: 5 }))[0]?.address).toBe("saupd2.vp@sonv.tinh.example")
  expect(await count("SELECT count(*) FROM principal WHERE name = 'Phạm Bị Chiếm'")).toBe(0)
})

const many = (from: number, to: number, name: string): string => header + Array.from({ length: to - from }, (_, at) => `Nguyễn ${name} ${"abcdefghijklmnopqrstuvwxyz".charAt(at % 26)}${at},SNV.VP,Chuyên viên,,,,,,,,`).join("\n")

test("a worker that dies in the middle is followed by another, and no row is done twice or never", async () => {
  const id = await plan(many(0, 40, "Sập"))
  unwrap(await store.confirm(everywhere, id))
  // dies inside a transaction, after its third commit
  const dead = { by: "dead", forMs: 60_000 }
  expect(await store.claim(id, dead)).toBe(true)
  for (let step = 0; step < 3; step++) expect(await store.work(id, dead, 5)).toEqual({ kind: "more", rows: 5 })
  await expect(createBulkStore({ database, mailboxes: [], addressRule: defaultAddressRule, clock: { now: () => Date.now() }, feed: { publish: () => undefined }, sealer: createSealer(key), oneTimePasswords: () => { throw new Error("killed") } }).work(id, dead, 5)).rejects.toThrow("killed")
  expect(await store.claim(id, { by: "early", forMs: 1_000 })).toBe(false)
  await database.query({ text: "UPDATE bulk_job SET claimed_until = now() - interval '1 second' WHERE id = $1" }, [id])
  expect(await store.due()).toContain(id)
  await runner(store, 7).run([id])
  // the dead one was only slow: what it had is not its any more
  expect(await store.work(id, dead, 5)).toEqual({ kind: "lost", rows: 0 })
  expect(await job(id)).toMatchObject({ state: "done", done: 40, failed: 0 })
  expect(await count("SELECT count(*) FROM principal WHERE name LIKE 'Nguyễn Sập %'")).toBe(40)
  expect(await count("SELECT count(*) FROM (SELECT DISTINCT address FROM account WHERE display_name LIKE 'Nguyễn Sập %') AS t")).toBe(40)
})

test("cancelled in the middle, what is done stays and is told, the rest is not begun", async () => {
  const id = await plan(many(0, 30, "Hủy"))
  unwrap(await store.confirm(everywhere, id))
  const claim = { by: "w", forMs: 60_000 }
  await store.claim(id, claim)
  await store.work(id, claim, 10)
  expect(unwrap(await store.cancel(everywhere, id, "QT2"))).toMatchObject({ state: "running", cancelAsked: true })
  expect(progressOf(await job(id), Date.now()).phase).toBe("ending")
  expect(await store.work(id, claim, 10)).toEqual({ kind: "cancelled", rows: 0 })
  expect(await job(id)).toMatchObject({ state: "cancelled", done: 10, cancelled: 20, cancelledBy: "QT2" })
  expect(await count("SELECT count(*) FROM principal WHERE name LIKE 'Nguyễn Hủy %'")).toBe(10)
  expect((await store.cancel(everywhere, id, "QT")).ok).toBe(false)
  // an address that was only planned is nobody's
  const csv = (await bulkResultCsv(unwrap(await store.takeResult(id, { accountId: null, scope: everywhere, again: false })), "vi")).toString("utf8").split("\r\n")
  expect(csv.filter((line) => line.includes(",Đã thực hiện,"))).toHaveLength(10)
  expect(csv.filter((line) => line.includes(",Đã hủy,") && line.includes("@"))).toEqual([])
})

test("the result has the one-time passwords once, and again for a quarter of an hour to whoever says so, if he started it; at rest they are sealed", async () => {
  const [other] = await database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = 'ubnd@tinh.example'" })
  const started = await upload(`${header}"=cmd|' /C calc'!A0",SNV.VP,,,,,congthuc@sonv.tinh.example,,,,\nNguyễn Lỗi,KHÔNG CÓ,,,,,,,,,\n`, everywhere, other?.id ?? null)
  const id = started.ok ? started.value : 0
  expect(await store.takeResult(id, { accountId: other?.id ?? 0, scope: everywhere, again: false })).toMatchObject({ ok: false, failure: { kind: "inUse" } })
  unwrap(await store.confirm(everywhere, id))
  await runner().run([id])
  expect(await store.takeResult(id, { accountId: 0, scope: everywhere, again: false })).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
  const [sealed] = await database.query<{ secret: Buffer }>({ text: "SELECT secret FROM bulk_row WHERE job_id = $1 AND secret IS NOT NULL" }, [id])
  const result = unwrap(await store.takeResult(id, { accountId: other?.id ?? 0, scope: everywhere, again: false }))
  const password = result.rows[0]?.oneTimePassword ?? ""
  expect(password).toMatch(/^[0-9a-z]{4}(?:-[0-9a-z]{4}){3}$/)
  expect(sealed?.secret.includes(password)).toBe(false)
  expect(await count(`SELECT count(*) FROM credential WHERE kind = 'oneTime' AND hash = '${oneTimeHash(password, key)}'`)).toBe(1)
  const csv = (await bulkResultCsv(result, "vi")).toString("utf8")
  expect(csv).toContain("Mật khẩu dùng một lần")
  // a spreadsheet must not run what somebody wrote for a name
  expect(csv).toContain("'=cmd|")
  expect(csv).not.toMatch(/(?:^|,)"?=cmd/m)
  expect(csv).toContain("Ghi mã đơn vị như trong cây đơn vị")
  const table = await readTable(await bulkResultXlsx(result, "en"))
  expect(table.ok && table.value.rows.map(({ cells }) => [cells[1], cells[4]])).toEqual([["done", password], ["bad cells, left out", ""]])
  const again = unwrap(await store.takeResult(id, { accountId: other?.id ?? 0, scope: everywhere, again: false }))
  expect(again.rows.map(({ oneTimePassword }) => oneTimePassword)).toEqual([undefined, undefined])
  expect(again.job.resultTaken).toBe(true)
  // the download broke off
  const takeAgain = (accountId = other?.id ?? 0) => store.takeResult(id, { accountId, scope: everywhere, again: true })
  expect(again.job.resultAgainUntil).toBeGreaterThan(Date.now())
  expect(unwrap(await takeAgain()).rows[0]?.oneTimePassword).toBe(password)
  expect(await takeAgain(0)).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
  expect(await database.query({ text: "SELECT kind FROM audit WHERE kind LIKE 'bulk.result%' AND (detail->>'jobId')::bigint = $1 ORDER BY id" }, [id])).toEqual([{ kind: "bulk.resultTaken" }, { kind: "bulk.resultTakenAgain" }])
  await store.forget()
  expect(await count(`SELECT count(*) FROM bulk_row WHERE job_id = ${id} AND secret IS NOT NULL`)).toBe(1)
  await database.query({ text: "UPDATE bulk_job SET result_taken_at = result_taken_at - interval '15 minutes' WHERE id = $1" }, [id])
  const late = unwrap(await takeAgain())
  expect(late.rows.map(({ oneTimePassword }) => oneTimePassword)).toEqual([undefined, undefined])
  expect(late.job.resultAgainUntil).toBeNull()
  await store.forget()
  expect(await count(`SELECT count(*) FROM bulk_row WHERE job_id = ${id} AND secret IS NOT NULL`)).toBe(0)
})

test("passwords that nobody fetched in a day are forgotten", async () => {
  const id = await plan(`${header}Nguyễn Quên Lấy,SNV.VP,,,,,,,,,\n`)
  unwrap(await store.confirm(everywhere, id))
  await runner().run([id])
  await store.forget()
  expect(await count(`SELECT count(*) FROM bulk_row WHERE job_id = ${id} AND secret IS NOT NULL`)).toBe(1)
  await database.query({ text: "UPDATE bulk_job SET finished_at = now() - interval '25 hours' WHERE id = $1" }, [id])
  await store.forget()
  expect(await count(`SELECT count(*) FROM bulk_row WHERE job_id = ${id} AND secret IS NOT NULL`)).toBe(0)
  expect((await job(id)).resultTaken).toBe(true)
})

test("a delegated administrator's file reaches nothing outside the subtree, in the plan and in the work", async () => {
  const scope = below("SNV")
  const id = await plan(`${header}Người Trong,SNV.VP,,,,,,,,,\nNgười Ngoài,UBND,,,,,,,,,\n,,Bí thư,,,,,sửa,CN00001,,\n,,,,,,ubnd@tinh.example,khóa,,,\nChủ Tịch Giả,SNV,,,,,chutich2@tinh.example,,,,\n`, scope)
  expect(await problems(id)).toEqual(["3: unitCode outsideScope", "4: principalId outsideScope", "5: address outsideScope", "6: address foreignDomain"])
  // somebody's plan is changed on its way: the store looks again
  await database.query({ text: "UPDATE bulk_row SET data = jsonb_set(jsonb_set(data, '{person,unitCode}', '\"UBND\"'), '{account,unitCode}', '\"UBND\"') WHERE job_id = $1 AND state = 'pending'" }, [id])
  unwrap(await store.confirm(scope, id))
  await runner().run([id])
  expect(await job(id)).toMatchObject({ done: 0, failed: 1 })
  expect((await store.list(scope, 50)).map((one) => one.id)).toEqual([id])
  expect((await store.list(everywhere, 50)).length).toBeGreaterThan(3)
  expect((await store.find(below("SXD"), id)).ok).toBe(false)
})
