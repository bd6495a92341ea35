import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { buildDirectory } from "../../src/accounts/directory-snapshot.ts"
import type { Login } from "../../src/accounts/login.ts"
import { auditedAuthenticator, createSignInAudit, type SignInAudit } from "../../src/accounts/sign-in-audit.ts"
import { failed, ok } from "../../src/base/result.ts"
import { failure } from "../../src/mail/failure.ts"
import { createAuditStore } from "../../src/store/sql/audit.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let audit: SignInAudit
let from: number
const clock = { time: Date.UTC(2026, 10, 27), now: () => clock.time }
const lost: unknown[] = []

const directory = await buildDirectory({
  version: 1, principals: [{ id: "an", kind: "individual", name: "An", unitCode: "VP", suspended: false }], aliases: [], groups: [], certificates: [], unitDomains: ["t.example"], units: [],
  accounts: [1, 2].map((id) => ({ id, address: `a${id}@t.example`, kind: "personal", displayName: "A", unitCode: "VP", quotaBytes: 1, suspended: false })),
  assignments: [{ accountId: 1, principalId: "an", rights: ["owner"], from: null, until: null }, { accountId: 2, principalId: "an", rights: ["read"], from: null, until: null }],
})

beforeAll(async () => void (database = await createTestDatabase()))
afterAll(() => database.drop())
beforeEach(async () => {
  audit = createSignInAudit({ recorder: createAuditStore(database), directory: { current: () => directory }, clock, lost: (error) => void lost.push(error) })
  from = (await database.query<{ id: number }>({ text: "SELECT coalesce(max(id), 0) AS id FROM audit" }))[0]?.id ?? 0
})

const entries = () =>
  database.query<{ kind: string; detail: Record<string, unknown> }>({ text: "SELECT kind, principal_id, account_id, client_address, detail FROM audit WHERE id > $1 ORDER BY id" }, [from])
const login = (accountId: number): Login => ({ accountId, address: `a${accountId}@t.example`, principalId: "an", credentialId: 7, via: "appPassword" })
const event = (accountId: number, clientAddress = "192.0.2.1") => ({ login: login(accountId), clientAddress, service: "imap" }) as const

test("the first sign-in of a client is on record at once, the others of the hour are counted", async () => {
  await Promise.all(Array.from({ length: 50 }, () => audit.succeeded(event(1))))
  await audit.succeeded(event(2))
  await audit.succeeded(event(1, "192.0.2.2"))
  const first = { service: "imap", via: "appPassword", credentialId: 7, address: "a1@t.example", owner: true }
  expect(await entries()).toEqual([
    { kind: "signIn.succeeded", principal_id: "an", account_id: 1, client_address: "192.0.2.1", detail: first },
    { kind: "signIn.succeeded", principal_id: "an", account_id: 2, client_address: "192.0.2.1", detail: { ...first, address: "a2@t.example", owner: false } },
    { kind: "signIn.succeeded", principal_id: "an", account_id: 1, client_address: "192.0.2.2", detail: first },
  ])
  clock.time += 3_600_000
  await audit.flush()
  expect((await entries()).slice(3)).toMatchObject([{ kind: "signIn.repeated", account_id: 1, detail: { times: 49, owner: true } }])
  await audit.succeeded(event(1))
  expect((await entries()).at(-1)).toMatchObject({ kind: "signIn.succeeded" })
  await audit.close()
})

test("a flood of failures from everywhere is a bounded number of entries, and none of them is forgotten", async () => {
  for (let n = 0; n < 50_000; n++) audit.failed({ username: `user${n % 500}\0${"x".repeat(1_000)}@t.example`, clientAddress: `2001:db8:${(n % 5_000).toString(16)}::1`, service: n % 2 === 0 ? "imap" : "smtp", reason: "noPermission" })
  await audit.flush()
  const told = await entries()
  expect(told.length).toBeLessThanOrEqual(101)
  expect(told.every(({ kind }) => kind === "signIn.failed")).toBe(true)
  expect(told.reduce((sum, { detail }) => sum + Number(detail["times"]), 0)).toBe(50_000)
  expect(Math.max(...told.map(({ detail }) => JSON.stringify(detail).length))).toBeLessThan(2_500)
  expect(told.at(-1)).toMatchObject({ client_address: "others", detail: { moreNames: true, reasons: { noPermission: expect.any(Number) } } })
  expect(lost).toEqual([])
  await audit.close()
})

test("nobody comes in unseen: a sign-in that cannot be put on record is none, and the next one is tried again", async () => {
  let away = true
  const store = createAuditStore(database)
  const recorder = { record: (entry: Parameters<typeof store.record>[0]) => (away ? Promise.reject(new Error("Connection terminated")) : store.record(entry)) }
  const own = createSignInAudit({ recorder, directory: { current: () => directory }, clock, lost: () => undefined })
  const authenticator = auditedAuthenticator({ login: async ({ password }) => (password === "right" ? ok(login(1)) : failed(failure(password === "down" ? "unavailable" : "noPermission", "refused"))) }, own)
  const attempt = (password: string) => authenticator.login({ username: "a1@t.example", password, clientAddress: "192.0.2.9", service: "console" })
  await expect(attempt("right")).rejects.toThrow("Connection terminated")
  away = false
  expect(await attempt("right")).toMatchObject({ ok: true })
  expect(await attempt("wrong")).toMatchObject({ ok: false })
  expect(await attempt("down")).toMatchObject({ ok: false })
  await own.close()
  expect((await entries()).map(({ kind, detail }) => [kind, detail["service"], detail["times"], detail["names"]])).toEqual([["signIn.succeeded", "console", undefined, undefined], ["signIn.failed", "console", 1, ["a1@t.example"]]])
})
