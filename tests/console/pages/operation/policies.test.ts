import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { sealFacts } from "../../../../src/store/sealed-facts.ts"
import { createDecisionStore } from "../../../../src/store/sql/decisions.ts"
import { createPolicyStore } from "../../../../src/store/sql/policies.ts"
import { messageFacts, signed } from "../../../policy/facts.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../../support/console-world.ts"

const script = `<script>alert(1)</script>`
const strict = `format: 1
rules:
  - id: unsigned
    when: { signature: { status: missing } }
    verdict: { reject: { status: "5.7.1", vi: "Thư chưa ký ${script}", en: "Not signed" } }
  - id: rest
    verdict: accept
`
const lenient = `format: 1
rules:
  - id: rest
    verdict: accept
`

let world: ConsoleWorld
let cookie: string
let csrf: string
beforeAll(async () => {
  world = await openConsoleWorld()
  await world.administer("an@a.example", "province")
  await world.administer("binh@b.example", "unit", "B")
  const policies = createPolicyStore(world.database)
  for (const [yaml, why] of [[lenient, "ban đầu"], [strict, script]] as const) await policies.apply({ yaml, by: "P1", why })
  const decisions = createDecisionStore({ database: world.database, clock: { now: () => world.clock.ms } })
  for (const [n, status] of (["valid", "missing", "missing"] as const).entries()) {
    const facts = messageFacts(status === "valid" ? { signature: signed("valid") } : {})
    await decisions.record({ policyVersion: 2, ruleId: status === "valid" ? "rest" : "unsigned", verdict: status === "valid" ? "accept" : "reject", messageId: `m${n}@x.example${script}`, reversePath: "vp@snv.example", at: world.clock.ms - 3_600_000, facts: sealFacts(world.sealer, facts) })
  }
  cookie = await world.signIn("an@a.example")
  csrf = await world.csrf(cookie)
})
afterAll(() => world.close())

const get = async (path: string) => (await world.ask(path, { cookie })).body
const post = (path: string, form: Readonly<Record<string, string>>) => world.ask(path, { cookie, form: { _csrf: csrf, ...form } })

test("the text in force has line numbers, a version its differences", async () => {
  const page = await get("/console/policies")
  expect(page).toContain('id="L4"')
  const second = await get("/console/policies/2")
  expect(second).toContain("Khác với phiên bản 1")
  expect(second).toMatch(/class="line added" data-line="3">\+ {3}- id: unsigned/)
  for (const body of [page, second]) {
    expect(body).toContain("&lt;script>alert")
    expect(body).not.toContain("<script>alert")
  }
  expect((await world.ask("/console/policies/9", { cookie })).status).toBe(404)
})

test("an edited text is told what is wrong with it, by line and column, or what it would change", async () => {
  const wrong = await post("/console/policies/check", { yaml: strict.replace("verdict: accept", "verdict: perhaps").replaceAll("\n", "\r\n") })
  expect(wrong.status).toBe(422)
  expect(wrong.body).toMatch(/href="#L7">7:\d+<\/a>/)
  expect(wrong.body).toContain('class="line wrong" id="L7"')
  expect(wrong.body).toContain("có kiểu string, cần kiểu object")
  const noYaml = await post("/console/policies/check", { yaml: "format: 1\nrules: [\n" })
  expect(noYaml.body).toMatch(/Sai cú pháp YAML\. <details class="technical"><summary>Chi tiết kỹ thuật<\/summary><span class="wrap" lang="en">[^<]+<\/span>/)
  const good = await post("/console/policies/check", { yaml: lenient })
  expect(good.body).toContain("Văn bản hợp lệ: 1 quy tắc.")
  expect(good.body).toContain('class="line removed"')
})

test("a text is put in force with a reason and the password, and rolled back", async () => {
  expect((await post("/console/policies/apply", { yaml: lenient, why: "" })).status).toBe(422)
  world.clock.ms += 11 * 60_000
  expect((await post("/console/policies/apply", { yaml: lenient, why: "họp giao ban" })).body).toContain('name="_password"')
  expect(await get("/console/policies")).not.toContain("họp giao ban")
  const applied = await post("/console/policies/apply", { yaml: lenient, why: "họp giao ban", _password: world.password })
  // the session's times are the database's
  world.clock.ms -= 11 * 60_000
  cookie = `__Host-congthu=${applied.cookies["__Host-congthu"]}`
  expect(await get("/console/policies")).toContain("Phiên bản 3, áp dụng từ")
  await post("/console/policies/2/rollback", { why: "nhầm" })
  expect(await get("/console/policies")).toContain("nhầm (quay về phiên bản 2)")
  const audit = await world.database.query<{ by: string }>({ text: "SELECT actor->>'principalId' AS by FROM audit WHERE kind LIKE 'policy.%' ORDER BY id DESC LIMIT 2" })
  expect(audit).toEqual([{ by: "P1" }, { by: "P1" }])
})

test("a replay runs behind its page and shows what would be decided otherwise", async () => {
  const started = await post("/console/policies/replay", { yaml: lenient, days: "1" })
  const path = String(started.headers.location)
  const body = await vi.waitFor(async () => {
    const state = await get(`${path}/state`)
    expect(state).not.toContain("hx-trigger")
    return state
  })
  expect(body).toContain("3 quyết định: 1 như cũ, 2 khác kết quả")
  expect(body).toMatch(/<strong>reject<\/strong> <small class="muted">unsigned<\/small>/)
  expect(body).not.toContain("<script>alert")
  expect((await world.ask("/console/policies/replay/5f0c2d0e-8f0b-4a56-9d8b-3c1f8a6a2b11", { cookie })).headers.location).toBe("/console/policies/edit")
})

test("a message is explained rule by rule", async () => {
  const eml = Buffer.from("From: an@a.example\nTo: binh@b.example\nSubject: x\n\nKính gửi\n")
  const explain = (form: Readonly<Record<string, string>>, bytes = eml) => world.ask("/console/policies/explain", { cookie, form: { _csrf: csrf, from: "an@a.example", to: "binh@b.example", signature: "missing", ...form }, file: { field: "file", name: "thu.eml", bytes } })
  const { body } = await explain({})
  expect(body).toMatch(/<strong>reject<\/strong> 5\.7\.1/)
  expect(body).toMatch(/<code>unsigned<\/code>: <strong class="good">QUYẾT ĐỊNH/)
  expect((await explain({ signature: "valid" })).body).toMatch(/<strong>accept<\/strong>/)
  expect((await explain({ from: script })).body).toContain("&lt;script>alert(1)&lt;/script> không phải là hộp thư ở đây")
  expect((await explain({}, Buffer.from("From: ai@ngoai.example\n\nx"))).body).toContain("From hoặc Sender ghi ai@ngoai.example")
  expect((await explain({}, Buffer.alloc(70_000, "x"))).body).toContain("đây có phải là thư không?")
})

test("an administrator of a unit has no part in it", async () => {
  const unit = await world.signIn("binh@b.example")
  for (const path of ["/console/policies", "/console/policies/1", "/console/policies/edit", "/console/policies/explain"]) expect((await world.ask(path, { cookie: unit })).status).toBe(403)
  expect((await world.ask("/console/policies/apply", { cookie: unit, form: { _csrf: await world.csrf(unit), yaml: strict, why: "x" } })).status).toBe(403)
})
