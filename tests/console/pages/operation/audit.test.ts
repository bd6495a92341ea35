import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { createAuditChain } from "../../../../src/store/sql/audit-chain.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../../support/console-world.ts"

const script = `<script>alert(1)</script>`

let world: ConsoleWorld
let cookie: string
let csrf: string
beforeAll(async () => {
  world = await openConsoleWorld()
  await world.administer("an@a.example", "auditor")
  await world.administer("binh@b.example", "unit", "B")
  for (let n = 0; n < 130; n++) await world.database.query({ text: "INSERT INTO audit (kind, account_id, client_address, detail) VALUES ('signIn.failed', $1, '192.0.2.5', $2)" }, [world.accountId("an@a.example"), JSON.stringify({ username: n === 7 ? `=cmd|${script}` : `thu ${n}`, times: 1 })])
  cookie = await world.signIn("an@a.example")
  csrf = await world.csrf(cookie)
})
afterAll(() => world.close())

const get = async (path: string) => (await world.ask(path, { cookie })).body
const rowsIn = (body: string): number => body.split("<code>signIn.failed</code>").length - 1

test("entries are searched and turned page by page, and what they hold is text", async () => {
  const first = await get("/console/audit?kind=signIn.*")
  const next = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? ""
  expect(rowsIn(first) + rowsIn(await get(next))).toBe(130)
  const found = await get(`/console/audit?text=${encodeURIComponent("alert(1)")}&account=an@a.example&since=2020-01-01`)
  expect(rowsIn(found)).toBe(1)
  expect(found).toContain("&lt;script>")
  expect(found).not.toContain("<script>alert")
  expect((await world.ask("/console/audit?account=khong@co.example", { cookie })).status).toBe(422)
  expect((await world.ask("/console/audit?since=hom-qua", { cookie })).status).toBe(400)
})

test("what was found is taken away as CSV and JSON, which is an entry itself; no cell is a formula", async () => {
  const csv = await world.ask("/console/audit/export?as=csv&kind=signIn.failed", { cookie })
  expect(csv.headers["content-disposition"]).toMatch(/audit-\d{4}-\d{2}-\d{2}\.csv/)
  expect(csv.body.trim().split("\r\n")).toHaveLength(131)
  const json = (await get("/console/audit/export?as=json&kind=signIn.failed")).trim().split("\n").map((line) => JSON.parse(line) as { kind: string })
  expect(json).toHaveLength(130)
  expect(await world.database.query({ text: "SELECT actor->>'name' AS who FROM audit WHERE kind = 'audit.exported'" })).toEqual([{ who: "an@a.example" }, { who: "an@a.example" }])
})

test("the chain is verified behind its page: good as it was sealed, and where somebody changed an entry, that one", async () => {
  const chain = createAuditChain({ database: world.database })
  await vi.waitFor(async () => expect(await chain.seal()).toMatchObject({ complete: true }))
  expect(await get("/console/audit/chain")).toContain("không có: tất cả đã niêm phong")
  const verify = async (): Promise<string> => {
    const started = await world.ask("/console/audit/chain/verify", { cookie, form: { _csrf: csrf } })
    return vi.waitFor(async () => {
      const body = await get(`${started.headers.location}/state`)
      expect(body).not.toContain("hx-trigger")
      return body
    })
  }
  expect(await verify()).toContain("tất cả đúng như lúc niêm phong")
  await world.database.query({ text: "ALTER TABLE audit DISABLE TRIGGER USER" })
  await world.database.query({ text: "UPDATE audit SET detail = '{}' WHERE id = (SELECT min(id) FROM audit WHERE kind = 'signIn.failed')" })
  const bad = await verify()
  expect(bad).toContain("KHÔNG đúng như lúc niêm phong")
  expect(bad).toContain("đã bị sửa")
})

test("an administrator of a unit does not see it", async () => {
  const unit = await world.signIn("binh@b.example")
  for (const path of ["/console/audit", "/console/audit/export?as=csv", "/console/audit/chain"]) expect((await world.ask(path, { cookie: unit })).status).toBe(403)
})

test("words are sought in so many entries at a time, and older ones when somebody asks", async () => {
  await world.database.query({ text: "INSERT INTO audit (kind, detail) VALUES ('bench.rare', '{\"word\": \"kim đáy bể\"}')" })
  await world.database.query({ text: "INSERT INTO audit (kind, detail) SELECT 'bench.other', '{}' FROM generate_series(1, 6000)" })
  const first = await get(`/console/audit?text=${encodeURIComponent("kim đáy bể")}`)
  expect(first).not.toContain("bench.rare")
  const older = /<p class="muted">[^<]*5[.]000[^<]*<a href="([^"]+)">/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? ""
  const second = await get(older)
  expect(second).toContain("<code>bench.rare</code>")
})
