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

const notice = (answer: { readonly cookies: Readonly<Record<string, string>> }): string => Buffer.from(answer.cookies["__Host-congthu-notice"] ?? "", "base64url").toString()

test("a unit's administrator sees and decides what comes to the unit and nothing of it that goes elsewhere; the sender's unit decides on approvals as a whole", async () => {
  const own = await acceptMessage(world, { to: ["binh@b.example"], held: doubtful })
  const both = await acceptMessage(world, { to: ["binh@b.example", "an@a.example"], held: doubtful })
  const abroad = await acceptMessage(world, { to: ["binh@b.example"], remote: ["ai@xa.example"], held: doubtful })
  const sent = await acceptMessage(world, { remote: ["ai@xa.example", "khac@xa.example"], held: approval, submittedBy: "binh@b.example" })
  const others = await acceptMessage(world, { to: ["an@a.example"], held: doubtful })
  const listed = (await world.ask("/console/held", { cookie: unit })).body
  const after = { own: ["waiting"], both: ["waiting", "held"], abroad: ["waiting", "held"], sent: ["waiting", "waiting"], others: ["held"] }
  for (const [name, { envelopeId }] of Object.entries({ own, both, abroad, sent, others })) {
    const seen = name !== "others"
    expect(listed.includes(`/console/held/${envelopeId}"`), name).toBe(seen)
    const shown = await world.ask(`/console/held/${envelopeId}?content=1`, { cookie: unit })
    expect(shown.status).toBe(seen ? 200 : 404)
    if (name === "both" || name === "abroad") expect(shown.body, name).not.toMatch(/an@a\.example|ai@xa\.example/)
    const answer = await world.ask("/console/held/release", { cookie: unit, form: { _csrf: tokens.unit, ids: String(envelopeId), why: "đúng" } })
    expect(answer.status).toBe(303)
    expect(await statesOf(envelopeId), name).toEqual(after[name as keyof typeof after])
  }
  // nor is it found by whom else it is for
  expect((await world.ask("/console/held?text=an%40a", { cookie: unit })).body).not.toContain(`/console/held/${both.envelopeId}"`)
  // what is left is the province's, and to the unit it is decided
  const whole = (await world.ask("/console/held", { cookie: province })).body
  for (const { envelopeId } of [both, abroad, others]) expect(whole).toContain(`/console/held/${envelopeId}"`)
  for (const { envelopeId } of [own, sent]) expect(whole).not.toContain(`/console/held/${envelopeId}"`)
  expect((await world.ask("/console/held", { cookie: unit })).body).not.toContain(`/console/held/${both.envelopeId}"`)
  const decided = (await world.ask("/console/held/decided", { cookie: unit })).body
  expect(decided).toContain("Trần Thị Bình")
  expect(decided).toContain(`/console/held/${both.envelopeId}"`)
  expect(decided).toContain("Phần của đơn vị bạn")
  await world.ask("/console/held/refuse", { cookie: province, form: { _csrf: tokens.province, ids: [both, abroad, others].map(({ envelopeId }) => String(envelopeId)), why: "xong" } })
  expect(await statesOf(both.envelopeId)).toEqual(["waiting", "failed"])
})

test("what waits for a group's moderators no unit lets go in part, neither for members of its own nor for its sender", async () => {
  const moderated = { ...approval, ruleId: "group.moderated", approvers: ["an@a.example"] }
  const member = await acceptMessage(world, { to: ["binh@b.example", "an@a.example"], held: moderated })
  const sender = await acceptMessage(world, { to: ["an@a.example"], held: moderated, submittedBy: "binh@b.example" })
  const own = await acceptMessage(world, { to: ["binh@b.example"], held: moderated })
  const [copy] = await world.database.query<{ id: number }>({ text: "SELECT id FROM delivery WHERE envelope_id = $1 AND recipient = 'binh@b.example'" }, [member.envelopeId])
  const ask = (path: string, form: Readonly<Record<string, string>>) => world.ask(path, { cookie: unit, form: { _csrf: tokens.unit, why: "x", ...form } })
  const shown = (await world.ask(`/console/held/${member.envelopeId}`, { cookie: unit })).body
  expect(shown).toContain("người duyệt nhóm")
  expect(shown).not.toContain('value="release"')
  for (const decision of ["release", "refuse"]) {
    await ask(`/console/held/${decision}`, { ids: String(member.envelopeId) })
    await ask(`/console/held/${decision}`, { ids: String(sender.envelopeId) })
    expect(notice(await ask(`/console/held/${member.envelopeId}/copies/${decision}`, { ids: String(copy?.id) }))).toContain("người duyệt nhóm")
  }
  expect([await statesOf(member.envelopeId), await statesOf(sender.envelopeId)]).toEqual([["held", "held"], ["held"]])
  await ask("/console/held/release", { ids: String(own.envelopeId) })
  expect(await statesOf(own.envelopeId)).toEqual(["waiting"])
  await world.ask("/console/held/refuse", { cookie: province, form: { _csrf: tokens.province, ids: [member, sender].map(({ envelopeId }) => String(envelopeId)), why: "xong" } })
  expect([await statesOf(member.envelopeId), await statesOf(sender.envelopeId)]).toEqual([["failed", "failed"], ["failed"]])
})

test("recipient by recipient: one goes, one is refused with word to the sender, and only one's own can be chosen", async () => {
  const { envelopeId } = await acceptMessage(world, { to: ["an@a.example", "binh@b.example"], remote: ["ai@xa.example"], held: doubtful })
  const rows = await world.database.query<{ id: number }>({ text: "SELECT id FROM delivery WHERE envelope_id = $1 ORDER BY id" }, [envelopeId])
  const [an, binh, far] = rows.map(({ id }) => String(id))
  const page = (await world.ask(`/console/held/${envelopeId}`, { cookie: province })).body
  for (const address of ["an@a.example", "binh@b.example", "ai@xa.example"]) expect(page).toContain(`aria-label="Chọn ${address}"`)
  const copies = `/console/held/${envelopeId}/copies`
  expect((await world.ask(`${copies}/plan`, { cookie: province, form: { _csrf: tokens.province, ids: [an ?? "", far ?? ""], action: "refuse" } })).body).toContain("Từ chối cho 2 người nhận")
  // somebody else's copy is left as it is, whatever is sent
  expect((await world.ask(`${copies}/release`, { cookie: unit, form: { _csrf: tokens.unit, ids: an ?? "", why: "x" } })).status).toBe(303)
  expect(await statesOf(envelopeId)).toEqual(["held", "held", "held"])
  expect((await world.ask(`${copies}/refuse`, { cookie: province, form: { _csrf: tokens.province, ids: [an ?? ""], why: "" } })).status).toBe(422)
  await world.ask(`${copies}/refuse`, { cookie: province, form: { _csrf: tokens.province, ids: [an ?? ""], why: "giả mạo" } })
  expect(await statesOf(envelopeId)).toEqual(["failed", "held", "held"])
  expect(await world.database.query({ text: "SELECT status, diagnostic, dsn_owed FROM delivery WHERE id = $1" }, [an])).toEqual([{ status: "5.7.1", diagnostic: "giả mạo", dsn_owed: ["failure"] }])
  expect((await world.audit("delivery.refused")).at(-1)).toMatchObject({ detail: { deliveryId: Number(an), why: "giả mạo" } })
  expect(notice(await world.ask(`${copies}/release`, { cookie: unit, form: { _csrf: tokens.unit, ids: binh ?? "", why: "đúng" } }))).toContain("Đã cho thư đi")
  expect(notice(await world.ask(`${copies}/release`, { cookie: unit, form: { _csrf: tokens.unit, ids: binh ?? "", why: "đúng" } }))).toContain("đã có người quyết định")
  expect((await world.ask("/console/held/decided", { cookie: unit })).body).toContain(`/console/held/${envelopeId}"`)
  await world.ask(`${copies}/refuse`, { cookie: province, form: { _csrf: tokens.province, ids: [far ?? ""], why: "x" } })
  expect(await world.database.query({ text: "SELECT decision FROM held_message WHERE envelope_id = $1" }, [envelopeId]), "a copy of it went").toEqual([{ decision: "released" }])

  const alone = await acceptMessage(world, { to: ["an@a.example"], remote: ["ai@xa.example"], held: doubtful })
  const ids = (await world.database.query<{ id: number }>({ text: "SELECT id FROM delivery WHERE envelope_id = $1" }, [alone.envelopeId])).map(({ id }) => String(id))
  await world.ask(`/console/held/${alone.envelopeId}/copies/refuse`, { cookie: province, form: { _csrf: tokens.province, ids, why: "x" } })
  expect(await world.database.query({ text: "SELECT decision FROM held_message WHERE envelope_id = $1" }, [alone.envelopeId])).toEqual([{ decision: "refused" }])
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

test("whoever a message waits for, a group's moderator, reads and decides it without being an administrator, and nobody else does", async () => {
  await world.database.query({ text: "UPDATE administrator SET ended_at = now() WHERE account_id = $1" }, [world.accountId("binh@b.example")])
  const waits = { ...approval, ruleId: "group.moderated", approvers: ["binh@b.example"] }
  const first = await acceptMessage(world, { to: ["an@a.example", "binh@b.example"], held: waits, subject: script })
  const second = await acceptMessage(world, { to: ["an@a.example"], held: waits })
  const other = await acceptMessage(world, { to: ["binh@b.example"], held: { ...approval, approvers: ["an@a.example"] } })
  const path = "/console/me/approvals"
  const listed = (await world.ask(path, { cookie: unit })).body
  for (const [{ envelopeId }, seen] of [[first, true], [second, true], [other, false]] as const) {
    expect(listed.includes(`${path}/${envelopeId}"`), String(envelopeId)).toBe(seen)
    expect((await world.ask(`${path}/${envelopeId}?content=1`, { cookie: unit })).status).toBe(seen ? 200 : 404)
  }
  expect((await world.ask(`${path}/${first.envelopeId}`, { cookie: province })).status, "an administrator has pages of his own").toBe(404)
  expect((await world.ask(`${path}/${first.envelopeId}?content=1`, { cookie: unit })).body).not.toContain("<script>alert")
  expect((await world.audit("access.heldMessageRead")).at(-1)).toMatchObject({ actor: { name: "binh@b.example" } })
  const decide = (id: number, form: Readonly<Record<string, string>>) => world.ask(`${path}/${id}`, { cookie: unit, form: { _csrf: tokens.unit, ...form } })
  expect((await decide(first.envelopeId, { decision: "refuse", why: " " })).status).toBe(422)
  expect((await decide(other.envelopeId, { decision: "release", why: "x" })).status).toBe(404)
  expect(notice(await decide(first.envelopeId, { decision: "release", why: "đúng" }))).toContain("Đã cho đi 1 thư")
  expect(await statesOf(first.envelopeId)).toEqual(["waiting", "waiting"])
  expect(notice(await decide(first.envelopeId, { decision: "refuse", why: "x" }))).toContain("đã có người quyết định")
  await decide(second.envelopeId, { decision: "refuse", why: "nhầm nhóm" })
  expect(await statesOf(second.envelopeId)).toEqual(["failed"])
  expect(await statesOf(other.envelopeId)).toEqual(["held"])
  expect((await world.ask(path, { cookie: unit })).body).toContain("Không có thư nào đang chờ")
})
