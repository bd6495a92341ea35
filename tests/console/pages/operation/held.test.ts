import { afterAll, beforeAll, expect, test } from "vitest"
import type { HeldReason } from "../../../../src/store/acceptance-store.ts"
import { acceptMessage } from "../../../support/console-mail.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../../support/console-world.ts"

const script = `<script>alert(1)</script><img src=https://ngoai.example/x>`
const doubtful: HeldReason = { kind: "quarantine", ruleId: "inbound.unsigned", reasonVi: "Thư không có chữ ký số", reasonEn: "The message is not signed", notify: [] }
const approval: HeldReason = { ...doubtful, kind: "approval", ruleId: "outbound.approval" }

let world: ConsoleWorld
let province: string
let unit: string
let tokens: { readonly province: string; readonly unit: string }
beforeAll(async () => {
  world = await openConsoleWorld()
  await world.administer("an@a.example", "province")
  await world.administer("binh@b.example", "unit", "B")
  province = await world.signIn("an@a.example")
  unit = await world.signIn("binh@b.example")
  tokens = { province: await world.csrf(province), unit: await world.csrf(unit) }
})
afterAll(() => world.close())

const statesOf = async (envelopeId: number): Promise<readonly string[]> => (await world.database.query<{ state: string }>({ text: "SELECT state FROM delivery WHERE envelope_id = $1 ORDER BY id" }, [envelopeId])).map(({ state }) => state)

test("what concerns a unit alone is its administrator's, what goes elsewhere too is not", async () => {
  const own = await acceptMessage(world, { to: ["binh@b.example"], held: doubtful })
  const both = await acceptMessage(world, { to: ["binh@b.example", "an@a.example"], held: doubtful })
  const abroad = await acceptMessage(world, { to: ["binh@b.example"], remote: ["ai@xa.example"], held: doubtful })
  const sent = await acceptMessage(world, { remote: ["ai@xa.example"], held: approval, submittedBy: "binh@b.example" })
  const others = await acceptMessage(world, { to: ["an@a.example"], held: doubtful })
  const listed = (await world.ask("/console/held", { cookie: unit })).body
  for (const [{ envelopeId }, seen] of [[own, true], [sent, true], [both, false], [abroad, false], [others, false]] as const) {
    expect(listed.includes(`/console/held/${envelopeId}"`), String(envelopeId)).toBe(seen)
    expect((await world.ask(`/console/held/${envelopeId}?content=1`, { cookie: unit })).status).toBe(seen ? 200 : 404)
    const answer = await world.ask("/console/held/release", { cookie: unit, form: { _csrf: tokens.unit, ids: String(envelopeId), why: "đúng" } })
    expect(answer.status).toBe(303)
    expect((await statesOf(envelopeId)).includes("held"), String(envelopeId)).toBe(!seen)
  }
  const whole = (await world.ask("/console/held", { cookie: province })).body
  for (const { envelopeId } of [both, abroad, others]) expect(whole).toContain(`/console/held/${envelopeId}"`)
  expect((await world.ask("/console/held/decided", { cookie: unit })).body).toContain("Trần Thị Bình")
})

test("what a message says is shown as text only, and that somebody read it is on record", async () => {
  const { envelopeId } = await acceptMessage(world, { to: ["an@a.example"], held: doubtful, subject: script, type: "text/html; charset=utf-8", body: `<p>Xin CHÀO &amp; hẹn</p><script>alert(2)</script><b>${script.replaceAll("<", "&lt;")}</b><img src="https://ngoai.example/y">` })
  const facts = (await world.ask(`/console/held/${envelopeId}`, { cookie: province })).body
  expect(facts).toContain("&lt;script>alert(1)")
  expect(facts).not.toContain("Xin CHÀO")
  const { body } = await world.ask(`/console/held/${envelopeId}?content=1`, { cookie: province })
  expect(body).toContain("Xin CHÀO &amp; hẹn")
  expect(body).not.toMatch(/<script>|<img|alert\(2\)|ngoai\.example\/y/)
  expect(await world.database.query({ text: "SELECT actor->>'name' AS who, envelope_id FROM audit WHERE kind = 'access.heldMessageRead' AND envelope_id = $1" }, [envelopeId])).toEqual([{ who: "an@a.example", envelope_id: envelopeId }])
})

test("a selection is refused with a reason that is required; one that somebody has decided is told", async () => {
  const first = await acceptMessage(world, { to: ["an@a.example"], held: doubtful })
  const second = await acceptMessage(world, { to: ["an@a.example"], held: doubtful })
  const ids = [first, second].map(({ envelopeId }) => String(envelopeId))
  const form = { _csrf: tokens.province, ids }
  expect((await world.ask("/console/held/plan", { cookie: province, form: { ...form, action: "refuse" } })).body).toContain("Từ chối 2 thư")
  expect((await world.ask("/console/held/refuse", { cookie: province, form: { ...form, why: "" } })).status).toBe(422)
  expect(await statesOf(first.envelopeId)).toEqual(["held"])
  await world.ask("/console/held/refuse", { cookie: province, form: { ...form, ids: String(first.envelopeId), why: "giả mạo" } })
  const again = await world.ask("/console/held/refuse", { cookie: province, form: { ...form, why: "giả mạo" } })
  expect(Buffer.from(again.cookies["__Host-congthu-notice"] ?? "", "base64url").toString()).toContain("Đã từ chối 1 thư. 1 thư đã có người quyết định")
  expect((await world.ask("/console/held/decided", { cookie: province })).body).toContain("giả mạo")
})

test("an auditor reads the facts, not the words, and decides nothing", async () => {
  const { envelopeId } = await acceptMessage(world, { to: ["an@a.example"], held: doubtful, subject: "Rất riêng" })
  await world.database.query({ text: "UPDATE administrator SET role = 'auditor', unit_code = NULL WHERE account_id = $1" }, [world.accountId("binh@b.example")])
  const { body } = await world.ask(`/console/held/${envelopeId}?content=1`, { cookie: unit })
  expect(body).toContain("inbound.unsigned")
  expect(body).not.toContain("Rất riêng")
  expect(body).not.toContain("Kính gửi")
  expect((await world.ask("/console/held/release", { cookie: unit, form: { _csrf: tokens.unit, ids: String(envelopeId), why: "x" } })).status).toBe(403)
})
