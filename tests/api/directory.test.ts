import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { defaultAddressRule } from "../../src/accounts/provision/address-rule.ts"
import { defaultMailboxes } from "../../src/accounts/default-mailboxes.ts"
import { directoryRoutes } from "../../src/api/routes/all.ts"
import { pauseRoutes } from "../../src/api/routes/pauses.ts"
import { createDirectoryEditor } from "../../src/store/sql/directory-editor.ts"
import { createDirectoryView } from "../../src/store/sql/directory-view.ts"
import { createPauseStore } from "../../src/store/sql/pauses.ts"
import { type ApiWorld, openApiWorld, type Question } from "../support/api-world.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let world: ApiWorld
/** Of the province, and of department A. */
let token: string
let tokenOfA: string

beforeAll(async () => {
  database = await createTestDatabase()
  const editor = createDirectoryEditor({ database, mailboxes: defaultMailboxes(true), addressRule: defaultAddressRule, clock: { now: () => Date.parse("2026-11-27T03:00:00Z") }, feed: { publish: () => undefined } })
  world = await openApiWorld({ database, routes: [...pauseRoutes({ pauses: createPauseStore({ database }) }), ...directoryRoutes({ view: createDirectoryView(database), editor })] })
  token = await world.token(["directory:read", "directory:write"])
  for (const [code, parentCode, domain] of [["T", null, "tinh.example"], ["A", "T", "a.tinh.example"], ["A.VP", "A", "a.tinh.example"], ["B", "T", "b.tinh.example"]] as const) {
    expect((await ask("POST", "/units", { body: { code, name: `Đơn vị ${code}`, kind: parentCode === null ? "province" : "department", parentCode, domain } })).status).toBe(201)
  }
  tokenOfA = await world.token(["directory:read", "directory:write"], "A")
})
afterAll(async () => {
  await world.close()
  await database.drop()
})

const ask = (method: string, path: string, { token: other = token, ...question }: Partial<Question> = {}) => world.ask(method, `/api/v1/directory${path}`, { token: other, ...question })
const seen = async (path: string): Promise<{ readonly "if-match": string }> => ({ "if-match": (await ask("GET", path)).tag })
const newPerson = async (name: string, unitCode = "A.VP"): Promise<string> => String((await ask("POST", "/principals", { body: { name, unitCode, title: "Chuyên viên", phone: "0912 345 678" } })).body["principalId"])
const newAccount = async (displayName: string, unitCode = "A.VP", ownerId: string | null = null): Promise<string> => String((await ask("POST", "/accounts", { body: { displayName, unitCode, kind: "personal", ownerId } })).body["address"])

test("a person and a mailbox: made, found without diacritics, shown with what belongs to them", async () => {
  const person = await ask("POST", "/principals", { body: { name: "Nguyễn Văn Đạt", unitCode: "A.VP", title: "Trưởng phòng" } })
  expect(person).toMatchObject({ status: 201, headers: { location: `/api/v1/directory/principals/${String(person.body["principalId"])}` }, body: { kind: "individual", suspended: false, assignments: [] } })
  const id = String(person.body["principalId"])
  const account = await ask("POST", "/accounts", { body: { displayName: "Nguyễn Văn Đạt", unitCode: "A.VP", kind: "personal", ownerId: id } })
  expect(account).toMatchObject({ status: 201, body: { address: "datnv.vp@a.tinh.example", quotaBytes: 2 ** 31, holders: [{ principalId: id, rights: ["owner"] }], credentials: { password: false } } })
  expect(await ask("GET", "/principals?text=dat%20truong")).toMatchObject({ body: { principals: [{ principalId: id, name: "Nguyễn Văn Đạt", unitName: "Đơn vị A.VP" }], next: null } })
  expect(await ask("GET", "/accounts?unit=A&below=false")).toMatchObject({ body: { accounts: [] } })
  expect(await ask("GET", "/accounts?unit=A")).toMatchObject({ body: { accounts: [{ address: "datnv.vp@a.tinh.example", kind: "personal" }] } })
  expect(await ask("GET", `/principals/${id}`)).toMatchObject({ body: { assignments: [{ address: "datnv.vp@a.tinh.example", accountKind: "personal" }] } })
  const [entry] = await database.query<{ actor: object }>({ text: "SELECT actor FROM audit WHERE kind = 'principal.added' AND principal_id = $1" }, [id])
  expect(entry?.actor).toMatchObject({ via: "api", name: "he-thong" })
})

describe("a change", () => {
  test("demands the tag of what was seen, and is refused when that is another by now", async () => {
    const id = await newPerson("Trần Thị Bình")
    const path = `/principals/${id}`
    expect(await ask("PATCH", path, { body: { title: "Phó phòng" } })).toMatchObject({ status: 428, body: { type: "urn:congthu:problem:tagNeeded" } })
    const old = await seen(path)
    const first = await ask("PATCH", path, { body: { title: "Phó phòng" }, headers: old })
    expect(first).toMatchObject({ status: 200, body: { title: "Phó phòng", phone: "0912 345 678" } })
    expect(await ask("PATCH", path, { body: { title: "Trưởng phòng" }, headers: old })).toMatchObject({ status: 412 })
    expect(await ask("PATCH", path, { body: { title: "x" }, headers: { "if-match": `W/${first.tag}` } })).toMatchObject({ status: 412 })
    expect(await ask("PATCH", path, { body: { title: "Trưởng phòng" }, headers: { "if-match": first.tag } })).toMatchObject({ status: 200 })
    expect(await ask("PATCH", path, { body: { phone: "" }, headers: { "if-match": "*" } })).toMatchObject({ status: 200, body: { title: "Trưởng phòng", phone: "" } })
  })

  test("of two at once one is told", async () => {
    const path = `/principals/${await newPerson("Lê Hai Người")}`
    const headers = await seen(path)
    const both = await Promise.all(["Một", "Hai"].map((title) => ask("PATCH", path, { body: { title }, headers })))
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412])
  })

  test("that is wrong is told field by field, in the reader's language", async () => {
    const wrong = { body: { name: "", unitCode: "KHONG", phone: "gọi sau" } }
    expect(await ask("POST", "/principals", wrong)).toMatchObject({ status: 400, body: { errors: [{ pointer: "name", detail: "Họ và tên: Chưa nhập" }, { pointer: "phone" }] } })
    expect(await ask("POST", "/principals", { body: { name: "An", unitCode: "KHONG" }, headers: { "accept-language": "en" } })).toMatchObject({ status: 400, body: { errors: [{ pointer: "unitCode", detail: 'Unit: there is no unit "KHONG"' }] } })
    expect((await ask("POST", "/accounts", { body: { displayName: "Trùng", unitCode: "A", kind: "personal", address: "datnv.vp@a.tinh.example" } })).status).toBe(409)
    expect((await ask("GET", "/accounts/khong@a.tinh.example")).status).toBe(404)
  })
})

test("suspended and opened again: units, people, accounts", async () => {
  const id = await newPerson("Phạm Thị Dung")
  for (const path of [`/principals/${id}`, `/accounts/${await newAccount("Phạm Thị Dung")}`]) {
    expect(await ask("POST", `${path}/suspend`, { headers: await seen(path) })).toMatchObject({ status: 200, body: { suspended: true } })
    expect((await ask("POST", `${path}/suspend`, { headers: await seen(path) })).status).toBe(400)
    expect(await ask("POST", `${path}/reactivate`, { headers: await seen(path) })).toMatchObject({ status: 200, body: { suspended: false } })
  }
  expect(await ask("POST", "/units/A.VP/suspend", { headers: await seen("/units/A.VP") })).toMatchObject({ status: 400, body: { errors: [{ pointer: "" }] } })
  expect(await ask("POST", "/units/B/suspend", { headers: await seen("/units/B") })).toMatchObject({ status: 200 })
  expect(await ask("POST", "/units/B/reactivate", { headers: await seen("/units/B") })).toMatchObject({ status: 200, body: { suspended: false } })
  expect(await ask("PATCH", "/units/B", { headers: await seen("/units/B"), body: { addressRule: "{hoten}@{domain}" } })).toMatchObject({ body: { rule: { template: "{hoten}@{domain}", from: "B" } } })
  expect((await ask("GET", "/tree")).body["units"]).toMatchObject([{ code: "T", depth: 0 }, { code: "A", depth: 1 }, { code: "A.VP", depth: 2 }, { code: "B", depth: 1 }])
})

test("who may do what with an account, and its further addresses", async () => {
  const [address, id] = [await newAccount("Văn thư"), await newPerson("Ngô Văn Thư")]
  const path = `/accounts/${address}/assignments/${id}`
  const put = await ask("PUT", path, { body: { rights: ["write", "read"], until: "2026-12-31" } })
  expect(put).toMatchObject({ status: 200, body: { rights: ["read", "write"], from: null, until: "2026-12-31", tag: expect.any(String) as string } })
  expect((await ask("PUT", path, { body: { rights: ["read"] } })).status).toBe(428)
  const again = await ask("PUT", path, { body: { rights: ["read"] }, headers: { "if-match": put.tag } })
  expect(again).toMatchObject({ status: 200, body: { rights: ["read"], until: null } })
  expect((await ask("PUT", path, { body: { rights: ["read"] }, headers: { "if-match": put.tag } })).status).toBe(412)
  expect(await ask("DELETE", path, { headers: { "if-match": again.tag } })).toMatchObject({ status: 200, body: { removed: id } })

  const alias = await ask("POST", `/accounts/${address}/aliases`, { body: { alias: "Van-Thu@A.tinh.example", expiresOn: "2027-01-31" } })
  expect(alias).toMatchObject({ status: 201, body: { address: "van-thu@a.tinh.example", target: address } })
  expect(await ask("GET", "/aliases?text=van-thu")).toMatchObject({ body: { aliases: [{ address: "van-thu@a.tinh.example", target: address }] } })
  expect((await ask("DELETE", `/accounts/${address}/aliases/van-thu@a.tinh.example`, { headers: { "if-match": '"x"' } })).status).toBe(412)
  expect((await ask("DELETE", `/accounts/${address}/aliases/van-thu@a.tinh.example`, { headers: { "if-match": alias.tag } })).status).toBe(200)
  expect(await ask("GET", `/accounts/${address}`)).toMatchObject({ body: { aliases: [] } })
})

test("a group", async () => {
  const member = await newAccount("Thành Viên")
  const made = await ask("POST", "/groups", { body: { address: "phong@a.tinh.example", displayName: "Phòng", unitCode: "A", members: [member.toUpperCase(), member], moderators: [member] } })
  expect(made).toMatchObject({ status: 201, body: { members: [member], allowedSenders: null, memberDetails: [{ kind: "account", name: "Thành Viên" }] } })
  expect(await ask("GET", "/groups?text=phong")).toMatchObject({ body: { groups: [{ address: "phong@a.tinh.example", restriction: "moderated" }] } })
  const path = "/groups/phong@a.tinh.example"
  expect(await ask("PATCH", path, { body: { moderators: null, members: [] }, headers: { "if-match": made.tag } })).toMatchObject({ status: 200, body: { moderators: null, members: [] } })
  expect(await ask("PATCH", path, { body: { members: ["khong@a.tinh.example"] }, headers: await seen(path) })).toMatchObject({ status: 400 })
  expect((await ask("DELETE", path, { headers: await seen(path) })).status).toBe(200)
  expect((await ask("GET", path)).status).toBe(404)
})

test("a list in pages", async () => {
  for (let n = 0; n < 5; n++) await newPerson(`Trang Số ${n}`)
  const names: unknown[] = []
  let cursor: unknown = 0
  for (let pages = 0; cursor !== null && pages < 5; pages++) {
    const { body } = await ask("GET", `/principals?text=trang%20so&limit=2&cursor=${String(cursor)}`)
    names.push(...(body["principals"] as { name: string }[]).map(({ name }) => name))
    cursor = body["next"]
  }
  expect(names).toEqual([0, 1, 2, 3, 4].map((n) => `Trang Số ${n}`))
})

describe("a token for one unit", () => {
  test("sees and changes it and what is below, and nothing outside", async () => {
    const outside = await newPerson("Người Ngoài", "B")
    const address = await newAccount("Người Ngoài", "B")
    const own = await ask("POST", "/principals", { token: tokenOfA, body: { name: "Người Trong", unitCode: "A.VP" } })
    expect(own.status).toBe(201)
    expect(await ask("GET", "/principals?text=nguoi", { token: tokenOfA })).toMatchObject({ body: { principals: expect.not.arrayContaining([expect.objectContaining({ principalId: outside })]) as unknown } })
    const attempts = [
      ask("GET", `/principals/${outside}`, { token: tokenOfA }), ask("GET", `/accounts/${address}`, { token: tokenOfA }), ask("GET", "/units/B", { token: tokenOfA }), ask("GET", "/units/T", { token: tokenOfA }),
      ask("POST", "/principals", { token: tokenOfA, body: { name: "Lạc", unitCode: "B" } }), ask("POST", "/units", { token: tokenOfA, body: { code: "B.X", name: "X", kind: "division", parentCode: "B", domain: "b.tinh.example" } }),
      ask("PATCH", `/principals/${outside}`, { token: tokenOfA, body: { title: "x" }, headers: { "if-match": "*" } }), ask("POST", `/accounts/${address}/suspend`, { token: tokenOfA, headers: await seen(`/accounts/${address}`) }),
      ask("PATCH", `/principals/${String(own.body["principalId"])}`, { token: tokenOfA, body: { unitCode: "B" }, headers: { "if-match": "*" } }),
      ask("POST", "/accounts", { token: tokenOfA, body: { displayName: "Lạc", unitCode: "A", kind: "personal", address: "lac@b.tinh.example" } }),
      ask("PUT", `/accounts/${address}/assignments/${String(own.body["principalId"])}`, { token: tokenOfA, body: { rights: ["read"] } }),
    ]
    expect((await Promise.all(attempts)).map(({ status }) => status)).toEqual(attempts.map(() => 403))
    expect((await ask("GET", "/tree", { token: tokenOfA })).body["units"]).toMatchObject([{ code: "A", depth: 0 }, { code: "A.VP" }])
  })

  test("does nothing that is not divided by units, whatever its scopes say", async () => {
    const [narrow, wide] = [await world.token(["queue:read"], "A"), await world.token(["queue:read"])]
    const statuses = await Promise.all([narrow, wide].map(async (text) => (await world.ask("GET", "/api/v1/queue/pauses", { token: text })).status))
    expect(statuses).toEqual([403, 200])
    const reader = await world.token(["directory:read"])
    expect((await ask("POST", "/principals", { token: reader, body: { name: "x", unitCode: "A" } })).status).toBe(403)
  })
})
