import { afterAll, beforeAll, expect, test } from "vitest"
import { type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

/** Webhooks in the console: who sees which, secrets shown once, what is wrong said at the field. */
const script = "<script>alert(1)</script>"
let world: ConsoleWorld
const people: Record<"province" | "unit" | "auditor", { readonly cookie: string; readonly token: string }> = { province: { cookie: "", token: "" }, unit: { cookie: "", token: "" }, auditor: { cookie: "", token: "" } }

beforeAll(async () => {
  world = await openConsoleWorld()
  for (const [address, role, unit] of [["an@a.example", "province"], ["binh@b.example", "unit", "B"]] as const) {
    await world.administer(address, role, unit)
    const cookie = await world.signIn(address)
    people[role] = { cookie, token: await world.csrf(cookie) }
  }
})
afterAll(() => world.close())

const see = (path: string, who: keyof typeof people = "province") => world.ask(`/console/webhooks${path}`, { cookie: people[who].cookie })
const send = (path: string, form: Readonly<Record<string, string | readonly string[]>> = {}, who: keyof typeof people = "province") => world.ask(`/console/webhooks${path}`, { cookie: people[who].cookie, form: { _csrf: people[who].token, ...form } })
const wanted = (more: Readonly<Record<string, string | readonly string[]>> = {}) => ({ description: `Nhân sự ${script}`, url: "https://a.he-thong.example/nhan", unit: "", events: ["account.created", "policy.applied"], ...more })
const numberOf = (body: string): number => Number(/href="\/console\/webhooks\/(\d+)"/.exec(body)?.[1])

test("made with a secret that is shown once, listed, changed, its secret replaced, stopped, let go on, removed", async () => {
  expect((await see("/new")).body).toContain('value="tlsReport.failures"')
  const made = await send("", wanted())
  const secret = /whsec_[\w-]{43}/.exec(made.body)?.[0]
  expect([made.status, secret]).toEqual([200, expect.any(String)])
  const id = numberOf(made.body)
  const shown = (await see(`/${id}`)).body
  expect(shown).toContain("&lt;script>")
  expect(shown).not.toContain("<script>alert")
  expect(shown).not.toContain("whsec_")
  expect(shown).toContain("an@a.example")
  expect((await see("")).body).toContain("https://a.he-thong.example/nhan")
  expect((await send(`/${id}/edit`, wanted({ description: "Nhân sự", events: "account.created" }))).status).toBe(303)
  expect((await see(`/${id}/edit`)).body).toMatch(/value="account.created" checked/)
  const replaced = (await send(`/${id}/secret`)).body
  expect(/whsec_[\w-]{43}/.exec(replaced)?.[0]).not.toBe(secret)
  expect((await see(`/${id}`)).body).toContain("Khóa ký cũ còn dùng được đến")
  await send(`/${id}/stop`)
  expect((await see(`/${id}`)).body).toContain("do người quản trị")
  await send(`/${id}/go-on`)
  await send(`/${id}/ping`)
  expect((await see(`/${id}`)).body).toContain("webhook.ping")
  const [waiting] = await world.database.query<{ id: number }>({ text: "SELECT id FROM webhook_delivery" })
  await send(`/${id}/repeat`, { delivery: String(waiting?.id) })
  expect((await send(`/${id}/remove`)).headers.location).toBe("/console/webhooks")
  expect((await see(`/${id}`)).status).toBe(404)
  const entries = await world.audit("webhook.added")
  expect(entries).toMatchObject([{ actor: { via: "console", name: "an@a.example" }, detail: { by: "P1", url: "https://a.he-thong.example/nhan" } }])
  expect(JSON.stringify(entries)).not.toContain("whsec_")
})

test.each([
  ["an address that may not be called", { url: "https://127.0.0.1/" }, "không được phép gọi"],
  ["in clear", { url: "http://a.he-thong.example/" }, "không được phép gọi"],
  ["no description", { description: " " }, "Hãy nhập tên gọi"],
  ["no event", { events: [] }, "Hãy chọn ít nhất một sự kiện"],
  ["events that no unit has", { unit: "A" }, "không chia theo đơn vị"],
  ["an unknown unit", { unit: "khong-co", events: "account.created" }, "Không có đơn vị này"],
] as const)("said at the field, and nothing is lost: %s", async (_what, more, words) => {
  const answer = await send("", wanted(more))
  expect([answer.status, answer.body.includes(words)]).toEqual([422, true])
  expect(answer.body).not.toContain("whsec_")
})

test("an administrator of a unit makes webhooks of it, and neither sees nor changes another's", async () => {
  const province = numberOf((await send("", wanted())).body)
  expect((await see("/new", "unit")).body).not.toContain("policy.applied")
  const made = await send("", wanted({ unit: "B", events: "account.created" }), "unit")
  expect(made.status).toBe(200)
  for (const unit of ["", "A", "T"]) expect((await send("", wanted({ unit, events: "account.created" }), "unit")).status).toBe(422)
  expect((await send("", wanted({ unit: "B" }), "unit")).status).toBe(422)
  expect((await see("", "unit")).body).not.toContain(`/console/webhooks/${province}"`)
  expect((await see("")).body).toContain(`/console/webhooks/${numberOf(made.body)}"`)
  expect([(await see(`/${province}`, "unit")).status, (await see(`/${province}/edit`, "unit")).status, (await send(`/${province}/secret`, {}, "unit")).status]).toEqual([404, 404, 404])
  for (const action of ["ping", "stop", "remove"]) await send(`/${province}/${action}`, {}, "unit")
  expect((await see(`/${province}`)).body).toContain("hoạt động")
  expect(await world.audit("webhook.pinged")).toHaveLength(1)
})

test.each([["refused", "từ chối kết nối", "refuses connections"], ["late 10", "không trả lời trong 10 giây", "did not answer within 10 s"], ["cannot be reached (old words)", "cannot be reached (old words)", "cannot be reached (old words)"]])("why a system was not told (%s) is said in the reader's language", async (kept, vi, en) => {
  const id = numberOf((await send("", wanted())).body)
  await world.database.query({
    text: `WITH e AS (INSERT INTO webhook_event (at, type, units, data) VALUES (now(), 'person.left', '{T}', '{}') RETURNING id)
      INSERT INTO webhook_delivery (webhook_id, event_id, state, tries, last_tried_at, problem) SELECT $1, id, 'failed', 1, now(), $2 FROM e`,
  }, [id, kept])
  expect((await see(`/${id}`)).body).toContain(vi)
  expect((await world.ask(`/console/webhooks/${id}`, { cookie: `${people.province.cookie}; __Host-congthu-language=en` })).body).toContain(en)
})

test("an auditor sees and changes nothing; who has no role is refused", async () => {
  await world.database.query({ text: "UPDATE administrator SET ended_at = now() WHERE unit_code = 'B'" })
  expect((await see("", "unit")).status).toBe(403)
  await world.administer("binh@b.example", "auditor")
  const list = (await see("", "unit")).body
  expect(list).not.toContain("/webhooks/new")
  const id = numberOf(list)
  expect((await see(`/${id}`, "unit")).body).not.toContain("<form action=\"/console/webhooks")
  expect([(await see("/new", "unit")).status, (await send(`/${id}/ping`, {}, "unit")).status, (await send("", wanted(), "unit")).status]).toEqual([403, 403, 403])
})
