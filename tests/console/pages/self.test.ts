import { afterAll, beforeAll, expect, test } from "vitest"
import { type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

/** In every name, label and user agent. */
const script = `</textarea><script>alert("1")</script>'"><img src=x onerror=alert(1)>`

let world: ConsoleWorld
let cookie: string
let csrf: string
beforeAll(async () => {
  world = await openConsoleWorld({ names: script })
  await world.administer("an@a.example", "province")
  cookie = await world.signIn("an@a.example")
  csrf = await world.csrf(cookie)
})
afterAll(() => world.close())

const post = (path: string, form: Readonly<Record<string, string>>, as = cookie) => world.ask(path, { cookie: as, form: { _csrf: csrf, ...form } })
const shown = (body: string): string | undefined => /<code class="secret">([\w-]+)<\/code>/.exec(body)?.[1]

test("what people are called becomes text on every page, in both languages", async () => {
  await world.appPassword("vp@a.example", "P1")
  await world.ask("/console/sign-in", { form: { address: "an@a.example", password: world.password }, headers: { "user-agent": script } })
  const made = await post("/console/me/app-passwords/new", { account: String(world.accountId("an@a.example")), label: script })
  const wrong = await world.ask("/console/sign-in", { form: { address: script, password: "x", next: script } })
  const lost = await world.ask("/console/me/password", { cookie, form: { [script]: script, wanted: script } })
  const pages = [made, wrong, lost]
  for (const path of ["/console/me", "/console/me/app-passwords", "/console/me/sessions", "/console/me/password", "/console/overview", `/console/${encodeURIComponent(script)}`, `/console/me/sessions?sort=${encodeURIComponent(script)}`]) {
    for (const language of ["vi", "en"]) pages.push(await world.ask(path, { cookie: `${cookie}; __Host-congthu-language=${language}` }))
  }
  for (const { body } of pages) {
    expect(body).toContain("<h1>")
    expect(body).not.toMatch(/<script>|<img|<\/textarea><s/)
  }
  expect(pages.filter(({ body }) => body.includes("&lt;script>")).length).toBeGreaterThan(8)
})

test("an app password is shown once, opens the mailbox from then on, and its last use is noted; revoked it opens nothing", async () => {
  const made = await post("/console/me/app-passwords/new", { account: String(world.accountId("vp@a.example")), label: "Máy ở văn phòng" })
  const text = shown(made.body)
  expect(text).toMatch(/^[\da-z]{4}(?:-[\da-z]{4}){6}$/)
  const list = (await world.ask("/console/me/app-passwords", { cookie })).body
  expect(list).not.toContain(text)
  expect(list).toContain("chưa dùng")
  const row = list.slice(list.indexOf("Máy ở văn phòng"))
  const id = /name="id" value="(\d+)"/.exec(row)?.[1] ?? ""
  expect((await post("/console/me/app-passwords/revoke", { account: String(world.accountId("vp@a.example")), id })).headers.location).toBe("/console/me/app-passwords")
  expect((await world.ask("/console/me/app-passwords", { cookie })).body).not.toContain("Máy ở văn phòng")
})

test.each([["binh@b.example", "another's mailbox"]])("no app password is made for, or revoked on, %s (%s)", async (address) => {
  const account = String(world.accountId(address))
  await world.appPassword(address, "P2")
  const [theirs] = await world.database.query<{ id: number }>({ text: "SELECT max(id) AS id FROM credential WHERE account_id = $1" }, [world.accountId(address)])
  expect((await post("/console/me/app-passwords/new", { account, label: "x" })).status).toBe(404)
  const refused = await post("/console/me/app-passwords/revoke", { account, id: String(theirs?.id) })
  expect(Buffer.from(refused.cookies["__Host-congthu-notice"] ?? "", "base64url").toString()).toContain("problem")
  const [still] = await world.database.query({ text: "SELECT FROM credential WHERE id = $1 AND revoked_at IS NULL" }, [theirs?.id])
  expect(still).toBeDefined()
})

test("a colleague's app password on a shared mailbox is not one's own to see or revoke", async () => {
  await world.database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) SELECT id, 'P2', ARRAY['read'] FROM account WHERE address = 'vp@a.example'" })
  await world.appPassword("vp@a.example", "P2")
  const [theirs] = await world.database.query<{ id: number }>({ text: "SELECT max(id) AS id FROM credential WHERE principal_id = 'P2' AND account_id = $1" }, [world.accountId("vp@a.example")])
  expect((await world.ask("/console/me/app-passwords", { cookie })).body).not.toContain(`name="id" value="${theirs?.id}"`)
  const refused = await post("/console/me/app-passwords/revoke", { account: String(world.accountId("vp@a.example")), id: String(theirs?.id) })
  expect(Buffer.from(refused.cookies["__Host-congthu-notice"] ?? "", "base64url").toString()).toContain("problem")
})

test("another's session is not one's own to end", async () => {
  const other = await world.signIn("binh@b.example")
  const [session] = await world.database.query<{ id: number }>({ text: "SELECT max(id) AS id FROM console_session" })
  await post("/console/me/sessions/end", { id: String(session?.id) })
  expect((await world.ask("/console/me", { cookie: other })).status).toBe(200)
})

test.each([
  ["the current password is wrong", { current: "sai", wanted: "Mưa trên mái ngói" }, "Mật khẩu hiện tại không đúng."],
  ["it is short", { wanted: "ngắn" }, "ít nhất 10 ký tự"],
  ["it is easily guessed", { wanted: "MatKhau@2026" }, "quá dễ đoán"],
  ["the two differ", { wanted: "Mưa trên mái ngói", again: "Mưa trên mái rạ" }, "không giống nhau"],
])("a password is not changed when %s", async (_why, given, said) => {
  const { status, body } = await post("/console/me/password", { current: world.password, again: given.wanted, ...given })
  expect([status, body.includes(said)]).toEqual([422, true])
  for (const typed of ["Mưa trên mái ngói", "MatKhau@2026"]) expect(body).not.toContain(typed)
  expect(await world.signIn("an@a.example")).toBeTruthy()
})

test("a changed password ends all other sessions, renews this one's token, and keeps app passwords unless their end is asked for", async () => {
  const other = await world.signIn("an@a.example")
  const before = await world.database.query({ text: "SELECT FROM credential WHERE account_id = $1 AND kind = 'appPassword' AND revoked_at IS NULL" }, [world.accountId("an@a.example")])
  expect(before.length).toBeGreaterThan(0)
  const changed = await post("/console/me/password", { current: world.password, wanted: "Mưa trên mái ngói", again: "Mưa trên mái ngói".normalize("NFD") })
  expect([changed.status, changed.headers.location]).toEqual([303, "/console/me"])
  expect((await world.ask("/console/me", { cookie: other })).status).toBe(303)
  expect((await world.ask("/console/me", { cookie })).status).toBe(303)
  const renewed = `__Host-congthu=${changed.cookies["__Host-congthu"]}`
  expect((await world.ask("/console/me", { cookie: renewed })).status).toBe(200)
  expect(await world.database.query({ text: "SELECT FROM credential WHERE account_id = $1 AND kind = 'appPassword' AND revoked_at IS NULL" }, [world.accountId("an@a.example")])).toHaveLength(before.length)
  const again = await post("/console/me/password", { current: "Mưa trên mái ngói", wanted: world.password, again: world.password, revokeApps: "1" }, renewed)
  expect(again.status).toBe(303)
  expect(await world.database.query({ text: "SELECT FROM credential WHERE account_id = $1 AND kind = 'appPassword' AND revoked_at IS NULL" }, [world.accountId("an@a.example")])).toHaveLength(0)
})
