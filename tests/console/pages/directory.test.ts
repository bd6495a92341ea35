import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type ConsoleAnswer, type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

const script = `</textarea><script>alert("1")</script>'"><img src=x onerror=alert(1)>`
const harmful = /<script>alert|<img src=x/

let world: ConsoleWorld
let an: string
let binh: string
const tokens = new Map<string, string>()
beforeAll(async () => {
  world = await openConsoleWorld({ names: script })
  await world.administer("an@a.example", "province")
  await world.administer("binh@b.example", "unit", "B")
  an = await world.signIn("an@a.example")
  binh = await world.signIn("binh@b.example")
  for (const cookie of [an, binh]) tokens.set(cookie, await world.csrf(cookie))
})
afterAll(() => world.close())

const get = (path: string, cookie = an, headers = {}): Promise<ConsoleAnswer> => world.ask(`/console/directory${path}`, { cookie, headers })
const post = (path: string, form: Readonly<Record<string, string>>, cookie = an): Promise<ConsoleAnswer> => world.ask(`/console/directory${path}`, { cookie, form: { _csrf: tokens.get(cookie) ?? "", ...form } })
/** What a page's form carries hidden. */
const seenIn = ({ body }: ConsoleAnswer, name = "seen"): string => new RegExp(`name="${name}" value="([^"]+)"`).exec(body)?.[1] ?? ""
const noticeOf = ({ cookies }: ConsoleAnswer): string => Buffer.from(cookies["__Host-congthu-notice"] ?? "", "base64url").toString()

describe("looking", () => {
  test("the tree has every unit with what is in it and below, for each administrator only his own", async () => {
    const { body } = await get("")
    expect(body).toMatch(/Sở A<\/a> <small class="muted">A · 2 hộp thư, 1 người/)
    const own = (await get("", binh)).body
    expect(own).toContain("Sở B")
    expect(own).not.toContain("Sở A")
  })

  test.each([["binh", "Trần Thị Bình"], ["TRAN thi binh", "Trần Thị Bình"], ["vp@a", "Văn phòng"], ["so a", "Sở A"]])("%j finds %s while one types, by parts of names and without accents", async (text, name) => {
    const { body, status } = await get(`/find?text=${encodeURIComponent(text)}`, an, { "hx-request": "true" })
    expect([status, body.includes(name), body.startsWith("<ul"), harmful.test(body)]).toEqual([200, true, true, false])
  })

  test("fields propose keys; a delegated administrator is proposed his own only", async () => {
    expect((await get("/suggest/person?ownerId=an")).body).toMatch(/<option value="P1">/)
    expect((await get("/suggest/person?ownerId=an", binh)).body).not.toContain("P1")
  })

  test.each(["/units/A", "/units/A.1?show=person", "/people/P1", "/accounts/an%40a.example", "/find?text=", "/units/A/change", "/people/P1/change", "/accounts/an%40a.example/change", "/new/unit?parentCode=A", "/new/person?unitCode=A", "/new/account?unitCode=A", "/new/group?unitCode=A"])("%s shows what people are called as text, in both languages", async (path) => {
    for (const language of ["vi", "en"]) {
      const { status, body } = await get(path, `${an}; __Host-congthu-language=${language}`)
      expect([status, harmful.test(body)]).toEqual([200, false])
    }
  })

  test.each(["/units/A", "/units/T", "/people/P1", "/accounts/an%40a.example", "/units/A/change", "/people/P1/change", "/accounts/vp%40a.example/change"])("%s is refused to whoever administers another unit", async (path) => {
    expect((await get(path, binh)).status).toBe(403)
  })

  test("what is not there is not found; who has no role sees nothing", async () => {
    expect((await get("/accounts/nobody%40a.example")).status).toBe(404)
    expect((await get(`/units/${encodeURIComponent(script)}`)).status).toBe(404)
    const other = await openConsoleWorld()
    const mine = await other.signIn("an@a.example")
    for (const path of ["", "/find", "/units/A", "/suggest/person", "/rule-preview"]) expect((await other.ask(`/console/directory${path}`, { cookie: mine })).status).toBe(403)
    await other.close()
  })
})

describe("changing", () => {
  test("a person and an account by the unit's rule; wrong fields are told at the field, what was typed stays", async () => {
    const wrong = await post("/new/person", { name: "", kind: "individual", unitCode: "X9", title: script, phone: "abc" })
    expect(wrong.status).toBe(422)
    expect(wrong.body).toContain('id="name-error"')
    expect(wrong.body).toContain('id="phone-error"')
    expect(wrong.body).toContain('aria-invalid="true"')
    expect(harmful.test(wrong.body)).toBe(false)
    const made = await post("/new/person", { name: `Lê Đức Đạt ${script}`, kind: "individual", unitCode: "A.1", title: "Chuyên viên", phone: "0912 345 678" })
    expect(made.status).toBe(303)
    const id = decodeURIComponent(String(made.headers.location).split("/").at(-1) ?? "")
    const account = await post("/new/account", { displayName: "Lê Đức Đạt", kind: "personal", unitCode: "A.1", address: "", quotaBytes: "500 MB", ownerId: id })
    expect(account.headers.location).toBe("/console/directory/accounts/datld.1%40a.example")
    const { body } = await get("/accounts/datld.1%40a.example")
    expect(body).toContain("0 B / 500 MiB")
    expect(body).toContain(`/people/${id}`)
    expect(body).toContain("Tạo hộp thư")
  })

  test("what somebody else changed meanwhile is not overwritten: the form says so and keeps what was typed", async () => {
    const page = await get("/people/P2/change")
    await world.database.query({ text: "UPDATE principal SET title = 'Trưởng phòng' WHERE id = 'P2'" })
    const { status, body } = await post("/people/P2/change", { seen: seenIn(page), principalId: "P2", kind: "individual", name: "Trần Thị Bình", unitCode: "B", title: "Phó phòng", phone: "" })
    expect([status, body.includes("đã được người khác thay đổi"), body.includes('value="Phó phòng"')]).toEqual([409, true, true])
    const again = await post("/people/P2/change", { seen: seenIn(await get("/people/P2/change")), principalId: "P2", kind: "individual", name: `Trần Thị Bình ${script}`, unitCode: "B", title: "Phó phòng", phone: "" })
    expect(again.status).toBe(303)
    const shown = (await get("/people/P2")).body
    expect(shown).toContain("Chức vụ: Trưởng phòng → Phó phòng")
    expect(harmful.test(shown)).toBe(false)
  })

  test("rights for a time, and their end; a bad date and no right are told", async () => {
    const path = "/accounts/vp%40a.example"
    const wrong = await post(`${path}/assignments`, { principalId: "P2", from: "2026-02-30", until: "" })
    expect([wrong.status, wrong.body.includes('id="from-error"')]).toEqual([422, true])
    expect((await post(`${path}/assignments`, { principalId: "P2", from: "", until: "" })).body).toContain('id="rights-error"')
    expect((await post(`${path}/assignments`, { principalId: "P2", rights: "read", from: "2026-01-01", until: "2026-12-31" })).status).toBe(303)
    const page = await get(path)
    expect(page.body).toContain("31/12/2026")
    // without what was seen it would be taken for a new one
    expect((await post(`${path}/assignments`, { principalId: "P2", rights: "write", from: "", until: "" })).status).toBe(409)
    const ended = await post(`${path}/assignments/end`, { principalId: "P2", seen: seenIn(page, "seen-P2") })
    expect(noticeOf(ended)).toContain("done")
    const { body } = await get(path)
    for (const said of ["Kết thúc giao", "Quyền: đọc<", "(P2) · vp@a.example"]) expect(body).toContain(said)
    expect(body).toMatch(/<span>Trần Thị Bình[^<]*&lt;[^<]* \(P2\) · vp@a\.example<br/)
    expect(body).not.toContain("P2 on vp@a.example")
  })

  test("aliases, suspension, forwarding ended by an administrator", async () => {
    const path = "/accounts/binh%40b.example"
    expect((await post(`${path}/aliases`, { alias: "an@a.example", expiresOn: "" })).body).toContain('id="alias-error"')
    expect((await post(`${path}/aliases`, { alias: "binh.cu@b.example", expiresOn: "" })).status).toBe(303)
    expect((await get(path)).body).toContain("binh.cu@b.example")
    await world.database.query({ text: "INSERT INTO forwarding (account_id, target, keep_copy) VALUES ($1, 'xa@xa.example', true)" }, [world.accountId("binh@b.example")])
    expect((await get(path)).body).toContain("→ xa@xa.example")
    expect((await post(`${path}/end-forwarding`, {})).status).toBe(303)
    expect((await get(path)).body).not.toContain("→ xa@xa.example")
  })

  test("a group that is restricted and moderated", async () => {
    expect((await post("/new/group", { address: "ban@b.example", displayName: `Ban ${script}`, unitCode: "B", restricted: "1", allowedSenders: "an@a.example", moderators: "binh@b.example", members: "an@a.example\nBINH@b.example\nkhach@xa.example" })).status).toBe(303)
    const page = await get("/groups/ban%40b.example")
    for (const said of ["ngoài hệ thống", "Người duyệt", "binh@b.example"]) expect(page.body).toContain(said)
    expect(harmful.test(page.body) || harmful.test((await get("/groups/ban%40b.example/change")).body)).toBe(false)
    expect((await post("/groups/ban%40b.example/remove", { seen: seenIn(page) })).status).toBe(303)
    expect((await get("/groups/ban%40b.example")).status).toBe(404)
  })

  test("a unit that says nothing shows the rule of the configuration, and what it makes of names", async () => {
    expect((await get("/units/A")).body).toContain("{hoten}.{donvi}@{domain}")
    expect((await get("/rule-preview?addressRule=&code=A.1&domain=a.example")).body).toMatch(/ → nguyenvanan[a-z]*\.\d+@a\.example</)
  })

  test("what was done to a unit is told in the reader's words", async () => {
    expect((await post("/new/unit", { code: "A.7", name: "Phòng 7", kind: "division", parentCode: "A", domain: "a.example", addressRule: "" })).status).toBe(303)
    const { body } = await get("/units/A.7")
    for (const said of ["Tên đơn vị: Phòng 7", "Loại: phòng, đơn vị"]) expect(body).toContain(said)
  })

  test("a rule shows what it makes of names before it is saved", async () => {
    const { body } = await get(`/rule-preview?addressRule=${encodeURIComponent("{ho}.{ten}@{domain}")}&code=A.1&domain=a.example`)
    expect(body).toContain("nguyen.")
    expect(harmful.test(body)).toBe(false)
    expect((await get("/rule-preview?addressRule=%7Bxyz%7D&code=A.1&domain=a.example")).body).toBe("")
    const page = await get("/units/A.1/change")
    const shown = await post("/units/A.1/change", { seen: seenIn(page), code: "A.1", name: "Phòng 1", kind: "division", parentCode: "A", domain: "a.example", addressRule: "{hoten}@{domain}", preview: "1" })
    expect([shown.status, shown.body.includes("@a.example</li>")]).toEqual([200, true])
    const wrong = await post("/units/A.1/change", { seen: seenIn(page), code: "A.1", name: "Phòng 1", kind: "division", parentCode: "A", domain: "a.example", addressRule: "{donvi}@{domain}" })
    expect([wrong.status, wrong.body.includes('id="addressRule-error"')]).toEqual([422, true])
    expect((await post("/units/A.1/change", { seen: seenIn(page), code: "A.1", name: "Phòng 1", kind: "division", parentCode: "A", domain: "a.example", addressRule: "{hoten}@{domain}" })).status).toBe(303)
    expect((await get("/units/A.1")).body).toContain("{hoten}@{domain} (của đơn vị này)")
  })

  test.each<[string, Readonly<Record<string, string>>, number]>([
    ["/people/P1/suspend", { seen: "x" }, 403],
    ["/accounts/an%40a.example/suspend", { seen: "x" }, 403],
    ["/units/A/suspend", { seen: "x" }, 403],
    ["/accounts/vp%40a.example/assignments", { principalId: "P2", rights: "owner" }, 403],
    ["/accounts/vp%40a.example/assignments/end", { principalId: "P1", seen: "x" }, 403],
    ["/accounts/vp%40a.example/aliases", { alias: "a@b.example", expiresOn: "" }, 403],
    ["/accounts/vp%40a.example/end-forwarding", {}, 403],
    ["/accounts/an%40a.example/change", { seen: "x", displayName: "X", unitCode: "B", quotaBytes: "1GiB" }, 403],
    ["/new/person", { name: "X", kind: "individual", unitCode: "A", title: "", phone: "" }, 422],
    ["/new/account", { displayName: "X", kind: "personal", unitCode: "A", address: "", quotaBytes: "1GiB", ownerId: "" }, 422],
    ["/new/account", { displayName: "X", kind: "personal", unitCode: "B", address: "x@a.example", quotaBytes: "1GiB", ownerId: "" }, 422],
    ["/new/account", { displayName: "X", kind: "personal", unitCode: "B", address: "x@b.example", quotaBytes: "1GiB", ownerId: "P1" }, 422],
    ["/new/unit", { code: "A.9", name: "X", kind: "division", parentCode: "A", domain: "a.example", addressRule: "" }, 422],
    ["/people/P2/change", { seen: "P2", principalId: "P2", kind: "individual", name: "X", unitCode: "A", title: "", phone: "" }, 409],
  ])("a delegated administrator cannot post %s outside his units", async (path, form, expected) => {
    const rows = async () => world.database.query({ text: "SELECT (SELECT count(*) FROM audit) AS audit, (SELECT version FROM directory_version) AS version" })
    const before = await rows()
    expect((await post(path, form, binh)).status).toBe(expected)
    expect(await rows()).toEqual(before)
  })

  test("an auditor sees all and changes nothing", async () => {
    await world.database.query({ text: "UPDATE administrator SET ended_at = now() WHERE role = 'unit'" })
    await world.administer("binh@b.example", "auditor")
    const page = await get("/people/P1", binh)
    expect([page.status, page.body.includes("/change")]).toEqual([200, false])
    expect((await post("/people/P1/suspend", { seen: "x" }, binh)).status).toBe(403)
    expect((await get("/new/person", binh)).status).toBe(403)
  })
})
