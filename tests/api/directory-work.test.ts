import { request } from "node:http"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { apiScopes } from "../../src/accounts/api-token.ts"
import { readTable } from "../../src/accounts/provision/bulk/read-table.ts"
import { createForwardingStore } from "../../src/store/sql/forwarding.ts"
import type { Question } from "../support/api-world.ts"
import { openOperationApi } from "../support/operation-api.ts"

let world: Awaited<ReturnType<typeof openOperationApi>>
/** Of the province, and of department B. */
let token: string
let tokenOfB: string
beforeAll(async () => {
  world = await openOperationApi()
  token = await world.api.token(apiScopes)
  tokenOfB = await world.api.token(apiScopes, "B")
})
afterAll(() => world.close())

const ask = (method: string, path: string, { token: other = token, ...question }: Partial<Question> = {}) => world.api.ask(method, `/api/v1/directory${path}`, { token: other, ...question })
const newPerson = async (name: string, unitCode: string): Promise<string> => String((await ask("POST", "/principals", { body: { name, unitCode } })).body["principalId"])
const newAccount = async (displayName: string, unitCode: string, ownerId: string): Promise<string> => String((await ask("POST", "/accounts", { body: { displayName, unitCode, kind: "personal", ownerId } })).body["address"])

describe("many changes from one file", () => {
  const header = "Họ và tên,Đơn vị,Chức vụ,Điện thoại,Hạn mức\n"
  const upload = (content: string, as = token, type = "text/csv") => ask("POST", `/bulk?fileName=${encodeURIComponent("danh-sách.csv")}`, { token: as, body: Buffer.from(content), headers: { "content-type": type } })

  test("planned, confirmed, done, and its result taken once, by the token that started it alone", async () => {
    const planned = await upload(`${header}Phạm Thị Một,A.1,Chuyên viên,0912345678,500MB\nPhạm Thị Hai,Không Có,,abc,nhiều\n`)
    expect(planned).toMatchObject({ status: 202, body: { phase: "planned", fileName: "danh-sách.csv", startedBy: "token he-thong", adds: 1, bad: 1 } })
    const path = `/bulk/${String(planned.body["id"])}`
    expect(planned.headers.location).toBe(`/api/v1/directory${path}`)
    const rows = await ask("GET", `${path}/rows?state=bad`)
    expect(rows).toMatchObject({ body: { rows: [{ line: 3, state: "bad", cells: ["Phạm Thị Hai", "Không Có", "", "abc", "nhiều"] }], next: null } })
    expect(rows.file.toString()).toContain("Đơn vị: Không có đơn vị “Không Có”")
    expect((await ask("POST", `${path}/result`)).status).toBe(409)
    expect(await ask("GET", "/accounts?text=pham%20thi%20mot")).toMatchObject({ body: { accounts: [] } })
    expect((await ask("POST", `${path}/confirm`)).status).toBe(200)
    expect((await ask("POST", `${path}/confirm`)).status).toBe(409)
    await world.console.bulkDone()
    expect(await ask("GET", path)).toMatchObject({ body: { phase: "done", done: 1, failed: 0, share: 1 } })
    expect(await ask("GET", "/bulk")).toMatchObject({ body: { jobs: [{ id: planned.body["id"], phase: "done" }] } })
    expect((await ask("POST", `${path}/cancel`)).status).toBe(409)

    const other = await world.api.token(["directory:write"])
    expect(await ask("POST", `${path}/result`, { token: other })).toMatchObject({ status: 403, body: { detail: "Chỉ khóa truy cập đã bắt đầu công việc mới lấy được kết quả" } })
    const taken = [await ask("POST", `${path}/result`), await ask("POST", `${path}/result`), await ask("POST", `${path}/result`, { body: { again: true } })]
    const tables = await Promise.all(taken.map(async ({ file }) => readTable(file)))
    const passwords = tables.map((table) => (table.ok ? table.value.rows[0]?.cells[4] : "unreadable"))
    expect(passwords[0]).toMatch(/^\w+-\w+-/)
    expect(passwords.slice(1)).toEqual(["", passwords[0]])
    expect((await ask("POST", `${path}/result`, { body: { form: "xlsx" } })).file.subarray(0, 2).toString()).toBe("PK")
  })

  test("a template is what the reader understands, in either form and language", async () => {
    for (const language of ["vi", "en"]) {
      const csv = await ask("GET", `/bulk/template?language=${language}`)
      // the example's unit is none of this world's: a bad cell, and nothing wrong with the columns
      expect(await upload(csv.file.toString())).toMatchObject({ status: 202, body: { adds: 0, bad: 1 } })
    }
    expect((await ask("GET", "/bulk/template?form=xlsx")).file.subarray(0, 2).toString()).toBe("PK")
  })

  test("a file that is none, too big, or of another type is refused", async () => {
    expect(await upload("một cột\n")).toMatchObject({ status: 400, body: { errors: expect.arrayContaining([expect.objectContaining({ pointer: "" })]) as unknown } })
    expect((await upload("")).status).toBe(400)
    expect((await upload(header, token, "application/pdf")).status).toBe(415)
    expect((await upload("x".repeat(10 * 2 ** 20 + 1))).status).toBe(413)
  })

  test("its progress comes as events, the last of them when it is over", async () => {
    const planned = await upload(`${header}${Array.from({ length: 60 }, (_, n) => `Đỗ Văn ${n},A.1,,,\n`).join("")}`)
    const path = `/bulk/${String(planned.body["id"])}`
    const events = streamed(`/api/v1/directory${path}/events`)
    await ask("POST", `${path}/confirm`)
    const text = await events
    const last = text.trim().split("\n\n").at(-1) ?? ""
    expect(last).toMatch(/^event: end\ndata: /)
    expect(JSON.parse(last.slice(last.indexOf("data: ") + 6))).toMatchObject({ phase: "done", done: 60 })
  })

  test("one of the province's is none for a token of a unit, and a row outside is a bad one", async () => {
    const planned = await upload(`${header}Ai Đó,A.1,,,\n`)
    const path = `/bulk/${String(planned.body["id"])}`
    const outside = [...["", "/rows", "/events"].map((more) => ask("GET", `${path}${more}`, { token: tokenOfB })), ...["confirm", "cancel", "result"].map((verb) => ask("POST", `${path}/${verb}`, { token: tokenOfB }))]
    expect((await Promise.all(outside)).map(({ status }) => status)).toEqual(outside.map(() => 404))
    expect(await upload(`${header}Ai Đó,A.1,,,\n`, tokenOfB)).toMatchObject({ status: 202, body: { adds: 0, bad: 1 } })
    expect((await ask("POST", `${path}/cancel`)).body).toMatchObject({ phase: "cancelled", cancelledBy: "token he-thong" })
  })
})

test("an address rule is tried on names", async () => {
  const preview = (rule: string) => ask("POST", "/address-rule/preview", { body: { rule, code: "SNV.VP", domain: "snv.example", names: ["Nguyễn Văn Đạt", "Nguyễn Văn Đạt", "…"] } })
  expect(await preview("{ten}{hodem}.{donvi}@{domain}")).toMatchObject({ status: 200, body: { samples: [{ address: "datnv.vp@snv.example", problem: null }, { address: "datnv2.vp@snv.example" }, { address: null, problem: { en: expect.stringContaining("no letters") as string } }] } })
  expect(await preview("{gi}@{domain}")).toMatchObject({ status: 400, body: { errors: [{ pointer: "rule" }] } })
})

describe("moving, leaving, handing over", () => {
  test("is planned in sentences, done exactly so, and taken back", async () => {
    const id = await newPerson("Lê Thị Chuyển", "A.1")
    const address = await newAccount("Lê Thị Chuyển", "A.1", id)
    const body = { unitCode: "B" }
    const planned = await ask("POST", `/principals/${id}/move/plan`, { body })
    expect(planned).toMatchObject({ status: 200, body: { undoable: true, steps: expect.arrayContaining([expect.objectContaining({ step: "movePerson", vi: `Chuyển Lê Thị Chuyển (${id}) từ đơn vị A.1 sang B` })]) as unknown } })
    expect((await ask("POST", `/principals/${id}/move`, { body })).status).toBe(428)
    expect((await ask("POST", `/principals/${id}/move`, { body: { ...body, title: "Trưởng phòng" }, headers: { "if-match": planned.tag } })).status).toBe(412)
    const done = await ask("POST", `/principals/${id}/move`, { body, headers: { "if-match": planned.tag } })
    expect(done).toMatchObject({ status: 200, body: { oneTimePassword: null } })
    expect(await ask("GET", `/principals/${id}`)).toMatchObject({ body: { unitCode: "B" } })
    expect(await ask("GET", `/actions?of=${id}`)).toMatchObject({ body: { actions: [{ id: done.body["id"], kind: "move", undoable: true, undoneAt: null }] } })
    expect((await ask("POST", `/actions/${String(done.body["id"])}/undo`)).status).toBe(200)
    expect(await ask("GET", `/principals/${id}`)).toMatchObject({ body: { unitCode: "A.1" } })
    expect((await ask("POST", `/actions/${String(done.body["id"])}/undo`)).status).toBe(400)
    expect((await ask("GET", `/principals/${id}/history`)).body["entries"]).toEqual(expect.arrayContaining([expect.objectContaining({ by: "he-thong" })]))

    const leave = await ask("POST", `/principals/${id}/leave/plan`)
    expect((await ask("POST", `/principals/${id}/leave`, { headers: { "if-match": leave.tag } })).status).toBe(200)
    expect(await ask("GET", `/accounts/${address}`)).toMatchObject({ body: { suspended: true } })
  })

  test("a hand-over gives the new holder's one-time password, once", async () => {
    const [from, to] = [await newPerson("Ngô Văn Giao", "A.1"), await newPerson("Ngô Thị Nhận", "A.1")]
    const address = await newAccount("Ngô Văn Giao", "A.1", from)
    const planned = await ask("POST", `/accounts/${address}/hand-over/plan`, { body: { to } })
    expect(planned).toMatchObject({ body: { undoable: false } })
    expect(await ask("POST", `/accounts/${address}/hand-over`, { body: { to }, headers: { "if-match": planned.tag } })).toMatchObject({ status: 200, body: { oneTimePassword: expect.stringMatching(/-/) as string } })
    expect(await ask("GET", `/accounts/${address}`)).toMatchObject({ body: { holders: expect.arrayContaining([expect.objectContaining({ principalId: to, rights: ["owner"] })]) as unknown } })
    await world.console.appPassword(address, to)
    expect(await ask("POST", `/accounts/${address}/one-time-password`, { body: { keepAppPasswords: true } })).toMatchObject({ status: 200, body: { address } })
    expect(await ask("GET", `/accounts/${address}/credentials`)).toMatchObject({ body: { credentials: expect.arrayContaining([expect.objectContaining({ kind: "appPassword" })]) as unknown } })
    expect(await ask("POST", `/accounts/${address}/one-time-password`)).toMatchObject({ status: 200, body: { address } })
    expect(await ask("GET", `/accounts/${address}/credentials`)).toMatchObject({ body: { credentials: [{ kind: "oneTime" }] } })
  })
})

test("what opens an account is listed without secrets; an app password is revoked, a forward ended, second factors are taken away", async () => {
  const { console } = world
  await console.appPassword("binh@b.example", "P2")
  const listed = (await ask("GET", "/accounts/binh@b.example/credentials", { token: tokenOfB })).body["credentials"] as readonly { readonly id: number; readonly kind: string }[]
  expect(listed.map(({ kind }) => kind)).toEqual(["password", "appPassword"])
  expect((await ask("DELETE", `/accounts/binh@b.example/credentials/${listed[0]?.id}`)).status).toBe(404)
  expect((await ask("DELETE", `/accounts/an@a.example/credentials/${listed[1]?.id}`)).status).toBe(404)
  expect((await ask("DELETE", `/accounts/binh@b.example/credentials/${listed[1]?.id}`, { token: tokenOfB })).status).toBe(200)
  expect((await ask("GET", "/accounts/binh@b.example/credentials")).body["credentials"]).toHaveLength(1)

  expect((await ask("GET", "/accounts/binh@b.example/forwarding")).status).toBe(404)
  const [{ version = 0 } = {}] = await console.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  expect((await createForwardingStore(console.database).set({ accountId: console.accountId("binh@b.example"), target: "an@a.example", keepCopy: true, principalId: "P2" }, version)).ok).toBe(true)
  expect(await ask("GET", "/accounts/binh@b.example/forwarding")).toMatchObject({ body: { target: "an@a.example", keepCopy: true, principalId: "P2" } })
  expect((await ask("DELETE", "/accounts/binh@b.example/forwarding")).status).toBe(200)
  expect((await ask("DELETE", "/accounts/binh@b.example/forwarding")).status).toBe(404)

  const factors = (method: string, path: string, question: Partial<Question> = {}) => world.api.ask(method, `/api/v1/second-factors${path}`, { token, ...question })
  const addFactor = () => console.database.query({ text: "INSERT INTO second_factor (account_id, principal_id, kind, name, secret, last_step) VALUES ($1, 'P2', 'totp', 'Điện thoại', '\\x00', 0)" }, [console.accountId("binh@b.example")])
  await addFactor()
  const [holder] = (await factors("GET", "?text=binh")).body["people"] as readonly { readonly accountId: number; readonly principalId: string }[]
  expect(holder).toMatchObject({ principalId: "P2", factors: 1, administrator: false })
  const reset = { body: { accountId: holder?.accountId, principalId: "P2" } }
  const tokenOfA = await world.api.token(apiScopes, "A")
  expect((await factors("POST", "/reset", { ...reset, token: tokenOfA })).status).toBe(404)
  expect((await factors("POST", "/reset", { ...reset, token: tokenOfB })).status).toBe(200)
  expect((await factors("POST", "/reset", reset)).status).toBe(404)
  await addFactor()
  await console.administer("binh@b.example", "unit", "B")
  expect(await factors("POST", "/reset", reset)).toMatchObject({ status: 403, body: { detail: "Người này giữ vai trò quản trị: chỉ đặt lại được trên trang quản trị" } })
})

/** Resolves with all of a stream when the server ends it. */
const streamed = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: world.api.port, path, headers: { authorization: `Bearer ${token}` } }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk)).on("error", reject).on("end", () => resolve(text))
    }).on("error", reject).end()
  })
