import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Answered } from "../support/api-world.ts"
import { everywhere } from "../support/whole-province.ts"
import { enterprise, openScimWorld, type ScimWorld } from "../support/scim-world.ts"

let world: ScimWorld
beforeAll(async () => void (world = await openScimWorld()))
afterAll(() => world.close())

const ask: ScimWorld["ask"] = (...question) => world.ask(...question)
const find: ScimWorld["find"] = (...question) => world.find(...question)
const patch: ScimWorld["patch"] = (...question) => world.patch(...question)
const person: ScimWorld["person"] = (...question) => world.person(...question)
/** Times of SCIM are whole milliseconds: what is done in one that has passed is told from what is done now. */
const clockAfter = (ms: number): Promise<void> =>
  expect.poll(async () => (await world.database.query<{ now: number }>({ text: "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now" }))[0]?.now, { interval: 1 }).toBeGreaterThan(ms)
const idOf = ({ body }: Answered): string => String(body["id"])

describe("who asks", () => {
  test("needs a token with the scope, and is told in SCIM's form", async () => {
    const other = await world.token(["directory:write"])
    expect(await ask("GET", "/Users", { token: "x" })).toMatchObject({ status: 401, headers: { "content-type": "application/scim+json; charset=utf-8" }, body: { schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"], status: "401" } })
    expect(await ask("GET", "/Users", { token: other })).toMatchObject({ status: 403, body: { status: "403" } })
  })

  test("is told what the server can do", async () => {
    expect(await ask("GET", "/ServiceProviderConfig")).toMatchObject({ status: 200, body: { patch: { supported: true }, bulk: { supported: true, maxOperations: 100, maxPayloadSize: 4 * 1024 * 1024 }, filter: { supported: true, maxResults: 200 }, etag: { supported: true }, sort: { supported: true } } })
    expect(await ask("GET", "/ResourceTypes")).toMatchObject({ body: { totalResults: 2, Resources: [{ id: "User", endpoint: "/Users" }, { id: "Group" }] } })
    expect(await ask("GET", "/Schemas")).toMatchObject({ body: { totalResults: 3 } })
    expect(await ask("GET", `/Schemas/${enterprise}`)).toMatchObject({ status: 200, body: { name: "EnterpriseUser", attributes: [{ name: "employeeNumber", mutability: "immutable" }, { name: "department" }, { name: "division", mutability: "readOnly" }] } })
    expect((await ask("GET", "/Schemas/x")).status).toBe(404)
    expect((await ask("GET", "/Nothing")).status).toBe(404)
    // RFC 7644 §3.11
    for (const method of ["GET", "PATCH", "DELETE"]) expect(await ask(method, "/Me")).toMatchObject({ status: 501, body: { schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"], status: "501" } })
    expect((await ask("GET", "/Me", { token: "x" })).status).toBe(401)
  })
})

describe("a user", () => {
  test("is a person with a mailbox named by the unit's rule; what the client calls it stays its userName", async () => {
    const made = await ask("POST", "/Users", { body: { schemas: [], userName: "Dat.NV@dang-nhap.example", externalId: "ent-1", name: { familyName: "Nguyễn", middleName: "Văn", givenName: "Đạt" }, title: "Chuyên viên", phoneNumbers: [{ type: "work", value: "0912 345 678" }], active: true, [enterprise]: { department: "văn phòng sở a" } } })
    const id = idOf(made)
    expect(made).toMatchObject({
      status: 201, headers: { location: expect.stringMatching(new RegExp(`/scim/v2/Users/${id}$`)) as string },
      body: {
        userName: "Dat.NV@dang-nhap.example", externalId: "ent-1", displayName: "Nguyễn Văn Đạt", name: { formatted: "Nguyễn Văn Đạt", familyName: "Nguyễn", middleName: "Văn", givenName: "Đạt" }, active: true,
        emails: [{ value: "datnv.vp@a.tinh.example", type: "work", primary: true }], phoneNumbers: [{ value: "0912 345 678" }], [enterprise]: { employeeNumber: id, department: "A.VP", division: "Văn phòng Sở A" }, meta: { resourceType: "User", version: made.tag },
      },
    })
    expect((await ask("GET", `/Users/${id}`)).body).toEqual(made.body)
    const audit = await world.database.query<{ kind: string; name: string }>({ text: "SELECT kind, actor->>'name' AS name FROM audit WHERE kind LIKE '%.added' AND detail->>'key' = ANY ($1) ORDER BY id" }, [[id, "datnv.vp@a.tinh.example"]])
    expect(audit).toEqual([{ kind: "principal.added", name: "he-thong" }, { kind: "account.added", name: "he-thong" }])
  })

  test("whose userName is an address of ours gets that address, and its own number where one is given", async () => {
    const made = await ask("POST", "/Users", { body: { userName: "Binh@A.tinh.example", displayName: "Trần Thị Bình", [enterprise]: { department: "A", employeeNumber: "NV-77" } } })
    expect(made).toMatchObject({ status: 201, body: { id: "NV-77", userName: "binh@a.tinh.example", emails: [{ value: "binh@a.tinh.example" }] } })
    expect(await ask("POST", "/Users", { body: { userName: "binh@a.tinh.example", displayName: "Khác", [enterprise]: { department: "A" } } })).toMatchObject({ status: 409, body: { scimType: "uniqueness" } })
    expect(await find("Users", 'displayName eq "Khác"')).toMatchObject({ body: { totalResults: 0 } })
    expect(await patch("/Users/NV-77", [{ op: "replace", path: "userName", value: "khac@a.tinh.example" }])).toMatchObject({ status: 400, body: { scimType: "mutability" } })
    expect(await patch("/Users/NV-77", [{ op: "replace", path: `${enterprise}:employeeNumber`, value: "NV-78" }])).toMatchObject({ status: 400, body: { scimType: "mutability" } })
  })

  test.each<[string, object, object]>([
    ["no name", { userName: "x@x.example", [enterprise]: { department: "A" } }, { status: 400, body: { scimType: "invalidValue" } }],
    ["no userName", { displayName: "X", [enterprise]: { department: "A" } }, { status: 400, body: { scimType: "invalidValue" } }],
    ["no unit", { userName: "x@x.example", displayName: "X" }, { status: 400, body: { scimType: "invalidValue", detail: expect.stringContaining("department") as string } }],
    ["a unit that is not there", { userName: "x@x.example", displayName: "X", [enterprise]: { department: "Z" } }, { status: 400, body: { scimType: "invalidValue" } }],
    ["a number for a name", { userName: "x@x.example", displayName: 5, [enterprise]: { department: "A" } }, { status: 400, body: { scimType: "invalidValue" } }],
    ["a name that the system needs", { userName: "postmaster@a.tinh.example", displayName: "X", [enterprise]: { department: "A" } }, { status: 400, body: { scimType: "invalidValue" } }],
    ["a NUL", { userName: "x@x.example", displayName: "A\0", [enterprise]: { department: "A" } }, { status: 400, body: { scimType: "invalidValue" } }],
    ["a phone that is none", { userName: "x@x.example", displayName: "X", phoneNumbers: [{ value: "<b>" }], [enterprise]: { department: "A" } }, { status: 400, body: { scimType: "invalidValue", detail: expect.stringContaining("Điện thoại") as string } }],
  ])("with %s is refused, and nothing is kept", async (_name, body, expected) => {
    expect(await ask("POST", "/Users", { body })).toMatchObject(expected)
    expect(await find("Users", 'userName eq "x@x.example"')).toMatchObject({ body: { totalResults: 0, Resources: [] } })
  })

  test("what is no JSON, and what is too much", async () => {
    expect(await ask("POST", "/Users", { body: "{" })).toMatchObject({ status: 400, body: { scimType: "invalidSyntax" } })
    expect(await ask("POST", "/Users", { body: [1] })).toMatchObject({ status: 400 })
    expect(await ask("POST", "/Users", { body: { userName: "x".repeat(5 * 1024 * 1024) } })).toMatchObject({ status: 413 })
    const deep = `{"userName":"x","displayName":${"[".repeat(5_000)}${"]".repeat(5_000)}}`
    expect(await ask("POST", "/Users", { body: deep })).toMatchObject({ status: 400, body: { scimType: "invalidSyntax" } })
  })

  test("is replaced by PUT; its number and its addresses stay", async () => {
    const id = idOf(await person("Lê Thị Cúc", "A", { title: "Chuyên viên", phoneNumbers: [{ type: "work", value: "0911" }] }))
    const { body } = await ask("GET", `/Users/${id}`)
    const { title: _title, phoneNumbers: _phones, ...rest } = body
    const put = await ask("PUT", `/Users/${id}`, { body: { ...rest, displayName: "Lê Thị Cúc Hoa", [enterprise]: { department: "A.VP" } } })
    expect(put).toMatchObject({ status: 200, body: { id, displayName: "Lê Thị Cúc Hoa", emails: body["emails"], [enterprise]: { department: "A.VP" } } })
    expect(put.body).not.toHaveProperty("title")
    expect(put.body).not.toHaveProperty("phoneNumbers")
    const [account] = await world.database.query<{ name: string; unit: string }>({ text: "SELECT display_name AS name, unit_code AS unit FROM account WHERE address = $1" }, [(body["emails"] as { value: string }[])[0]?.value])
    expect(account).toEqual({ name: "Lê Thị Cúc Hoa", unit: "A.VP" })
  })

  test("as Entra changes one: active as text, dotted and filtered paths, and suspends one", async () => {
    const id = idOf(await person("Phạm Văn Dũng"))
    const changed = await patch(`/Users/${id}`, [{ op: "Replace", path: "name.givenName", value: "Dương" }, { op: "Add", path: 'phoneNumbers[type eq "work"].value', value: "0988" }, { op: "Replace", path: `${enterprise}:department`, value: "B" }, { op: "Add", path: "title", value: "Phó phòng" }])
    expect(changed).toMatchObject({ status: 200, body: { displayName: "Phạm Văn Dương", title: "Phó phòng", phoneNumbers: [{ value: "0988" }], [enterprise]: { department: "B" } } })
    expect(await patch(`/Users/${id}`, [{ op: "Replace", path: "active", value: "False" }])).toMatchObject({ status: 200, body: { active: false } })
    const state = () => world.database.query({ text: "SELECT p.suspended_at IS NOT NULL AS person, a.suspended_at IS NOT NULL AS account FROM principal p JOIN assignment s ON s.principal_id = p.id JOIN account a ON a.id = s.account_id WHERE p.id = $1" }, [id])
    expect(await state()).toEqual([{ person: true, account: true }])
    expect(await find("Users", `active eq false and id eq "${id}"`)).toMatchObject({ body: { totalResults: 1 } })
    // as Okta does it
    expect(await patch(`/Users/${id}`, [{ op: "replace", value: { active: true } }])).toMatchObject({ status: 200, body: { active: true } })
    expect(await state()).toEqual([{ person: false, account: false }])
  })

  test("that is what it is to be is not changed, and leaves nothing in the audit", async () => {
    const made = await person("Không Đổi")
    const count = () => world.database.query<{ n: number }>({ text: "SELECT (SELECT count(*) FROM audit WHERE kind <> 'apiToken.used') + (SELECT version FROM directory_version) AS n" })
    const before = await count()
    expect(await patch(`/Users/${idOf(made)}`, [{ op: "replace", value: { active: true, displayName: "Không Đổi" } }])).toMatchObject({ status: 200, tag: made.tag })
    expect(await count()).toEqual(before)
  })

  test("is changed only while it is what was seen, where the client says what that was", async () => {
    const made = await person("Ngô Thị Giang")
    const path = `/Users/${idOf(made)}`
    expect((await ask("GET", path, { headers: { "if-none-match": made.tag } })).status).toBe(304)
    expect((await patch(path, [{ op: "replace", path: "title", value: "Một" }], { headers: { "if-match": made.tag } })).status).toBe(200)
    expect(await patch(path, [{ op: "replace", path: "title", value: "Hai" }], { headers: { "if-match": made.tag } })).toMatchObject({ status: 412, body: { status: "412" } })
    expect((await ask("DELETE", path, { headers: { "if-match": made.tag } })).status).toBe(412)
  })

  test("says when it was last modified, whoever did it, and is found by that", async () => {
    const id = idOf(await person("Đỗ Thị Giờ"))
    const modified = async () => ((await ask("GET", `/Users/${id}`)).body["meta"] as { lastModified: string }).lastModified
    const made = await modified()
    expect(Math.abs(Date.parse(made) - Date.now())).toBeLessThan(600_000)
    const later = async (sql: string): Promise<void> => {
      const before = await modified()
      await clockAfter(Date.parse(before))
      await world.database.query({ text: sql }, [id])
      expect(Date.parse(await modified()), sql).toBeGreaterThan(Date.parse(before))
    }
    const its = "(SELECT account_id FROM assignment WHERE principal_id = $1)"
    await later("UPDATE principal SET title = 'Khác' WHERE id = $1")
    await later(`UPDATE account SET suspended_at = now() WHERE id = ${its}`)
    await later(`UPDATE account SET suspended_at = NULL WHERE id = ${its}`)
    await later(`INSERT INTO alias (address, account_id) SELECT 'gio@a.tinh.example', account_id FROM assignment WHERE principal_id = $1`)
    await later(`DELETE FROM alias WHERE account_id = ${its}`)
    await later("UPDATE external_identity SET external_id = 'x' WHERE source = 'scim' AND kind = 'person' AND key = $1")
    const now = await modified()
    expect(await find("Users", `meta.lastModified eq "${now}" and id eq "${id}"`)).toMatchObject({ body: { totalResults: 1 } })
    expect(await find("Users", `meta.lastModified gt "${now}" and id eq "${id}"`)).toMatchObject({ body: { totalResults: 0 } })
  })

  test("that is deleted has left as by the guided action, and is gone for SCIM until an administrator takes it back", async () => {
    const made = await person("Vũ Văn Hải")
    const [id, userName] = [idOf(made), String(made.body["userName"])]
    expect((await ask("DELETE", `/Users/${id}`)).status).toBe(204)
    for (const method of ["GET", "PUT", "PATCH", "DELETE"]) expect((await ask(method, `/Users/${id}`, method === "GET" || method === "DELETE" ? {} : { body: { userName } })).status).toBe(404)
    expect(await find("Users", `userName eq "${userName}"`)).toMatchObject({ body: { totalResults: 0 } })
    const state = () => world.database.query({ text: "SELECT p.suspended_at IS NOT NULL AS person, a.suspended_at IS NOT NULL AS account, to_char(a.archive_on, 'YYYY-MM-DD') AS archive FROM principal p JOIN assignment s ON s.principal_id = p.id JOIN account a ON a.id = s.account_id WHERE p.id = $1" }, [id])
    expect(await state()).toEqual([{ person: true, account: true, archive: "2027-05-27" }])
    const [action] = await world.actions.history(id, { scope: everywhere })
    expect(action).toMatchObject({ kind: "leave", undoable: true, steps: [{ step: "suspendPerson" }, { step: "suspendAccount", archiveOn: "2027-05-27" }] })
    // his mail is not his namesake's
    const next = await ask("POST", "/Users", { body: { userName: "hai-khac@dang-nhap.example", displayName: "Vũ Văn Hải", [enterprise]: { department: "A.VP" } } })
    expect(next).toMatchObject({ status: 201, body: { emails: [{ value: "haivv2.vp@a.tinh.example" }] } })
    expect((await world.actions.undo(action?.id ?? 0, { scope: everywhere })).ok).toBe(true)
    expect(await state()).toEqual([{ person: false, account: false, archive: null }])
    expect(await find("Users", `userName eq "${userName}"`)).toMatchObject({ body: { totalResults: 1, Resources: [{ id, active: true }] } })
  })

  test("that left before is deleted, too", async () => {
    const id = idOf(await person("Cao Thị Trước"))
    const plan = await world.actions.plan({ kind: "leave", principalId: id }, { scope: everywhere })
    if (!plan.ok || !(await world.actions.apply({ kind: "leave", principalId: id }, plan.value.seen, { scope: everywhere })).ok) throw new Error("did not leave")
    expect(await ask("GET", `/Users/${id}`)).toMatchObject({ status: 200, body: { active: false } })
    expect((await ask("DELETE", `/Users/${id}`)).status).toBe(204)
    expect((await ask("GET", `/Users/${id}`)).status).toBe(404)
    expect(await world.actions.history(id, { scope: everywhere })).toHaveLength(1)
  })

  test("that is deleted frees its userName for another", async () => {
    const made = await person("Hồ Văn Tên")
    expect((await ask("DELETE", `/Users/${idOf(made)}`)).status).toBe(204)
    expect((await ask("POST", "/Users", { body: { userName: made.body["userName"], displayName: "Hồ Văn Tên Mới", [enterprise]: { department: "A.VP" } } })).status).toBe(201)
  })
})

describe("lists of users", () => {
  beforeAll(async () => {
    for (const [name, title] of [["Lưu Một", "Kế toán"], ["Lưu Hai", "Văn thư"], ["Lưu Ba", "Kế toán"]] as const) expect((await person(name, "B", { title, externalId: `luu-${title}` })).status).toBe(201)
  })
  const names = ({ body }: Answered): readonly unknown[] => (body["Resources"] as { displayName: string }[]).map(({ displayName }) => displayName)

  test.each<[string, readonly string[]]>([
    ['displayName sw "lưu"', ["Lưu Ba", "Lưu Hai", "Lưu Một"]], ['name.familyName eq "Lưu" and title eq "kế toán"', ["Lưu Ba", "Lưu Một"]], ['name.familyName eq "Lưu" and not (title eq "Kế toán")', ["Lưu Hai"]],
    ['name.familyName eq "Lưu" and (title eq "Văn thư" or name.givenName eq "Ba")', ["Lưu Ba", "Lưu Hai"]], ['externalId eq "luu-Văn thư"', ["Lưu Hai"]], ['externalId eq "LUU-Văn thư"', []], ['emails[type eq "work" and value ew "@b.tinh.example"] and displayName co "lưu m"', ["Lưu Một"]],
    ['emails.value sw "mot" and emails co "tinh"', ["Lưu Một"]], [`${enterprise}:department eq "B" and name.familyName eq "Lưu" and title ne "Kế toán"`, ["Lưu Hai"]], ['displayName sw "Lưu" and phoneNumbers pr', []], ['displayName sw "Lưu" and meta.created gt "2020-01-01T00:00:00Z" and title pr', ["Lưu Ba", "Lưu Hai", "Lưu Một"]],
    [`displayName eq "' OR 1=1 --"`, []], ['displayName co "%"', []], ['displayName sw "Lưu" and active eq "True"', ["Lưu Ba", "Lưu Hai", "Lưu Một"]],
  ])("%s", async (filter, expected) => {
    const found = await find("Users", filter, "&sortBy=displayName")
    expect([found.status, names(found)]).toEqual([200, expected])
  })

  test.each(['nickName eq "x"', 'active gt "x"', "displayName eq 5", 'meta.created gt "yesterday"', 'displayName eq', 'emails[nothing eq "x"]', 'groups[value eq "x"', 'meta.created co "2026"'])("%s is no filter", async (filter) => {
    expect(await find("Users", filter)).toMatchObject({ status: 400, body: { scimType: "invalidFilter" } })
  })

  test("in pages, sorted, and with what was asked of each", async () => {
    const of = encodeURIComponent('name.familyName eq "Lưu"')
    expect(names(await ask("GET", `/Users?filter=${of}&sortBy=name.formatted&sortOrder=descending&startIndex=2&count=2`))).toEqual(["Lưu Hai", "Lưu Ba"])
    expect(await ask("GET", `/Users?filter=${of}&count=0`)).toMatchObject({ body: { totalResults: 3, itemsPerPage: 0, Resources: [] } })
    expect((await ask("GET", `/Users?filter=${of}&count=100000&startIndex=-5`)).body).toMatchObject({ itemsPerPage: 3, startIndex: 1 })
    expect((await ask("GET", `/Users?filter=${of}&sortBy=title&attributes=userName,${enterprise}:department`)).body["Resources"]).toContainEqual({ schemas: expect.any(Array) as unknown, id: expect.any(String) as unknown, userName: expect.any(String) as unknown, [enterprise]: { department: "B" } })
    const [one] = (await ask("GET", `/Users?filter=${of}&excludedAttributes=name.formatted,emails,displayName`)).body["Resources"] as Record<string, object>[]
    expect([Object.keys(one?.["name"] ?? {}), "emails" in (one ?? {}), "title" in (one ?? {})]).toEqual([["familyName", "givenName"], false, true])
    expect((await ask("GET", "/Users?sortBy=emails")).status).toBe(400)
    expect((await ask("GET", "/Users?count=x")).status).toBe(400)
  })
})

describe("a group", () => {
  test("is a mail group: made, found, filled, emptied, gone", async () => {
    const ids = await Promise.all(["Tổ Một", "Tổ Hai", "Tổ Ba"].map(async (name) => idOf(await person(name, "A"))))
    const [first = "", second = "", third = ""] = ids
    const made = await ask("POST", "/Groups", { body: { schemas: [], displayName: "Tổ Tài chính", externalId: "g-1", members: [{ value: first }] } })
    expect(made).toMatchObject({ status: 201, body: { id: "to-tai-chinh@tinh.example", members: [{ value: first, display: "Tổ Một", type: "User" }] } })
    const path = "/Groups/to-tai-chinh@tinh.example"
    expect(await find("Groups", 'displayName eq "tổ tài chính"', "&excludedAttributes=members")).toMatchObject({ body: { totalResults: 1, Resources: [{ id: "to-tai-chinh@tinh.example", externalId: "g-1" }] } })
    expect(await find("Groups", `members eq "${first}"`)).toMatchObject({ body: { totalResults: 1, Resources: [{ members: [{ value: first }] }] } })
    expect((await patch(path, [{ op: "Add", path: "members", value: [{ value: second }, { value: third }] }])).body["members"]).toHaveLength(3)
    expect((await ask("GET", `/Users/${second}`)).body["groups"]).toMatchObject([{ value: "to-tai-chinh@tinh.example", display: "Tổ Tài chính" }])
    // as Entra, and as the RFC has it
    expect((await patch(path, [{ op: "Remove", path: "members", value: [{ value: first }] }])).body["members"]).toHaveLength(2)
    expect((await patch(path, [{ op: "remove", path: `members[value eq "${second}"]` }])).body["members"]).toMatchObject([{ value: third }])
    expect(await patch(path, [{ op: "add", path: "members", value: [{ value: "khong-co" }] }])).toMatchObject({ status: 400, body: { scimType: "invalidValue" } })
    expect(await patch(path, [{ op: "replace", path: "displayName", value: "Tổ Kế toán" }])).toMatchObject({ body: { id: "to-tai-chinh@tinh.example", displayName: "Tổ Kế toán", members: [{ value: third }] } })
    expect(await ask("PUT", path, { body: { displayName: "Tổ Kế toán", members: [] } })).toMatchObject({ status: 200, body: { members: [] } })
    expect(await ask("POST", "/Groups", { body: { displayName: "To Tai Chinh" } })).toMatchObject({ status: 409, body: { scimType: "uniqueness" } })
    expect((await ask("DELETE", path)).status).toBe(204)
    expect((await ask("GET", path)).status).toBe(404)
  })

  test("says when it or its members were last modified, and does not name a member who was deleted", async () => {
    const [first, second] = [await person("Nhóm Viên Một", "A"), await person("Nhóm Viên Hai", "A")]
    const path = "/Groups/sua@a.tinh.example"
    const made = await ask("POST", "/Groups", { body: { displayName: "sua@a.tinh.example", members: [first, second].map((one) => ({ value: idOf(one) })) } })
    const time = ({ body }: Answered): number => Date.parse((body["meta"] as { lastModified: string }).lastModified)
    await clockAfter(time(made))
    const less = await patch(path, [{ op: "remove", path: `members[value eq "${idOf(first)}"]` }])
    expect(time(less)).toBeGreaterThan(time(made))
    expect((await ask("GET", path, { headers: { "if-none-match": less.tag } })).status).toBe(304)
    expect((await patch(path, [{ op: "replace", path: "displayName", value: "Sửa" }], { headers: { "if-match": made.tag } })).status).toBe(412)
    expect((await ask("DELETE", `/Users/${idOf(second)}`)).status).toBe(204)
    expect(await ask("GET", path)).toMatchObject({ status: 200, body: { members: [] } })
  })

  test("that is filled by many requests at once loses none", async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, async (_one, n) => idOf(await person(`Cùng Lúc ${String.fromCharCode(65 + n)}`, "A"))))
    await ask("POST", "/Groups", { body: { displayName: "cung-luc@a.tinh.example" } })
    const answers = await Promise.all(ids.map((value) => patch("/Groups/cung-luc@a.tinh.example", [{ op: "add", path: "members", value: [{ value }] }])))
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200))
    expect(((await ask("GET", "/Groups/cung-luc@a.tinh.example")).body["members"] as { value: string }[]).map(({ value }) => value).toSorted()).toEqual(ids.toSorted())
  })
})

describe("a token for one unit", () => {
  test("provisions it without naming it, and neither sees nor changes another", async () => {
    const narrow = await world.token(["scim"], "A")
    const outside = idOf(await person("Người Ngoài", "B"))
    const made = await ask("POST", "/Users", { token: narrow, body: { userName: "trong@dang-nhap.example", displayName: "Người Trong" } })
    expect(made).toMatchObject({ status: 201, body: { [enterprise]: { department: "A" } } })
    const list = await ask("GET", "/Users?count=200", { token: narrow })
    expect((list.body["Resources"] as { id: string }[]).some(({ id }) => id === outside)).toBe(false)
    expect((await ask("GET", `/Users/${outside}`, { token: narrow })).status).toBe(404)
    expect((await patch(`/Users/${outside}`, [{ op: "replace", path: "active", value: false }], { token: narrow })).status).toBe(404)
    expect((await ask("DELETE", `/Users/${outside}`, { token: narrow })).status).toBe(404)
    expect((await ask("POST", "/Users", { token: narrow, body: { userName: "lac@b.tinh.example", displayName: "Lạc" } })).status).toBe(403)
    expect((await patch(`/Users/${idOf(made)}`, [{ op: "replace", path: `${enterprise}:department`, value: "B" }], { token: narrow })).status).toBe(400)
    expect(await ask("POST", "/Groups", { token: narrow, body: { displayName: "Nhóm Sở" } })).toMatchObject({ status: 201, body: { id: "nhom-so@a.tinh.example" } })
  })

  test("sees of a group those of its unit and addresses elsewhere, and takes away nobody whom it does not see", async () => {
    const narrow = await world.token(["scim"], "A")
    const [inside, outside, office] = [await person("Tổ Viên Trong", "A"), await person("Tổ Viên Ngoài", "B"), "to-b@b.tinh.example"]
    expect((await ask("POST", "/Groups", { body: { displayName: office } })).status).toBe(201)
    await world.database.query({ text: "UPDATE mail_group SET unit_code = 'B' WHERE address = $1" }, [office])
    const path = "/Groups/chung@a.tinh.example"
    expect((await ask("POST", "/Groups", { token: narrow, body: { displayName: "chung@a.tinh.example", members: [{ value: idOf(inside) }] } })).status).toBe(201)
    await world.database.query({ text: "INSERT INTO mail_group_member VALUES ('chung@a.tinh.example', 'ban@noi-khac.example'), ('chung@a.tinh.example', $1)" }, [office])
    expect((await patch(path, [{ op: "add", path: "members", value: [{ value: idOf(outside) }] }])).body["members"]).toHaveLength(4)
    const seen = await ask("GET", path, { token: narrow })
    expect((seen.body["members"] as { value: string }[]).map(({ value }) => value).toSorted()).toEqual([idOf(inside), "ban@noi-khac.example"].toSorted())
    expect(await ask("GET", `/Groups?filter=${encodeURIComponent(`members eq "${idOf(outside)}"`)}`, { token: narrow })).toMatchObject({ body: { totalResults: 0 } })
    expect((await ask("GET", `/Groups?filter=${encodeURIComponent('displayName eq "chung@a.tinh.example"')}`, { token: narrow })).body["Resources"]).toMatchObject([{ meta: { version: seen.tag } }])
    for (const value of [idOf(outside), office, String((outside.body["emails"] as { value: string }[])[0]?.value)]) expect(await patch(path, [{ op: "add", path: "members", value: [{ value }] }], { token: narrow }), value).toMatchObject({ status: 400, body: { scimType: "invalidValue" } })
    expect((await ask("PUT", path, { token: narrow, body: { displayName: "Chung", members: [] } })).body["members"]).toEqual([])
    expect(((await ask("GET", path)).body["members"] as { value: string }[]).map(({ value }) => value).toSorted()).toEqual([idOf(outside), office].toSorted())
    // nor the groups of others, of one's own people
    expect((await patch(`/Groups/${office}`, [{ op: "add", path: "members", value: [{ value: idOf(inside) }] }])).status).toBe(200)
    expect((await ask("GET", `/Users/${idOf(inside)}`, { token: narrow })).body).not.toHaveProperty("groups")
    expect((await ask("GET", `/Users/${idOf(inside)}`)).body["groups"]).toMatchObject([{ value: office }])
  })
})
