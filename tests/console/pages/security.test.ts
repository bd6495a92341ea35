import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { Secret, TOTP } from "otpauth"
import { type ConsoleAnswer, type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

let world: ConsoleWorld
let demanded = false
beforeAll(async () => {
  world = await openConsoleWorld({ needsSecondFactor: (grants) => demanded && grants.length > 0 })
})
afterAll(() => world.close())
beforeEach(async () => {
  demanded = false
  await world.database.query({ text: "DELETE FROM second_factor" })
  await world.database.query({ text: "DELETE FROM recovery_code" })
  await world.database.query({ text: "DELETE FROM administrator" })
  await world.forgetGuesses("principal P1")
  world.clock.ms = Date.now()
})

const an = "an@a.example"
const valueOf = (body: string, name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(body)?.[1] ?? ""
const cookieOf = (answer: ConsoleAnswer, before: string): string => (answer.cookies["__Host-congthu"] ? `__Host-congthu=${answer.cookies["__Host-congthu"]}` : before)
const codesIn = (body: string): readonly string[] => [...body.matchAll(/<li><code>([\w-]+)<\/code>/g)].map((match) => match[1] ?? "")

interface Enrolled {
  readonly cookie: string
  /** Now, or so many half minutes later. */
  code(steps?: number): string
  readonly recovery: readonly string[]
}

async function enrol(before: string): Promise<Enrolled> {
  const { body } = await world.ask("/console/me/security/authenticator", { cookie: before })
  const secret = Secret.fromBase32((/<code class="secret">([A-Z2-7 ]+)</.exec(body)?.[1] ?? "").replaceAll(" ", ""))
  const code = (steps = 0): string => new TOTP({ secret }).generate({ timestamp: world.clock.ms + steps * 30_000 })
  const done = await world.ask("/console/me/security/authenticator", { cookie: before, form: { _csrf: valueOf(body, "_csrf"), _setup: valueOf(body, "_setup"), name: "Điện thoại", _code: code() } })
  expect(done.status).toBe(200)
  return { cookie: cookieOf(done, before), code, recovery: codesIn(done.body) }
}

/** The second step, by a code. */
async function step(cookie: string, code: string): Promise<ConsoleAnswer> {
  const { body } = await world.ask("/console/second-factor", { cookie })
  return world.ask("/console/second-factor", { cookie, form: { _csrf: valueOf(body, "_csrf"), next: "/console/me/sessions", _code: code } })
}

test("an authenticator app is added by one right code; from then on it is asked for, and only sign-out is open before", async () => {
  const other = await world.signIn(an)
  const { cookie, code, recovery } = await enrol(await world.signIn(an))
  expect(recovery).toHaveLength(10)
  expect((await world.ask("/console/me", { cookie })).status).toBe(200)
  // what a password alone had opened elsewhere is over
  expect((await world.ask("/console/me", { cookie: other })).headers.location).toContain("/console/sign-in?next=")
  const half = await world.signIn(an)
  for (const path of ["/console/me", "/console/me/security", "/console/me/security/authenticator", "/console/me/security/passkey"]) {
    expect((await world.ask(path, { cookie: half })).headers.location).toBe(`/console/second-factor?next=${encodeURIComponent(path)}`)
  }
  const passed = await step(half, code(1))
  expect([passed.status, passed.headers.location]).toEqual([303, "/console/me/sessions"])
  expect((await world.ask("/console/me", { cookie: cookieOf(passed, half) })).status).toBe(200)
  // the half session's token is nobody's now
  expect((await world.ask("/console/second-factor", { cookie: half })).headers.location).toContain("/console/sign-in")
  const entries = await Promise.all(["secondFactor.added", "secondFactor.used", "secondFactor.recoveryCodesMade"].map((kind) => world.audit(kind)))
  expect(entries.map((found) => found.at(-1))).toMatchObject([
    { principalId: "P1", actor: { via: "console", name: an }, detail: { kind: "totp", name: "Điện thoại" } },
    { principalId: "P1", detail: { kind: "totp" } },
    { principalId: "P1", detail: { codes: 10 } },
  ])
})

test("a code counts once, whoever sends it first; a wrong one not at all", async () => {
  const { code } = await enrol(await world.signIn(an))
  const [one, two] = [await world.signIn(an), await world.signIn(an)]
  // the one that confirmed the set-up
  expect((await step(one, code())).status).toBe(422)
  const both = await Promise.all([step(one, code(1)), step(two, code(1))])
  expect(both.map(({ status }) => status).toSorted()).toEqual([303, 422])
  // a code of an earlier step than the last one
  expect((await step(await world.signIn(an), code(-1))).status).toBe(422)
  expect((await world.audit("signIn.failed")).at(-1)?.detail).toMatchObject({ service: "console", names: [an], reasons: { secondFactor: 3 } })
})

test("guesses are counted for the person, whichever session they come from; then a right code does not help either", async () => {
  const { code } = await enrol(await world.signIn(an))
  const guesses = await Promise.all(Array.from({ length: 12 }, async () => (await step(await world.signIn(an), "000000")).body))
  expect(guesses.filter((body) => body.includes("Đã nhập sai quá nhiều lần"))).toHaveLength(2)
  expect((await step(await world.signIn(an), code(1))).status).toBe(422)
})

test("a recovery code stands in once; new ones end the old", async () => {
  const { cookie, recovery } = await enrol(await world.signIn(an))
  const [first = "", second = ""] = recovery
  // typed as people type: no hyphens, capitals, letters for digits
  const typed = first.replaceAll("-", " ").toUpperCase().replaceAll("0", "O").replaceAll("1", "I")
  expect((await step(await world.signIn(an), typed)).status).toBe(303)
  expect((await step(await world.signIn(an), first)).status).toBe(422)
  expect((await world.ask("/console/me/security", { cookie })).body).toContain("Còn 9 mã")
  const renewed = await world.ask("/console/me/security/recovery-codes", { cookie, form: { _csrf: await world.csrf(cookie) } })
  expect((await step(await world.signIn(an), second)).status).toBe(422)
  expect((await step(await world.signIn(an), codesIn(renewed.body)[0] ?? "")).status).toBe(303)
  const stored = await world.database.query<{ hash: Buffer }>({ text: "SELECT hash FROM recovery_code" })
  expect(stored.every(({ hash }) => hash.length === 32)).toBe(true)
})

test("secrets rest sealed, bound to their owner; a set-up is of one session, and ends after a quarter of an hour", async () => {
  const cookie = await world.signIn(an)
  const { body } = await world.ask("/console/me/security/authenticator", { cookie })
  const shown = (/<code class="secret">([A-Z2-7 ]+)</.exec(body)?.[1] ?? "").replaceAll(" ", "")
  const code = new TOTP({ secret: Secret.fromBase32(shown) }).generate({ timestamp: world.clock.ms })
  const form = { _csrf: valueOf(body, "_csrf"), _setup: valueOf(body, "_setup"), name: "Điện thoại", _code: code }
  const binh = await world.signIn("binh@b.example")
  const stolen = await world.ask("/console/me/security/authenticator", { cookie: binh, form: { ...form, _csrf: await world.csrf(binh) } })
  expect(stolen.headers.location).toBe("/console/me/security/authenticator")
  expect((await world.ask("/console/me/security/authenticator", { cookie, form })).status).toBe(200)
  const [row] = await world.database.query<{ secret: Buffer }>({ text: "SELECT secret FROM second_factor" })
  expect(row?.secret.includes(Buffer.from(Secret.fromBase32(shown).bytes))).toBe(false)
  // another's row: the seal does not fit
  await world.database.query({ text: "UPDATE second_factor SET principal_id = 'P2'" })
  const moved = await world.signIn("binh@b.example")
  expect((await step(moved, code)).status).toBe(500)
  await world.expectError("authenticate data")
})

test("a role that demands a second step lets nobody past its set-up, and keeps the last factor", async () => {
  await world.administer(an, "province")
  demanded = true
  const before = await world.signIn(an)
  for (const path of ["/console/me", "/console/overview", "/console/me/app-passwords"]) expect((await world.ask(path, { cookie: before })).headers.location).toBe("/console/me/security")
  expect((await world.ask("/console/me/security", { cookie: before })).body).toContain("bắt buộc phải có xác thực hai bước")
  const { cookie } = await enrol(before)
  expect((await world.ask("/console/overview", { cookie })).status).toBe(200)
  const [factor] = (await world.factors.store.list({ accountId: world.accountId(an), principalId: "P1" })).factors
  await world.ask("/console/me/security/remove", { cookie, form: { _csrf: await world.csrf(cookie), id: String(factor?.id) } })
  expect((await world.factors.store.list({ accountId: world.accountId(an), principalId: "P1" })).factors).toHaveLength(1)
  demanded = false
  await world.ask("/console/me/security/remove", { cookie, form: { _csrf: await world.csrf(cookie), id: String(factor?.id) } })
  expect(await world.factors.store.list({ accountId: world.accountId(an), principalId: "P1" })).toEqual({ factors: [], recoveryCodesLeft: 0 })
  expect((await world.audit("secondFactor.removed")).at(-1)).toMatchObject({ principalId: "P1", detail: { kind: "totp" } })
})

const clientData = (type: string): string => Buffer.from(JSON.stringify({ type, challenge: "AAAA", origin: "https://console.example" })).toString("base64url")
const proof = (response: object): string => JSON.stringify({ id: "AAAA", rawId: "AAAA", type: "public-key", response })

test.each([
  ["nothing", ""], ["no JSON", "{"], ["null", "null"], ["a list", "[]"], ["no answer", "{}"], ["what is too long", `"${"A".repeat(17_000)}"`],
  ["a key that nobody has", proof({ clientDataJSON: clientData("webauthn.get"), authenticatorData: "AAAA", signature: "AAAA", userHandle: "AAAA" })],
  ["an attestation that is none", proof({ clientDataJSON: clientData("webauthn.create"), attestationObject: "oWNmbXRkbm9uZQ" })],
  ["letters that are no base64url", proof({ clientDataJSON: "<script>", authenticatorData: "é", signature: "=" })],
  ["clientDataJSON that is none", proof({ clientDataJSON: "AAAA", authenticatorData: "AAAA", signature: "AAAA", attestationObject: "AAAA" })],
])("%s from a browser in the place of a passkey's answer is refused in words, wherever it comes", async (_name, _passkey) => {
  const cookie = await world.signIn(an)
  expect((await world.ask("/console/sign-in/passkey", { form: { _passkey } })).status).toBe(422)
  expect((await world.ask("/console/me/security/passkey", { cookie, form: { _csrf: await world.csrf(cookie), name: "Khóa", _passkey } })).status).toBe(422)
  await enrol(cookie)
  const half = await world.signIn(an)
  const { body } = await world.ask("/console/second-factor", { cookie: half })
  expect((await world.ask("/console/second-factor", { cookie: half, form: { _csrf: valueOf(body, "_csrf"), _passkey } })).status).toBe(422)
})

test("a password that somebody else made is replaced first, then the second step is added", async () => {
  await world.administer(an, "province")
  demanded = true
  await world.database.query({ text: "INSERT INTO credential (account_id, principal_id, kind, hash) VALUES ($1, NULL, 'oneTime', 'x')" }, [world.accountId(an)])
  const cookie = await world.signIn(an)
  for (const path of ["/console/me", "/console/me/security"]) expect((await world.ask(path, { cookie })).headers.location).toBe("/console/me/password")
  expect((await world.ask("/console/me/password", { cookie })).status).toBe(200)
  await world.database.query({ text: "UPDATE credential SET revoked_at = now() WHERE kind = 'oneTime'" })
  expect((await world.ask("/console/me", { cookie })).headers.location).toBe("/console/me/security")
  expect((await world.ask("/console/me/security", { cookie })).status).toBe(200)
})

test("half a sign-in is over after a quarter of an hour", async () => {
  const { code } = await enrol(await world.signIn(an))
  const half = await world.signIn(an)
  await world.database.query({ text: "UPDATE console_session SET created_at = created_at - interval '15 minutes' WHERE second_factor = 'awaited'" })
  expect((await step(half, code(1))).status).toBe(403)
  expect((await world.ask("/console/me", { cookie: half })).headers.location).toContain("/console/sign-in")
})

test("what matters is confirmed by a code as well as by the password", async () => {
  const { cookie, code } = await enrol(await world.signIn(an))
  world.clock.ms += 11 * 60_000
  const csrf = await world.csrf(cookie)
  const asked = await world.ask("/console/me/security/recovery-codes", { cookie, form: { _csrf: csrf } })
  expect(asked.body).toContain('name="_code"')
  expect(asked.body).toContain('name="_password"')
  expect(codesIn(asked.body)).toEqual([])
  expect((await world.ask("/console/me/security/recovery-codes", { cookie, form: { _csrf: csrf, _code: "000000" } })).status).toBe(422)
  const done = await world.ask("/console/me/security/recovery-codes", { cookie, form: { _csrf: csrf, _code: code(1) } })
  expect(codesIn(done.body)).toHaveLength(10)
  expect(cookieOf(done, cookie)).not.toBe(cookie)
})

test("an administrator resets within his units, never another administrator's unless he may give roles; it is on record", async () => {
  const { cookie: hers } = await enrol(await world.signIn("binh@b.example"))
  const binh = { account: String(world.accountId("binh@b.example")), principal: "P2" }
  await world.administer(an, "unit", "A")
  const unit = await world.signIn(an)
  const reset = async (cookie: string, form: Readonly<Record<string, string>>) => world.ask("/console/second-factors/reset", { cookie, form: { _csrf: await world.csrf(cookie), ...form } })
  expect((await world.ask("/console/second-factors", { cookie: unit })).body).not.toContain("binh@b.example")
  await reset(unit, binh)
  // a principal of one's own units with an account that is not: still not hers
  await reset(unit, { account: String(world.accountId(an)), principal: "P2" })
  await reset(unit, { account: binh.account })
  expect((await world.ask("/console/me", { cookie: hers })).status).toBe(200)
  // in scope now, but she holds a role herself
  await world.administer(an, "unit", "B")
  await world.administer("binh@b.example", "operator")
  expect((await world.ask("/console/second-factors?q=binh", { cookie: unit })).body).toContain("chỉ quản trị của tỉnh")
  await reset(unit, binh)
  expect((await world.ask("/console/me", { cookie: hers })).status).toBe(200)
  await world.administer(an, "province")
  await reset(unit, binh)
  expect((await world.ask("/console/me", { cookie: hers })).headers.location).toContain("/console/sign-in")
  expect((await world.factors.store.list({ accountId: world.accountId("binh@b.example"), principalId: "P2" })).factors).toEqual([])
  const [entry, ...more] = await world.audit("secondFactor.reset")
  expect(more).toEqual([])
  expect(entry).toMatchObject({ principalId: "P2", actor: { name: an }, detail: { by: an, removed: [{ kind: "totp", name: "Điện thoại" }] } })
})
