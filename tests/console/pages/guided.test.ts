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
  await world.database.query({ text: "INSERT INTO principal (id, kind, name, unit_code, title) VALUES ('P3', 'individual', 'Lê Văn Ba', 'A.1', 'Văn thư'), ('P4', 'individual', 'Phạm Thị Bốn', 'A', '')" })
  await world.database.query({ text: "INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) VALUES ('balv.1@a.example', 'personal', 'Lê Văn Ba', 'A.1', 1000)" })
  await world.database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) SELECT id, 'P3', ARRAY['owner'] FROM account WHERE address = 'balv.1@a.example'" })
  await world.refresh()
  an = await world.signIn("an@a.example")
  binh = await world.signIn("binh@b.example")
  for (const cookie of [an, binh]) tokens.set(cookie, await world.csrf(cookie))
})
afterAll(() => world.close())

const get = (path: string, cookie = an): Promise<ConsoleAnswer> => world.ask(encodeURI(`/console${path}`).replaceAll("%25", "%"), { cookie })
const post = (path: string, form: Readonly<Record<string, string>>, cookie = an): Promise<ConsoleAnswer> => world.ask(`/console${path}`, { cookie, form: { _csrf: tokens.get(cookie) ?? "", ...form } })
const seenIn = ({ body }: ConsoleAnswer, name = "seen"): string => new RegExp(`name="${name}" value="([^"]+)"`).exec(body)?.[1] ?? ""
const noticeOf = ({ cookies }: ConsoleAnswer): string => Buffer.from(cookies["__Host-congthu-notice"] ?? "", "base64url").toString()

describe("guided actions", () => {
  test("a move is planned in sentences, done as planned, and taken back", async () => {
    const form = { unitCode: "B", title: "Chuyên viên" }
    const planned = await get("/directory/people/P3/move?unitCode=B&title=Chuyên viên")
    expect(planned.body).toContain("Chuyển Lê Văn Ba (P3) từ đơn vị A.1 sang B")
    expect(planned.body).toContain("Đổi địa chỉ balv.1@a.example thành balv.b@b.example")
    expect((await get("/directory/people/P3")).body).toContain("Văn thư")
    expect((await post("/directory/people/P3/move", { ...form, seen: "x" })).status).toBe(409)
    expect((await post("/directory/people/P3/move", { ...form, seen: seenIn(planned) })).headers.location).toBe("/console/directory/people/P3")
    const moved = (await get("/directory/people/P3")).body
    expect(moved).toContain("balv.b@b.example")
    expect(moved).toMatch(/<td[^>]*>Chuyển đơn vị<\/td>/)
    const id = /\/actions\/(\d+)\/undo/.exec(moved)?.[1]
    expect(noticeOf(await post(`/directory/actions/${id}/undo`, { back: "P3", kind: "person" }))).toContain("done")
    const back = (await get("/directory/people/P3")).body
    expect(back).toContain("balv.1@a.example")
    expect(back).toContain("đã hoàn tác lúc")
    expect(noticeOf(await post(`/directory/actions/${id}/undo`, { back: "P3", kind: "person" }))).toContain("problem")
  })

  test("where it cannot go is told at its field", async () => {
    const { status, body } = await get("/directory/people/P3/move?unitCode=KHONGCO")
    expect([status, body.includes('id="unitCode-error"')]).toEqual([422, true])
  })

  test("an office's mailbox is handed over: the new holder's one-time password is shown this once and opens it", async () => {
    const planned = await get("/directory/accounts/vp%40a.example/hand-over?to=P4")
    expect(planned.body).toContain("Giao hộp thư vp@a.example cho Phạm Thị Bốn (P4)")
    const done = await post("/directory/accounts/vp%40a.example/hand-over", { to: "P4", seen: seenIn(planned) })
    const secret = /<code class="secret">([^<]+)<\/code>/.exec(done.body)?.[1] ?? ""
    expect((await get("/directory/accounts/vp%40a.example")).body).not.toContain(secret)
    await world.refresh()
    expect((await world.ask("/console/me", { cookie: await world.signIn("vp@a.example", secret) })).headers.location).toBe("/console/me/password")
    const apps = () => world.database.query({ text: "SELECT FROM credential WHERE account_id = $1 AND kind = 'appPassword' AND revoked_at IS NULL" }, [world.accountId("vp@a.example")])
    await world.appPassword("vp@a.example", "P4")
    const before = (await apps()).length
    const reset = await post("/directory/accounts/vp%40a.example/reset-password", { keepAppPasswords: "1" })
    expect(/<code class="secret">([^<]+)<\/code>/.exec(reset.body)?.[1]).not.toBe(secret)
    expect(await apps()).toHaveLength(before)
    expect((await get("/directory/accounts/vp%40a.example")).body).toContain('name="keepAppPasswords"')
    await post("/directory/accounts/vp%40a.example/reset-password", {})
    expect((await apps()).length).toBeLessThan(before)
  })

  test("whoever leaves is out at once; what people are called stays text in every sentence", async () => {
    const planned = await get("/directory/people/P2/leave")
    expect(planned.body).toContain("Khóa Trần Thị Bình")
    expect(harmful.test(planned.body)).toBe(false)
    expect((await post("/directory/people/P2/leave", { seen: seenIn(planned) })).status).toBe(303)
    await world.refresh()
    expect((await get("/me", binh)).status).toBe(303)
    const page = await get("/directory/people/P2")
    expect(harmful.test(page.body)).toBe(false)
    expect(noticeOf(await post(`/directory/actions/${/\/actions\/(\d+)\/undo/.exec(page.body)?.[1]}/undo`, { back: "P2", kind: "person" }))).toContain("done")
    await world.refresh()
    binh = await world.signIn("binh@b.example")
    tokens.set(binh, await world.csrf(binh))
  })

  test.each(["/directory/people/P1/move?unitCode=B", "/directory/people/P1/leave", "/directory/accounts/an%40a.example/hand-over?to=P2"])("%s is not another unit's administrator's to see or do", async (path) => {
    expect((await get(path, binh)).status).toBe(403)
    const [at = ""] = path.split("?")
    const version = await world.database.query({ text: "SELECT version FROM directory_version" })
    expect((await post(at, { seen: "x", unitCode: "B", to: "P2" }, binh)).status).toBe(403)
    expect((await post("/directory/accounts/an%40a.example/reset-password", {}, binh)).status).toBe(403)
    expect(await world.database.query({ text: "SELECT version FROM directory_version" })).toEqual(version)
  })
})

describe("delegates of an office", () => {
  const office = (): string => String(world.accountId("vp@a.example"))
  const give = (form: Readonly<Record<string, string>>, cookie = an) => post("/me/delegates", { account: office(), ...form }, cookie)

  test("only whoever looks after the mailbox sees it there", async () => {
    expect((await get("/me/delegates")).body).toContain("Bạn không quản lý hộp thư cơ quan nào")
    expect((await give({ [`person-${office()}`]: "P3", rights: "read" })).status).toBe(404)
    expect((await get(`/me/delegates/suggest/${office()}?x=le`)).status).toBe(404)
    await world.database.query({ text: "UPDATE assignment SET rights = ARRAY['read', 'administer'] WHERE principal_id = 'P1' AND account_id = $1" }, [office()])
    await world.refresh()
    expect((await get("/me/delegates")).body).toContain("vp@a.example")
  })

  test("people of the agency are proposed and given rights, for a time; taken away again", async () => {
    expect((await get(`/me/delegates/suggest/${office()}?person-${office()}=le van`)).body).toContain('value="P3"')
    expect((await get(`/me/delegates/suggest/${office()}?person-${office()}=binh`)).body).not.toContain("P2")
    expect((await give({ [`person-${office()}`]: "P3", rights: "read", [`until-${office()}`]: "2030-12-31" })).status).toBe(303)
    const page = await get("/me/delegates")
    expect(page.body).toContain("31/12/2030")
    expect(harmful.test(page.body)).toBe(false)
    expect((await post("/me/delegates/end", { account: office(), principalId: "P3", seen: seenIn(page, "seen-P3") })).status).toBe(303)
  })

  test.each([
    ["somebody of another agency", "P2", "read", 422],
    ["the right to administer", "P3", "administer", 422],
    ["ownership", "P3", "owner", 422],
    ["no right", "P3", "", 422],
    ["the owner's rights", "P4", "read", 422],
    ["nobody", "P99", "read", 422],
    ["a script", script, "read", 422],
  ])("%s is not theirs to give", async (_what, person, rights, status) => {
    const before = await world.database.query({ text: "SELECT * FROM assignment ORDER BY account_id, principal_id" })
    const page = await get("/me/delegates")
    const refused = await give({ [`person-${office()}`]: person, rights, [`seen-${person}`]: seenIn(page, `seen-${person === script ? "x" : person}`) })
    expect([refused.status, harmful.test(refused.body)]).toEqual([status, false])
    expect(await world.database.query({ text: "SELECT * FROM assignment ORDER BY account_id, principal_id" })).toEqual(before)
  })

  test("whoever owns the office may have any role: its delegates are given by right of the mailbox", async () => {
    await world.database.query({ text: "INSERT INTO administrator (account_id, principal_id, role, granted_by) SELECT account_id, principal_id, 'province', 'test' FROM assignment WHERE principal_id = 'P4' AND 'owner' = ANY (rights)" })
    const page = await get("/me/delegates")
    expect((await give({ [`person-${office()}`]: "P3", rights: "read", "seen-P3": seenIn(page, "seen-P3") })).status).toBe(303)
    expect(await world.database.query({ text: "SELECT rights FROM assignment WHERE principal_id = 'P3' AND account_id = $1 AND valid_until IS NULL" }, [office()])).toEqual([{ rights: ["read"] }])
    await world.database.query({ text: "UPDATE administrator SET ended_at = now() WHERE principal_id = 'P4'" })
  })

  test("the owner is not theirs to take away", async () => {
    expect((await post("/me/delegates/end", { account: office(), principalId: "P4", seen: seenIn(await get("/me/delegates"), "seen-P4") })).status).toBe(404)
  })
})
