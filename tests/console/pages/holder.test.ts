import { decodeQR } from "qr/decode.js"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createAuditStore } from "../../../src/store/sql/audit.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

const script = `</textarea><script>alert("1")</script>'"><img src=x onerror=alert(1)>`

let world: ConsoleWorld
let an: string
let csrf: string
beforeAll(async () => {
  world = await openConsoleWorld({ names: script })
  an = await world.signIn("an@a.example")
  csrf = await world.csrf(an)
})
afterAll(() => world.close())

const get = async (path: string, cookie = an): Promise<string> => (await world.ask(`/console/me${path}`, { cookie })).body
const post = (path: string, form: Readonly<Record<string, string>>) => world.ask(`/console/me${path}`, { cookie: an, form: { _csrf: csrf, ...form } })
const id = (address: string): string => String(world.accountId(address))
const forward = (address: string, target: string, more = {}) => post("/forwarding", { account: id(address), [`target-${id(address)}`]: target, ...more })

test("forwarding: set, shown, refused with a word at its field, ended; only for mailboxes that one decides on", async () => {
  expect((await forward("an@a.example", "binh@b.example", { keep: "1" })).status).toBe(303)
  expect(await get("/forwarding")).toContain("Đang chuyển tiếp tới binh@b.example.")
  for (const [target, said] of [["ban@khac.example", "không nằm trong danh sách"], ["an@a.example", "về chính hộp thư này"], [script, "không phải địa chỉ thư"], ["nobody@a.example", "Không có địa chỉ này"]] as const) {
    const refused = await forward("an@a.example", target)
    expect([target, refused.status, refused.body.includes(said), /<script>alert|<img/.test(refused.body)]).toEqual([target, 422, true, false])
  }
  expect((await forward("an@a.example", "ban@xa.example")).status).toBe(303)
  expect(await get("/forwarding")).toContain("Không giữ bản sao.")
  // somebody else's, and one that is only read
  for (const address of ["binh@b.example", "vp@a.example"]) expect((await forward(address, "an@a.example")).status).toBe(404)
  expect((await post("/forwarding/end", { account: id("binh@b.example") })).status).toBe(404)
  expect((await post("/forwarding/end", { account: id("an@a.example") })).status).toBe(303)
  expect(await get("/forwarding")).not.toContain("Đang chuyển tiếp")
  const [entry] = await world.database.query<{ actor: { name: string } }>({ text: "SELECT actor FROM audit WHERE kind = 'account.forwardingEnded'" })
  expect(entry?.actor.name).toBe("an@a.example")
})

test("who came into a mailbox is told to its owner and to nobody else, a page at a time", async () => {
  const audit = createAuditStore(world.database)
  const accountId = world.accountId("an@a.example")
  for (let times = 0; times < 51; times++) await audit.record({ kind: "access.mailboxOpened", principalId: "P2", accountId, clientAddress: "192.0.2.7", detail: { mailbox: `Thư mục ${times} ${script}`, service: "imap" } })
  await audit.record({ kind: "signIn.succeeded", principalId: "P2", accountId, clientAddress: "192.0.2.7", detail: { service: "imap", owner: false } })
  const first = await get("/accesses")
  expect(first).toContain("Đăng nhập bằng ứng dụng thư (IMAP)")
  expect(first).toContain("Mở thư mục Thư mục 50")
  expect(first).not.toMatch(/<script>alert|<img/)
  const next = /href="\/console\/me(\/accesses\?before=\d+)"/.exec(first)?.[1] ?? ""
  expect(await get(next)).toContain("Mở thư mục Thư mục 0 ")
  expect((await world.ask(`/console/me/accesses?account=${id("vp@a.example")}`, { cookie: an })).status).toBe(404)
  expect((await world.ask(`/console/me/accesses?account=${accountId}`, { cookie: await world.signIn("binh@b.example") })).status).toBe(404)
})

test("the code on the set-up page leads a camera to the mailbox's profile", async () => {
  const body = await get(`/set-up?account=${id("vp@a.example")}`)
  const [, size = "", path = ""] = /viewBox="0 0 (\d+) \d+".*?<path d="([^"]+)"/s.exec(body) ?? []
  const scale = 4
  const width = Number(size) * scale
  const data = new Uint8Array(width * width * 4).fill(255)
  for (const [, x = "", y = ""] of path.matchAll(/M(\d+) (\d+)h/g)) {
    for (let dy = 0; dy < scale; dy++) for (let dx = 0; dx < scale; dx++) data.fill(0, ((Number(y) * scale + dy) * width + Number(x) * scale + dx) * 4, ((Number(y) * scale + dy) * width + Number(x) * scale + dx) * 4 + 3)
  }
  expect(decodeQR({ width, height: width, data })).toBe("https://mail.tinh.example/apple/mail.mobileconfig?address=vp%40a.example")
  expect(body).toContain("993")
  expect((await world.ask(`/console/me/set-up?account=${id("binh@b.example")}`, { cookie: an })).status).toBe(404)
})

test("certificates: one's own and those that sign for one's mailboxes, no others", async () => {
  await world.database.query({
    text: `INSERT INTO certificate (fingerprint, issuer_hash, serial_number, der, subject, issuer, addresses, principal_id, use, not_before, not_after, source)
      SELECT repeat(f, 64), f, f, '', 'CN=' || s, 'CN=CA', '{}', p, 'personal', now(), now() + interval '20 days', 'test' FROM (VALUES ('a', 'Của An' || $1, 'P1'), ('b', 'Cho hộp thư An', 'P2'), ('c', 'Của Bình', 'P2')) AS v (f, s, p)`,
  }, [script])
  await world.database.query({ text: "INSERT INTO certificate_account (fingerprint, account_id) VALUES (repeat('b', 64), $1), (repeat('c', 64), $2)" }, [id("an@a.example"), id("binh@b.example")])
  await world.refresh()
  const body = await get("/certificates")
  expect(body).toContain("CN=Của An")
  expect(body).toContain("CN=Cho hộp thư An")
  expect(body).not.toContain("Của Bình")
  expect(body).toMatch(/còn (19|20) ngày/)
  expect(body).not.toMatch(/<script>alert|<img/)
})
