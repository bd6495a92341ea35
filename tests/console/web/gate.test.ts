import { afterAll, beforeAll, expect, test } from "vitest"
import { z } from "zod"
import { administratorPage, type Area, holderPage } from "../../../src/console/web/page.ts"
import { uploadField } from "../../../src/console/web/read-form.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

const words = { vi: "Thử", en: "Test" }
let changes: string[] = []
const tried: Area = {
  group: "trust",
  menu: [{ path: "/try/policy", label: words, who: "policy:read" }],
  pages: [
    administratorPage({ method: "get", path: "/try/policy", who: "policy:read", input: z.object({}), run: async () => ({ kind: "page", title: "Chính sách", body: "đây" }) }),
    administratorPage({ method: "get", path: "/try/units", who: "directory:read", input: z.object({}), run: async (_input, { scope }) => ({ kind: "fragment", body: JSON.stringify(scope.roots) }) }),
    holderPage({
      method: "post", path: "/try/change", input: z.object({ value: z.string().max(10_000) }),
      async run({ value }) {
        changes.push(value)
        return { kind: "redirect", to: "/console/me" }
      },
    }),
    holderPage({
      method: "post", path: "/try/matters", fresh: true, input: z.object({ value: z.string() }),
      async run({ value }) {
        changes.push(value)
        return { kind: "redirect", to: "/console/me" }
      },
    }),
    holderPage({ method: "get", path: "/try/form", fresh: true, input: z.object({ x: z.string().optional() }), run: async () => ({ kind: "page", title: "Biểu mẫu", body: "trống" }) }),
    holderPage({ method: "get", path: "/try/background", background: true, input: z.object({}), run: async () => ({ kind: "fragment", body: "ok" }) }),
    holderPage({ method: "get", path: "/try/number", input: z.object({ n: z.coerce.number().int() }), run: async () => ({ kind: "fragment", body: "ok" }) }),
    holderPage({
      method: "post", path: "/try/upload", upload: { maxBytes: 1_000 }, input: z.object({ file: uploadField, note: z.string() }),
      run: async ({ file, note }) => ({ kind: "fragment", body: `${file ? `${file.name} ${file.bytes.toString("hex")}` : "none"} ${note}` }),
    }),
    administratorPage({ method: "post", path: "/try/upload-policy", who: "policy:write", upload: { maxBytes: 1_000 }, input: z.object({ file: uploadField }), run: async () => ({ kind: "fragment", body: "taken" }) }),
    holderPage({ method: "get", path: "/try/broken", input: z.object({}), run: () => Promise.reject(Object.assign(new Error("geheim"), { code: "57P01" })) }),
  ],
}

let world: ConsoleWorld
let cookie: string
let csrf: string
beforeAll(async () => {
  world = await openConsoleWorld({ moreAreas: [tried] })
  cookie = await world.signIn("an@a.example")
  csrf = await world.csrf(cookie)
})
afterAll(() => world.close())

test.each([
  ["/console/me/sessions?sort=x", "/console/me/sessions?sort=x"],
  ["https://evil.example/console", "/console"],
  ["//evil.example/console", "/console"],
  ["/console/../../etc", "/console"],
  ["/console/%2e%2e/admin", "/console"],
  ["/console\\@evil.example", "/console"],
  ["/consolevil", "/console"],
  ["/console/me\r\nset-cookie: a=b", "/console"],
  ["javascript:alert(1)", "/console"],
  ["", "/console"],
])("after sign-in, next=%j leads to %s", async (next, expected) => {
  const { status, headers } = await world.ask("/console/sign-in", { form: { address: "an@a.example", password: world.password, next } })
  expect([status, headers.location]).toEqual([303, expected])
})

test("an app password and a wrong one are refused alike; an alias or another case of the address is the account", async () => {
  const app = await world.appPassword("an@a.example", "P1")
  const bodies = await Promise.all([app, "sai mật khẩu"].map(async (password) => (await world.ask("/console/sign-in", { form: { address: "an@a.example", password } })).body))
  // each page asks a passkey something else
  const alike = bodies.map((body) => body.replace(/challenge&quot;:&quot;[\w-]+/, ""))
  expect(alike[0]).toBe(alike[1])
  expect(bodies[0]).toContain("Địa chỉ hoặc mật khẩu không đúng.")
  expect(await world.signIn("AN@A.example")).toMatch(/^__Host-congthu=[\w-]{43}$/)
})

test("too many failed sign-ins are told to wait, with the right password too", async () => {
  for (let tries = 0; tries < 5; tries++) await world.ask("/console/sign-in", { form: { address: "binh@b.example", password: `sai ${tries}` } })
  const { status, body } = await world.ask("/console/sign-in", { form: { address: "binh@b.example", password: world.password } })
  expect(status).toBe(429)
  expect(body).toContain("Đã nhập sai quá nhiều lần")
  expect(body).not.toContain(world.password)
})

test("each sign-in has a token of its own, and ends the session that the browser had", async () => {
  const first = await world.signIn("an@a.example")
  const second = await world.ask("/console/sign-in", { cookie: first, form: { address: "an@a.example", password: world.password } })
  expect(second.cookies["__Host-congthu"]).toMatch(/^[\w-]{43}$/)
  expect(`__Host-congthu=${second.cookies["__Host-congthu"]}`).not.toBe(first)
  expect((await world.ask("/console/me", { cookie: first })).headers.location).toBe("/console/sign-in?next=%2Fconsole%2Fme&expired=1")
})

test.each([
  ["no token", {}, {}],
  ["a token of another session", { _csrf: "x".repeat(43) }, {}],
  ["another site", {}, { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
  ["another site that hides where it is", {}, { origin: "null", "sec-fetch-site": undefined }],
  ["the same host without TLS", {}, { origin: "http://{host}", "sec-fetch-site": undefined }],
  ["a sibling host", {}, { "sec-fetch-site": "same-site" }],
  ["nobody says where", {}, { origin: undefined, "sec-fetch-site": undefined }],
])("a form is not taken from %s, and what was in it is not lost", async (name, form, headers) => {
  changes = []
  const stolen = name === "no token" || name.includes("session") ? form : { _csrf: csrf }
  const { status, body } = await world.ask("/console/try/change", { cookie, form: { value: "Một đoạn dài", ...stolen }, headers })
  expect(status).toBe(403)
  expect(body).toContain(Object.keys(headers).length > 0 ? "Yêu cầu đến từ trang khác" : "Một đoạn dài</textarea>")
  expect(changes).toEqual([])
})

test("a token that is stolen together with another person's session is of no use for one's own", async () => {
  const other = await world.signIn("an@a.example")
  changes = []
  expect((await world.ask("/console/try/change", { cookie: other, form: { value: "x", _csrf: csrf } })).status).toBe(403)
  expect((await world.ask("/console/try/change", { cookie, form: { value: "x", _csrf: csrf } })).status).toBe(303)
  expect(changes).toEqual(["x"])
})

test("a form that is sent after the session has ended says so, keeps what was typed but no password, and leads back", async () => {
  changes = []
  const ended = await world.signIn("an@a.example")
  const token = await world.csrf(ended)
  await world.ask("/console/sign-out", { cookie: ended, form: { _csrf: token } })
  const { status, body } = await world.ask("/console/try/change", { cookie: ended, form: { value: "Báo cáo <b>quý</b>", password: "bí mật", _csrf: token }, headers: { referer: "https://{host}/console/me/sessions" } })
  expect(status).toBe(403)
  expect(body).toContain("Báo cáo &lt;b>quý&lt;/b></textarea>")
  expect(body).not.toContain("bí mật")
  expect(body).toContain('href="/console/sign-in?next=%2Fconsole%2Fme%2Fsessions"')
  expect(changes).toEqual([])
})

test.each([["31 minutes", "idle", "last_seen_at"], ["12 hours", "old", "created_at"]])("a session that is %s without use or altogether (%s) is over", async (age, _why, column) => {
  const mine = await world.signIn("an@a.example")
  await world.database.query({ text: `UPDATE console_session SET ${column} = ${column} - $1::interval` }, [age])
  expect((await world.ask("/console/me", { cookie: mine })).headers.location).toBe("/console/sign-in?next=%2Fconsole%2Fme&expired=1")
  cookie = await world.signIn("an@a.example")
  csrf = await world.csrf(cookie)
})

test("what a page asks for by itself does not keep its session alive", async () => {
  const mine = await world.signIn("an@a.example")
  const lastSeen = async () => (await world.database.query<{ age: number }>({ text: "SELECT extract(epoch FROM clock_timestamp() - last_seen_at)::int AS age FROM console_session ORDER BY id DESC LIMIT 1" }))[0]?.age
  await world.database.query({ text: "UPDATE console_session SET last_seen_at = last_seen_at - interval '20 minutes'" })
  expect((await world.ask("/console/try/background", { cookie: mine })).body).toBe("ok")
  expect(await lastSeen()).toBeGreaterThanOrEqual(1_200)
  expect((await world.ask("/console/me", { cookie: mine })).status).toBe(200)
  expect(await lastSeen()).toBeLessThan(1_200)
  cookie = await world.signIn("an@a.example")
  csrf = await world.csrf(cookie)
})

test("who is suspended is out at the next page", async () => {
  const mine = await world.signIn("an@a.example")
  await world.database.query({ text: "UPDATE principal SET suspended_at = now() WHERE id = 'P1'" })
  expect((await world.ask("/console/me", { cookie: mine })).status).toBe(303)
  await world.database.query({ text: "UPDATE principal SET suspended_at = NULL WHERE id = 'P1'" })
  expect((await world.ask("/console/me", { cookie: mine })).status).toBe(200)
})

test("pages are for those who may, the menu shows no others, and a role that is taken away counts at once", async () => {
  expect((await world.ask("/console/try/policy", { cookie })).status).toBe(403)
  expect((await world.ask("/console/overview", { cookie })).status).toBe(403)
  expect((await world.ask("/console/overview/live", { cookie })).status).toBe(403)
  expect((await world.ask("/console/me", { cookie })).body).not.toContain("/console/try/policy")
  await world.administer("an@a.example", "unit", "A")
  expect((await world.ask("/console/try/units", { cookie })).body).toBe("[&quot;A&quot;]")
  expect((await world.ask("/console/try/policy", { cookie })).status).toBe(403)
  expect((await world.ask("/console/overview/live", { cookie })).status).toBe(403)
  expect((await world.ask("/console/overview", { cookie })).body).toContain("Trong phạm vi bạn quản trị: A")
  await world.administer("an@a.example", "auditor")
  expect((await world.ask("/console/try/units", { cookie })).body).toBe("null")
  expect((await world.ask("/console/me", { cookie })).body).toContain('href="/console/try/policy"')
  await world.database.query({ text: "UPDATE administrator SET ended_at = now()" })
  expect((await world.ask("/console/try/units", { cookie })).status).toBe(403)
})

test("a role is not inherited by who gets the mailbox next", async () => {
  await world.administer("an@a.example", "province")
  await world.database.query({ text: "UPDATE administrator SET principal_id = 'P2' WHERE ended_at IS NULL" })
  expect((await world.ask("/console/try/policy", { cookie })).status).toBe(403)
})

test("what matters asks for the password again after ten minutes, keeps the form, and changes the session's token", async () => {
  const mine = await world.signIn("an@a.example")
  const token = await world.csrf(mine)
  changes = []
  expect((await world.ask("/console/try/matters", { cookie: mine, form: { value: "ngay", _csrf: token } })).status).toBe(303)
  world.clock.ms += 11 * 60_000
  const asked = await world.ask("/console/try/matters", { cookie: mine, form: { value: 'giữ "lại"', _csrf: token } })
  expect(asked.body).toContain('<input type="hidden" name="value" value="giữ &quot;lại&quot;"/>')
  expect(asked.body).toContain('action="/console/try/matters"')
  const wrong = await world.ask("/console/try/matters", { cookie: mine, form: { value: "giữ", _csrf: token, _password: "sai" } })
  expect([wrong.status, wrong.body.includes("Mật khẩu không đúng."), changes]).toEqual([422, true, ["ngay"]])
  const right = await world.ask("/console/try/matters", { cookie: mine, form: { value: "giữ", _csrf: token, _password: world.password } })
  expect([right.status, changes]).toEqual([303, ["ngay", "giữ"]])
  expect((await world.ask("/console/me", { cookie: mine })).status).toBe(303)
  const renewed = `__Host-congthu=${right.cookies["__Host-congthu"]}`
  // the form token stays good: other windows of the same session are not out of date
  expect((await world.ask("/console/try/change", { cookie: renewed, form: { value: "cửa sổ khác", _csrf: token } })).status).toBe(303)
  world.clock.ms = Date.now()
})

test("a page that matters asks before it is shown, and leads on to itself", async () => {
  const mine = await world.signIn("an@a.example")
  const token = await world.csrf(mine)
  world.clock.ms += 11 * 60_000
  const asked = await world.ask("/console/try/form?x=1", { cookie: mine })
  expect(asked.body).toContain('<input type="hidden" name="next" value="/console/try/form?x=1"/>')
  const on = await world.ask("/console/prove", { cookie: mine, form: { next: "/console/try/form?x=1", _csrf: token, _password: world.password } })
  expect([on.status, on.headers.location]).toEqual([303, "/console/try/form?x=1"])
  world.clock.ms = Date.now()
})

test.each([
  ["/console/try/number?n=zwei", 400], ["/console/try/number?n=1&n=2", 400], ["/console/nowhere", 404], ["/console/try/change", 404], ["/console/try/broken", 503],
])("%s is answered %s, in words and without a word of the inside", async (path, status) => {
  const answer = await world.ask(path, { cookie })
  expect(answer.status).toBe(status)
  expect(answer.body).toContain("<h1>")
  expect(answer.body).not.toMatch(/geheim|Error:|node_modules/)
})

test("a form that is too large is refused, in words", async () => {
  const { status, body } = await world.ask("/console/try/change", { cookie, form: { _csrf: csrf, value: "x".repeat(600_000) } })
  expect(status).toBe(413)
  expect(body).toContain("Dữ liệu quá lớn")
})

test("a form brings a file where its page takes one, no larger than it says, from whoever may send it", async () => {
  const send = (name: string, bytes: Buffer, { path = "/try/upload", token = csrf, as = cookie } = {}) => world.ask(`/console${path}`, { cookie: as, form: { _csrf: token, note: "ghi chú" }, file: { field: "file", name, bytes } })
  expect((await send("../../Danh sách.csv", Buffer.from([0, 255, 13, 10]))).body).toBe("Danh sách.csv 00ff0d0a ghi chú")
  expect((await send("", Buffer.alloc(0))).body).toBe("none ghi chú")
  expect((await send("to.bin", Buffer.alloc(1_001))).status).toBe(413)
  expect((await send("a.bin", Buffer.alloc(1), { token: "x" })).body).toContain("biểu mẫu đã cũ")
  expect((await send("a.bin", Buffer.alloc(1), { path: "/try/upload-policy" })).status).toBe(403)
  expect((await send("a.bin", Buffer.alloc(1), { as: "" })).status).toBe(403)
  // text is no file, and a page that takes none reads none
  expect((await world.ask("/console/try/upload", { cookie, form: { _csrf: csrf, note: "", file: "abc" } })).status).toBe(400)
  expect((await send("a.bin", Buffer.alloc(1), { path: "/try/change" })).body).toContain("biểu mẫu đã cũ")
  const cut = { cookie, form: { _csrf: csrf }, headers: { "content-type": "multipart/form-data; boundary=x" } }
  expect((await world.ask("/console/try/upload", cut)).status).toBe(400)
  expect((await world.ask("/console/try/upload", { ...cut, headers: { "content-type": "multipart/form-data" } })).status).toBe(400)
})

test("language: Vietnamese unless the browser plainly prefers another, and what was chosen counts", async () => {
  const language = async (headers: Readonly<Record<string, string>>, chosen = "") => /<html lang="(\w+)"/.exec((await world.ask("/console/sign-in", { headers, ...(chosen && { cookie: `__Host-congthu-language=${chosen}` }) })).body)?.[1]
  expect(await language({})).toBe("vi")
  expect(await language({ "accept-language": "en-US,en;q=0.9" })).toBe("en")
  expect(await language({ "accept-language": "en-US,en;q=0.9,vi;q=0.5" })).toBe("vi")
  expect(await language({ "accept-language": "fr,de;q=0.9" })).toBe("vi")
  expect(await language({ "accept-language": "en" }, "vi")).toBe("vi")
  expect(await language({}, "en")).toBe("en")
  expect(await language({}, "xx")).toBe("vi")
  const changed = await world.ask("/console/language", { form: { language: "en", next: "/console/sign-in" } })
  expect([changed.cookies["__Host-congthu-language"], changed.headers.location]).toEqual(["en", "/console/sign-in"])
})

test("every answer forbids what comes from elsewhere, frames and caches", async () => {
  for (const path of ["/console/sign-in", "/console/me", "/console/nowhere"]) {
    const { headers, body } = await world.ask(path, { cookie })
    expect(headers["content-security-policy"]).toBe("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types congthu-fragments")
    expect(headers["cache-control"]).toBe("no-store")
    expect(body).not.toMatch(/<script(?![^>]*src="\/console\/assets\/)|<style|\sstyle=|\son\w+=|https?:\/\//)
  }
})

test("assets are kept for a year under a name that changes with them", async () => {
  const { body } = await world.ask("/console/sign-in")
  const paths = [...body.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(([, path]) => path ?? "")
  expect(paths.length).toBeGreaterThan(6)
  for (const path of paths) {
    const { status, headers } = await world.ask(path, { headers: { "accept-encoding": "gzip" } })
    expect([path, status, headers["cache-control"], headers["content-encoding"]]).toEqual([path, 200, "public, max-age=31536000, immutable", "gzip"])
  }
})

test("one session cannot ask as often as it likes", async () => {
  const limited = await openConsoleWorld({ requestsPerMinute: 5 })
  const mine = await limited.signIn("an@a.example")
  const statuses = []
  for (let times = 0; times < 6; times++) statuses.push((await limited.ask("/console/me", { cookie: mine })).status)
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
  await limited.close()
})
