import { afterAll, beforeAll, expect, test } from "vitest"
import { readTable } from "../../../src/accounts/provision/bulk/read-table.ts"
import { type ConsoleAnswer, type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

const script = `</textarea><script>alert("1")</script>'"><img src=x onerror=alert(1)>`
const harmful = /<script>alert|<img src=x/
const cell = `"${script.replaceAll('"', '""')}"`

let world: ConsoleWorld
let an: string
let binh: string
const tokens = new Map<string, string>()
beforeAll(async () => {
  world = await openConsoleWorld()
  await world.administer("an@a.example", "province")
  await world.administer("binh@b.example", "unit", "B")
  an = await world.signIn("an@a.example")
  binh = await world.signIn("binh@b.example")
  for (const cookie of [an, binh]) tokens.set(cookie, await world.csrf(cookie))
})
afterAll(() => world.close())

/** Whoever has proven who he is has another token, of the same session. */
function renewed(cookie: string, { cookies }: ConsoleAnswer): string {
  const next = `__Host-congthu=${cookies["__Host-congthu"]}`
  tokens.set(next, tokens.get(cookie) ?? "")
  return next
}

const path = "/console/directory/bulk"
const get = (at: string, cookie = an): Promise<ConsoleAnswer> => world.ask(`${path}${at}`, { cookie })
const post = (at: string, form: Readonly<Record<string, string>> = {}, cookie = an): Promise<ConsoleAnswer> => world.ask(`${path}${at}`, { cookie, form: { _csrf: tokens.get(cookie) ?? "", ...form } })
const upload = (content: string | Buffer, cookie = an, name = "danh-sach.csv"): Promise<ConsoleAnswer> => world.ask(path, { cookie, form: { _csrf: tokens.get(cookie) ?? "" }, file: { field: "file", name, bytes: Buffer.from(content) } })
const idOf = ({ headers }: ConsoleAnswer): string => String(headers.location).split("/").at(-1) ?? ""
const header = "Họ và tên,Đơn vị,Chức vụ,Điện thoại,Hạn mức\n"

test("templates are what the reader understands", async () => {
  for (const language of ["vi", "en"]) {
    const csv = await world.ask(`${path}/template?format=csv`, { cookie: `${an}; __Host-congthu-language=${language}` })
    expect(csv.headers["content-disposition"]).toContain("attachment")
    const again = await world.ask(path, { cookie: an, form: { _csrf: tokens.get(an) ?? "" }, file: { field: "file", name: "x.csv", bytes: Buffer.from(csv.body) } })
    // the example's unit is none of this world's: a bad cell, and nothing wrong with the columns
    expect((await get(`/${idOf(again)}`)).body).toContain("SNV.VP")
  }
})

test("a plan marks every bad cell where it stands, harms nobody, and changes nothing before it is confirmed", async () => {
  const planned = await upload(header + [`Phạm Thị Một,A.1,Chuyên viên,0912345678,500MB`, `Phạm Thị Hai,Sở Không Có,,abc,nhiều`, `Phạm Thị Ba,A.1,,abc,nhiều`, `${cell},A.1,${cell},,`, `,A.1,,,`].join("\n"))
  expect(planned.status).toBe(303)
  const page = await get(`/${idOf(planned)}`)
  expect(page.body.match(/<mark>/g)?.length).toBe(6)
  expect(page.body).toMatch(/<mark>Sở Không Có<\/mark>.*?Không có đơn vị/s)
  expect(page.body).toContain("<mark>nhiều</mark>")
  expect(harmful.test(page.body) || harmful.test((await get(`/${idOf(planned)}?show=all`)).body)).toBe(false)
  expect(await world.database.query({ text: "SELECT FROM account WHERE display_name LIKE 'Phạm Thị%'" })).toHaveLength(0)
  expect((await get("")).body).toContain("danh-sach.csv")

  expect((await post(`/${idOf(planned)}/confirm`)).status).toBe(303)
  await world.bulkDone()
  const over = (await get(`/${idOf(planned)}`)).body
  expect(over).toContain("đã xong")
  expect(over).toContain("Tải XLSX")
  expect(harmful.test(over)).toBe(false)
})

test("the result has one-time passwords once, and again to whoever proves who he is, if he started it; with one of them nothing but a new password is possible", async () => {
  const id = idOf(await upload(`${header}Vũ Thị Kết Quả,A.1,,,\n`))
  await post(`/${id}/confirm`)
  await world.bulkDone()
  await world.refresh()
  await world.database.query({ text: "UPDATE administrator SET ended_at = now() WHERE role = 'unit'" })
  await world.administer("binh@b.example", "province")
  expect((await post(`/${id}/result`, { format: "csv" }, binh)).status).toBe(403)
  expect((await get(`/${id}`, binh)).body).toContain("Chỉ an@a.example tải được kết quả")
  const first = await post(`/${id}/result`, { format: "csv" })
  const table = await readTable(Buffer.from(first.body))
  if (!table.ok) throw new Error(table.failure)
  const [row] = table.value.rows
  const address = row?.cells.find((text) => text.includes("@")) ?? ""
  const password = row?.cells[4] ?? ""
  expect(address).toBe("quavtk.1@a.example")
  const cookie = await world.signIn(address, password)
  expect((await world.ask("/console/me", { cookie })).headers.location).toBe("/console/me/password")
  // it broke off: again for a while, once one has proven anew who one is, however lately that was
  expect((await post(`/${id}/result`, { format: "csv" })).status).toBe(303)
  expect((await world.ask(`${path}/${id}`, { cookie: an })).body).toContain(`${path}/${id}/result-again`)
  const asked = await post(`/${id}/result-again`, { format: "csv" })
  expect(asked.headers["content-type"]).toContain("text/html")
  expect(asked.body).toContain('name="format" value="csv"')
  expect(asked.body).not.toContain(password)
  expect((await post(`/${id}/result-again`, { format: "csv", _password: "sai" })).status).toBe(422)
  const others = await post(`/${id}/result-again`, { format: "csv", _password: world.password }, binh)
  expect(others.status).toBe(403)
  binh = renewed(binh, others)
  const repeated = await post(`/${id}/result-again`, { format: "csv", _password: world.password })
  expect(repeated.body).toContain(password)
  expect((await world.audit("bulk.resultTakenAgain")).at(-1)).toMatchObject({ actor: { name: "an@a.example" } })
  await world.database.query({ text: "UPDATE bulk_job SET result_taken_at = result_taken_at - interval '15 minutes'" })
  an = renewed(an, repeated)
  expect((await post(`/${id}/result`, { format: "csv" })).body).not.toContain(password)
  expect((await post(`/${id}/result`, { format: "xlsx" })).headers["content-type"]).toContain("spreadsheetml")
  expect((await get(`/${id}`)).body).toContain("đã được tải")
})

test.each([
  ["nothing", "", "Tệp không có dòng nào"],
  ["a picture", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), "không phải CSV"],
  ["other columns", "Tên mèo,Tuổi\nMướp,3\n", "Không hiểu cột “Tên mèo”"],
  ["a script for a heading", `${cell},Đơn vị\nA,B\n`, "Không hiểu cột"],
])("%s is no such file: the page says why", async (_what, content, said) => {
  const refused = await upload(content)
  expect([refused.status, refused.body.includes(said), harmful.test(refused.body)]).toEqual([422, true, false])
})

test("cancelled before it began, and not twice; another's job outside one's units is not there", async () => {
  await world.database.query({ text: "UPDATE administrator SET ended_at = now() WHERE account_id = $1" }, [world.accountId("binh@b.example")])
  await world.administer("binh@b.example", "unit", "B")
  const id = idOf(await upload(`${header}Vũ Thị Hủy,A.1,,,\n`))
  for (const at of [`/${id}`, `/${id}/progress`]) expect((await get(at, binh)).status).toBe(404)
  for (const what of ["confirm", "cancel"]) expect((await post(`/${id}/${what}`, {}, binh)).status).toBe(404)
  expect((await post(`/${id}/cancel`)).status).toBe(303)
  expect((await get(`/${id}`)).body).toContain("đã hủy")
  const again = await post(`/${id}/confirm`)
  expect(Buffer.from(again.cookies["__Host-congthu-notice"] ?? "", "base64url").toString()).toContain("problem")
})

test("a delegated administrator's file reaches no other unit", async () => {
  const id = idOf(await upload(`${header}Ngoài Phạm Vi,A.1,,,\nTrong Phạm Vi,B,,,\n`, binh))
  const { body } = await get(`/${id}?show=all`, binh)
  expect(body).toMatch(/<mark>A\.1<\/mark>/)
  await post(`/${id}/confirm`, {}, binh)
  await world.bulkDone()
  const made = await world.database.query<{ unit: string }>({ text: "SELECT unit_code AS unit FROM account WHERE display_name LIKE '% Phạm Vi'" })
  expect(made).toEqual([{ unit: "B" }])
})
