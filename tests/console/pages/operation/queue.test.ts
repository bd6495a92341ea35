import { afterAll, beforeAll, expect, test } from "vitest"
import { acceptMessage } from "../../../support/console-mail.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../../support/console-world.ts"

const script = `</td><script>alert("1")</script><img src=x onerror=alert(1)>`

let world: ConsoleWorld
let cookie: string
let csrf: string
beforeAll(async () => {
  world = await openConsoleWorld()
  await world.administer("an@a.example", "province")
  await world.administer("binh@b.example", "auditor")
  cookie = await world.signIn("an@a.example")
  csrf = await world.csrf(cookie)
})
afterAll(() => world.close())

const get = async (path: string, as = cookie) => (await world.ask(path, { cookie: as })).body
const post = (path: string, form: Readonly<Record<string, string | readonly string[]>>, as = cookie, token = csrf) => world.ask(path, { cookie: as, form: { _csrf: token, ...form } })
const noticeOf = (answer: Awaited<ReturnType<typeof post>>): string => Buffer.from(answer.cookies["__Host-congthu-notice"] ?? "", "base64url").toString()
const stateOf = async (id: number): Promise<unknown> => (await world.database.query<{ state: string }>({ text: "SELECT state FROM delivery WHERE id = $1" }, [id]))[0]?.state

async function waiting(remote: readonly string[]): Promise<readonly number[]> {
  return (await acceptMessage(world, { remote })).deliveryIds
}

test("the queue is listed and filtered, and the peer's words are text", async () => {
  const { envelopeId, deliveryIds: [first = 0, second = 0] } = await acceptMessage(world, { remote: ["ai@xa.example", "khac@gan.example"] })
  await world.database.query({ text: "UPDATE delivery SET state = 'deferred', diagnostic = $2, bounce_class = 'greylisted', status = '4.7.1', attempts = 1 WHERE id = $1" }, [first, script])
  await world.database.query({ text: "INSERT INTO attempt (delivery_id, number, started_at, ended_at, outcome, status, diagnostic, remote_mta, bounce_class) VALUES ($1, 1, now(), now(), 'deferred', '4.7.1', $2, $2, 'greylisted')" }, [first, script])
  const all = await get("/console/queue")
  for (const id of [first, second]) expect(all).toContain(`/console/queue/${id}"`)
  for (const page of [all, await get(`/console/queue/${first}`), await get(`/console/trace?what=${envelopeId}`), await get("/console/queue/destinations"), await get(`/console/trace?what=${encodeURIComponent(script)}`)]) {
    expect(page).toContain("&lt;script>")
    expect(page).not.toMatch(/<script>|<img/)
  }
  expect(await get("/console/trace?what=nguoigui@ngoai.example")).toContain(`/console/trace?what=${envelopeId}"`)
  for (const query of ["state=deferred", "destination=xa.example", "recipient=ai@xa.example", "bounceClass=greylisted", `words=${encodeURIComponent("<script>")}`]) {
    const listed = await get(`/console/queue?${query}`)
    expect(listed).toContain(`/console/queue/${first}"`)
    expect(listed).not.toContain(`/console/queue/${second}"`)
  }
  expect(await get("/console/queue?older=3d")).toContain("Không có lượt chuyển nào như vậy đang chờ.")
  expect((await world.ask("/console/queue?destination=a+b", { cookie })).status).toBe(422)
  expect((await world.ask("/console/queue?state=x", { cookie })).status).toBe(400)
})

test("a selection is shown with its count, then held with a reason, released, tried", async () => {
  const ids = (await waiting(["mot@chon.example", "hai@chon.example"])).map(String)
  const plan = await post("/console/queue/plan", { ids, action: "hold" })
  expect(plan.body).toContain("Giữ lại: 2 lượt chuyển")
  expect((await post("/console/queue/hold", { ids, why: " " })).status).toBe(422)
  expect(noticeOf(await post("/console/queue/hold", { ids, why: "chờ hỏi lại" }))).toContain("2 lượt đã làm")
  expect(await stateOf(Number(ids[0]))).toBe("held")
  const shown = await get(`/console/queue/${ids[0]}`)
  // by the person's name, not by number
  expect(shown).toContain("Nguyễn Văn An: chờ hỏi lại")
  expect(noticeOf(await post("/console/queue/release", { destination: "chon.example", everything: "1", why: "" }))).toContain("2 lượt đã làm")
  expect(await stateOf(Number(ids[1]))).toBe("waiting")
  expect(noticeOf(await post("/console/queue/plan", { action: "hold" }))).toContain("Chưa chọn")
})

test("deleting asks for the password again, and names how many", async () => {
  const [id = 0] = await waiting(["xoa@xa.example"])
  world.clock.ms += 11 * 60_000
  const asked = await post("/console/queue/delete", { ids: String(id), why: "trùng" })
  expect(asked.body).toContain('name="_password"')
  expect(await stateOf(id)).toBe("waiting")
  const proven = await post("/console/queue/delete", { ids: String(id), why: "trùng", _password: world.password })
  expect(noticeOf(proven)).toContain("1 lượt đã làm")
  expect(await stateOf(id)).toBe("failed")
  world.clock.ms -= 11 * 60_000
  cookie = `__Host-congthu=${proven.cookies["__Host-congthu"]}`
})

test("a destination is paused and resumed", async () => {
  const [id = 0] = await waiting(["ai@dung.example"])
  expect((await post("/console/queue/destinations/pause", { pattern: "a b", kind: "domain", for: "2h", why: "x" })).status).toBe(422)
  expect((await post("/console/queue/destinations/pause", { pattern: "dung.example", kind: "domain", for: "2h", why: "chuyển máy" })).status).toBe(303)
  const page = await get("/console/queue/destinations")
  expect(page).toContain("chuyển máy")
  expect(await get("/console/queue?state=paused")).toContain(`/console/queue/${id}"`)
  const pause = /name="pause" value="(\d+)"/.exec(page)?.[1] ?? ""
  expect(noticeOf(await post("/console/queue/destinations/resume", { pause }))).toContain("done")
  expect(noticeOf(await post("/console/queue/destinations/resume", { pause }))).toContain("problem")
})

test("an auditor sees all of it and changes nothing; an administrator of a unit sees none of it", async () => {
  const [id = 0] = await waiting(["ai@xa.example"])
  const auditor = await world.signIn("binh@b.example")
  const token = await world.csrf(auditor)
  const listed = await get("/console/queue", auditor)
  expect(listed).toContain(`/console/queue/${id}"`)
  expect(listed).not.toContain('value="delete"')
  for (const path of ["/console/queue/plan", "/console/queue/hold", "/console/queue/destinations/resume"]) expect((await post(path, { ids: String(id), why: "x", action: "hold", pause: "1" }, auditor, token)).status).toBe(403)
  await world.database.query({ text: "UPDATE administrator SET role = 'unit', unit_code = 'B' WHERE account_id = $1" }, [world.accountId("binh@b.example")])
  for (const path of ["/console/queue", `/console/queue/${id}`, "/console/trace?what=x@y.example", "/console/queue/destinations"]) expect((await world.ask(path, { cookie: auditor })).status).toBe(403)
})
