import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { createLoginThrottle } from "../../../../src/accounts/login-throttle.ts"
import { createLockouts } from "../../../../src/store/sql/lockouts.ts"
import { createPresence } from "../../../../src/store/sql/presence.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../../support/console-world.ts"

const script = `<script>alert(1)</script>`

let world: ConsoleWorld
let province: string
let unit: string
let tokens: { readonly province: string; readonly unit: string }
const fail = (error: unknown): void => {
  throw error
}
beforeAll(async () => {
  world = await openConsoleWorld()
  await world.administer("an@a.example", "province")
  await world.administer("binh@b.example", "unit", "B")
  province = await world.signIn("an@a.example")
  unit = await world.signIn("binh@b.example")
  tokens = { province: await world.csrf(province), unit: await world.csrf(unit) }
})
afterAll(() => world.close())

const noticeOf = ({ cookies }: { readonly cookies: Readonly<Record<string, string>> }): string => Buffer.from(cookies["__Host-congthu-notice"] ?? "", "base64url").toString()

const present = (address: string, id: string, end: () => void = () => undefined) =>
  ({ id, protocol: "imap", accountId: world.accountId(address), principalId: null, credentialId: null, clientAddress: "192.0.2.77", clientId: script, tls: null, end }) as const

test("sessions of all processes are shown within the units, and one is ended by the process that has it", async () => {
  const options = { database: world.database, clock: { now: () => world.clock.ms }, onError: fail, everyMs: 1e8 }
  const [one, other] = [createPresence(options), createPresence(options)]
  const ended: string[] = []
  one.arrive(present("an@a.example", "s-an", () => ended.push("an")))
  other.arrive(present("binh@b.example", "s-binh", () => ended.push("binh")))
  await Promise.all([one.tick(), other.tick()])
  const all = (await world.ask("/console/connections?protocol=imap", { cookie: province })).body
  for (const id of ["s-an", "s-binh"]) expect(all).toContain(`value="${id}"`)
  expect(all).toContain("&lt;script>")
  expect(all).not.toContain("<script>alert")
  const own = (await world.ask("/console/connections", { cookie: unit })).body
  expect(own).toContain('value="s-binh"')
  expect(own).not.toContain("s-an")
  // the console's own are there too
  expect(own).toContain("Trang quản trị")
  const processOf = (body: string, id: string): string => new RegExp(`name="process" value="([\\w-]+)"/><input type="hidden" name="id" value="${id}"`).exec(body)?.[1] ?? ""
  const end = (id: string, cookie: string, token: string) => world.ask("/console/connections/end", { cookie, form: { _csrf: token, protocol: "imap", process: processOf(all, id), id } })
  await end("s-an", unit, tokens.unit)
  await end("s-binh", unit, tokens.unit)
  await Promise.all([one.tick(), other.tick()])
  expect(ended).toEqual(["binh"])
  other.leave("s-binh")
  await other.tick()
  expect((await world.ask("/console/connections?protocol=imap", { cookie: province })).body).not.toContain("s-binh")
  expect(await world.database.query({ text: "SELECT detail->>'by' AS by, detail->>'from' AS \"from\" FROM audit WHERE kind = 'session.ended'" })).toEqual([{ by: "P2", from: "192.0.2.77" }])
  await Promise.all([one.close(), other.close()])
  expect(await world.database.query({ text: "SELECT FROM presence" })).toEqual([])
})

test("a unit's administrator ends no session of who administers more, be it in a mailbox of the unit", async () => {
  const presence = createPresence({ database: world.database, clock: { now: () => world.clock.ms }, onError: fail, everyMs: 1e8 })
  const ended: string[] = []
  // the province's administrator sits in unit B today, and reads the mailbox of a colleague there
  await world.database.query({ text: "UPDATE account SET unit_code = 'B' WHERE address = 'an@a.example'" })
  presence.arrive(present("an@a.example", "own", () => ended.push("own")))
  presence.arrive({ ...present("binh@b.example", "colleague", () => ended.push("colleague")), principalId: "P1" })
  await presence.tick()
  const listed = (await world.ask("/console/connections?protocol=imap", { cookie: unit })).body
  const process = /name="process" value="([\w-]+)"/.exec(listed)?.[1] ?? ""
  const end = (protocol: string, id: string, cookie = unit, token = tokens.unit) => world.ask("/console/connections/end", { cookie, form: { _csrf: token, protocol, process: protocol === "console" ? "" : process, id } })
  for (const id of ["own", "colleague"]) expect(noticeOf(await end("imap", id))).toContain("quản trị cao hơn")
  const [session] = await world.database.query<{ id: number }>({ text: "SELECT id FROM console_session WHERE account_id = $1 AND ended_at IS NULL LIMIT 1" }, [world.accountId("an@a.example")])
  expect(noticeOf(await end("console", String(session?.id)))).toContain("quản trị cao hơn")
  await presence.tick()
  expect(ended).toEqual([])
  await end("imap", "own", province, tokens.province)
  await presence.tick()
  expect(ended).toEqual(["own"])
  await world.database.query({ text: "UPDATE account SET unit_code = 'A' WHERE address = 'an@a.example'" })
  await presence.close()
})

test("two thousand sessions that do nothing cost one statement in a while, and are there again after a crash of the database", async () => {
  let statements = 0
  const query: typeof world.database.query = (statement, values) => {
    statements++
    return world.database.query(statement, values)
  }
  const presence = createPresence({ database: { query }, clock: { now: () => world.clock.ms }, onError: fail, everyMs: 1e8 })
  for (let n = 0; n < 2_000; n++) presence.arrive(present("an@a.example", `idle-${n}`))
  await presence.tick()
  expect(statements).toBe(1)
  await presence.tick()
  expect(statements).toBe(2)
  const count = async (): Promise<unknown> => (await world.database.query<{ count: number }>({ text: "SELECT count(*) AS count FROM presence" }))[0]?.count
  expect(await count()).toBe(2_000)
  await world.database.query({ text: "TRUNCATE presence, presence_process" })
  await presence.tick()
  await presence.tick()
  expect(await count()).toBe(2_000)
  await presence.close()
})

test("who is locked out is shown, and lifting it lets him in again in the process that counts; units have no part in it", async () => {
  const clock = { ms: world.clock.ms }
  const throttle = createLoginThrottle({ maxFailures: 2, failureWindowMs: 60_000, lockouts: createLockouts({ database: world.database, clock: { now: () => clock.ms }, onError: fail }) })
  for (let n = 0; n < 2; n++) await throttle.failed("198.51.100.9", script)
  expect(await throttle.isBlocked("198.51.100.9", script)).toBe(true)
  const page = await vi.waitFor(async () => {
    const { body } = await world.ask("/console/bans", { cookie: province })
    expect(body).toContain("198.51.100.9")
    return body
  })
  expect(page).not.toContain("<script>alert")
  const lockout = /name="lockout" value="(\d+)"/.exec(page)?.[1] ?? ""
  expect((await world.ask("/console/bans/lift", { cookie: unit, form: { _csrf: tokens.unit, lockout } })).status).toBe(403)
  expect((await world.ask("/console/bans", { cookie: unit })).status).toBe(403)
  await world.ask("/console/bans/lift", { cookie: province, form: { _csrf: tokens.province, lockout } })
  clock.ms += 2_001
  expect(await throttle.isBlocked("198.51.100.9", script)).toBe(false)
  expect((await world.ask("/console/bans", { cookie: province })).body).toContain("Hiện không ai bị chặn.")
  throttle.close()
})
