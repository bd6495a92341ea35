import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import pino from "pino"
import { createAuthenticator } from "../../src/accounts/authenticate.ts"
import { appPasswordHash, newAppPassword, newOneTimePassword, oneTimeHash } from "../../src/accounts/credential.ts"
import { createLoginThrottle } from "../../src/accounts/login-throttle.ts"
import { createPasswordWork } from "../../src/accounts/password-work.ts"
import type { Authenticator } from "../../src/accounts/login.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createFactorStore } from "../../src/store/sql/second-factors.ts"
import { until } from "../support/running-system.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

const now = Date.parse("2026-06-15T03:00:00Z")
const key = randomBytes(32)
const passwords = createPasswordWork({ cost: 4 })
let database: TestDatabase
let directory: SqlDirectorySource
const store = () => createCredentialStore(database)

beforeAll(async () => {
  database = await createTestDatabase()
  await database.query({
    text: `
      INSERT INTO organization_unit (code, name, kind, domain) VALUES ('SNV', 'Sở Nội vụ', 'department', 'snv.tinh.example');
      INSERT INTO principal (id, kind, name, unit_code, suspended_at) VALUES
        ('P1', 'individual', 'Nguyễn Văn An', 'SNV', NULL), ('P2', 'individual', 'Trần Thị Bình', 'SNV', NULL), ('P3', 'individual', 'Lê Văn Cường', 'SNV', now());
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes, suspended_at) VALUES
        ('an@snv.tinh.example', 'personal', 'Nguyễn Văn An', 'SNV', 1, NULL),
        ('van-phong@snv.tinh.example', 'organizational', 'Văn phòng', 'SNV', 1, NULL),
        ('closed@snv.tinh.example', 'personal', 'Đã khóa', 'SNV', 1, now()),
        ('cuong@snv.tinh.example', 'personal', 'Lê Văn Cường', 'SNV', 1, NULL),
        ('empty@snv.tinh.example', 'personal', 'Chưa cấp', 'SNV', 1, NULL);
      INSERT INTO assignment (account_id, principal_id, rights, valid_from, valid_until)
        SELECT a.id, v.p, v.rights, v.f::date, v.u::date FROM (VALUES
          ('an@snv.tinh.example', 'P1', ARRAY['owner'], NULL, NULL),
          ('cuong@snv.tinh.example', 'P3', ARRAY['owner'], NULL, NULL),
          ('closed@snv.tinh.example', 'P1', ARRAY['owner'], NULL, NULL),
          ('van-phong@snv.tinh.example', 'P1', ARRAY['read', 'write', 'send-as'], '2026-01-01', '2026-12-31'),
          ('van-phong@snv.tinh.example', 'P2', ARRAY['read'], '2026-01-01', '2026-06-14'),
          ('van-phong@snv.tinh.example', 'P3', ARRAY['read'], NULL, NULL)) AS v (address, p, rights, f, u)
        JOIN account a ON a.address = v.address;
      INSERT INTO alias (address, account_id) SELECT 'nguyen.an@snv.tinh.example', id FROM account WHERE address = 'an@snv.tinh.example';
      INSERT INTO mail_group (address, display_name) VALUES ('tat-ca@snv.tinh.example', 'Tất cả');`,
  })
  directory = await createDirectorySource({ database, log: pino({ enabled: false }), tickMs: 0 })
  for (const address of ["an", "closed", "cuong"]) await store().setPassword(id(`${address}@snv.tinh.example`), await passwords.hash("Mật khẩu đúng"))
})
afterAll(() => database.drop())

function id(address: string): number {
  for (const account of directory.current().accounts()) if (account.address === address) return account.id
  throw new Error(`no account ${address}`)
}

let authenticator: Authenticator
beforeEach(() => {
  authenticator = authenticate()
})
const authenticate = (maxFailures = 3, work = passwords, clock = { now: () => now }): Authenticator =>
  createAuthenticator({ directory, credentials: store(), passwords: work, throttle: createLoginThrottle({ maxFailures, failureWindowMs: 60_000 }), appPasswordKey: key, clock })
const login = (username: string, password: string, clientAddress = "192.0.2.1") => authenticator.login({ username, password, clientAddress, service: "imap" })

async function appPassword(address: string, principalId: string): Promise<{ text: string; credentialId: number }> {
  const text = newAppPassword()
  const credentialId = await store().addAppPassword({ accountId: id(address), principalId, label: "Điện thoại", hash: appPasswordHash(text, key) ?? "" })
  return { text, credentialId }
}

test("a password is its holder's: when the account is another's, whichever way, it opens nothing, and nobody signs in as him with it", async () => {
  const give = async (principalId: string) => {
    await database.query({ text: "UPDATE assignment SET principal_id = $2 WHERE account_id = $1 AND 'owner' = ANY (rights)" }, [id("an@snv.tinh.example"), principalId])
    await database.query({ text: "UPDATE directory_version SET version = version + 1" })
    await directory.refresh()
  }
  expect(await login("an@snv.tinh.example", "Mật khẩu đúng")).toMatchObject({ ok: true, value: { principalId: "P1" } })
  // who comes after him stands there already
  await database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights, valid_from) VALUES ($1, 'P2', '{owner}', '2999-01-01')" }, [id("an@snv.tinh.example")])
  await store().setPassword(id("an@snv.tinh.example"), await passwords.hash("Mật khẩu đúng"))
  await database.query({ text: "DELETE FROM assignment WHERE account_id = $1 AND principal_id = 'P2'" }, [id("an@snv.tinh.example")])
  await give("P2")
  const theirs = await login("an@snv.tinh.example", "Mật khẩu đúng")
  await store().setPassword(id("an@snv.tinh.example"), await passwords.hash("Mật khẩu mới"))
  const own = await login("an@snv.tinh.example", "Mật khẩu mới")
  await give("P1")
  await store().setPassword(id("an@snv.tinh.example"), await passwords.hash("Mật khẩu đúng"))
  expect(theirs).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
  expect(own).toMatchObject({ ok: true, value: { principalId: "P2" } })
})

test("a one-time password that nobody has used in a month opens nothing", async () => {
  const text = newOneTimePassword()
  await database.query({ text: "INSERT INTO credential (account_id, kind, hash, created_at) VALUES ($1, 'oneTime', $2, now() - interval '31 days')" }, [id("empty@snv.tinh.example"), oneTimeHash(text, key)])
  const open = () => authenticate(20).login({ username: "empty@snv.tinh.example", password: text, clientAddress: "192.0.2.78", service: "console" })
  expect(await open()).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
  await database.query({ text: "UPDATE credential SET created_at = now() - interval '29 days' WHERE account_id = $1 AND kind = 'oneTime'" }, [id("empty@snv.tinh.example")])
  expect(await open()).toMatchObject({ ok: true })
  await database.query({ text: "DELETE FROM credential WHERE account_id = $1" }, [id("empty@snv.tinh.example")])
})

test("a one-time password opens the console alone, until it is replaced", async () => {
  const text = newOneTimePassword()
  const door = authenticate(20)
  expect(text).toMatch(/^[0-9a-z]{4}(?:-[0-9a-z]{4}){3}$/)
  await database.query({ text: "INSERT INTO credential (account_id, kind, hash) VALUES ($1, 'oneTime', $2)" }, [id("empty@snv.tinh.example"), oneTimeHash(text, key)])
  const open = (service: "smtp" | "imap" | "console", password = text) => door.login({ username: "empty@snv.tinh.example", password, clientAddress: "192.0.2.77", service })
  expect(await open("imap")).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
  expect(await open("smtp")).toMatchObject({ ok: false })
  expect(await open("console")).toMatchObject({ ok: true, value: { via: "oneTime" } })
  // as it is read aloud or typed on a phone
  expect(await open("console", text.replaceAll("-", " ").toUpperCase())).toMatchObject({ ok: true })
  await store().setPassword(id("empty@snv.tinh.example"), await passwords.hash("Mật khẩu của tôi"))
  expect(await open("console")).toMatchObject({ ok: false })
  expect(await open("imap", "Mật khẩu của tôi")).toMatchObject({ ok: true, value: { via: "password" } })
})

describe("a password", () => {
  test.each(["an@snv.tinh.example", "AN@SNV.tinh.example", "nguyen.an@snv.tinh.example"])("signs in as %s", async (username) => {
    const result = await login(username, "Mật khẩu đúng")
    expect(result).toMatchObject({ ok: true, value: { accountId: id("an@snv.tinh.example"), address: "an@snv.tinh.example", principalId: "P1", via: "password" } })
  })

  test("is the same composed or decomposed", async () => {
    expect((await login("an@snv.tinh.example", "Mật khẩu đúng".normalize("NFD"))).ok).toBe(true)
  })

  test("the refusal never tells why", async () => {
    const attempts = [
      login("an@snv.tinh.example", "wrong"),
      login("an@snv.tinh.example", ""),
      login("an@snv.tinh.example", "Mật khẩu đúng\0"),
      login("an@snv.tinh.example", "x".repeat(100_000)),
      login("nobody@snv.tinh.example", "Mật khẩu đúng"),
      login("nobody@elsewhere.example", "Mật khẩu đúng"),
      login("tat-ca@snv.tinh.example", "Mật khẩu đúng"),
      login("closed@snv.tinh.example", "Mật khẩu đúng"),
      login("cuong@snv.tinh.example", "Mật khẩu đúng"),
      login("empty@snv.tinh.example", "Mật khẩu đúng"),
      login("x".repeat(100_000), "Mật khẩu đúng"),
      login("", ""),
    ]
    const results = await Promise.all(attempts)
    expect(new Set(results.map((result) => JSON.stringify(result)))).toEqual(
      new Set([JSON.stringify({ ok: false, failure: { kind: "noPermission", detail: "The address or the password is wrong." } }), JSON.stringify({ ok: false, failure: { kind: "limit", detail: "Too many failed sign-ins; try again later." } })]),
    )
    // the fourth guess at one name from one address
    expect(results.filter((result) => !result.ok && result.failure.kind === "limit")).toHaveLength(1)
  })

  test("of whoever has a second factor opens the console, and mail clients only with an app password; at once, and until the factor is gone", async () => {
    const factors = createFactorStore(database)
    const owner = { accountId: id("an@snv.tinh.example"), principalId: "P1" }
    const always = createAuthenticator({ directory, credentials: store(), passwords, throttle: createLoginThrottle({ maxFailures: 2, failureWindowMs: 60_000 }), appPasswordKey: key, clock: { now: () => now }, mailPassword: "always" })
    const request = { username: "an@snv.tinh.example", password: "Mật khẩu đúng", clientAddress: "192.0.2.1" }
    expect(await authenticator.login({ ...request, service: "imap" }), "a password that is remembered as right").toMatchObject({ ok: true })
    await factors.addTotp({ owner, name: "x", sessionId: 0, secret: Buffer.from("x"), lastStep: 0 })
    // as often as a client that was left as it was tries: nobody else behind its address is locked out
    for (let n = 0; n < 5; n++) for (const service of ["imap", "smtp"] as const) expect(await authenticator.login({ ...request, service })).toMatchObject({ ok: false, failure: { kind: "policy" } })
    expect(await authenticator.login({ ...request, service: "console" })).toMatchObject({ ok: true })
    expect(await always.login({ ...request, service: "imap" })).toMatchObject({ ok: true })
    expect(await authenticator.login({ ...request, password: "Mật khẩu sai", service: "imap" }), "who does not know the password learns nothing").toMatchObject({ ok: false, failure: { kind: "noPermission" } })
    const app = await appPassword("an@snv.tinh.example", "P1")
    expect(await authenticator.login({ ...request, password: app.text, service: "imap" })).toMatchObject({ ok: true, value: { via: "appPassword" } })
    const [factor] = (await factors.list(owner)).factors
    await factors.remove(owner, factor?.id ?? 0, { needed: false })
    expect(await authenticator.login({ ...request, service: "imap" })).toMatchObject({ ok: true })
  })

  test("of an account that nobody owns counts likewise; a factor of somebody who may only read it does not", async () => {
    const account = id("empty@snv.tinh.example")
    await store().setPassword(account, await passwords.hash("Mật khẩu của máy"))
    const factors = createFactorStore(database)
    await factors.addTotp({ owner: { accountId: account, principalId: "P2" }, name: "x", sessionId: 0, secret: Buffer.from("x"), lastStep: 0 })
    expect(await login("empty@snv.tinh.example", "Mật khẩu của máy")).toMatchObject({ ok: true, value: { principalId: null } })
    await factors.addTotp({ owner: { accountId: account, principalId: null }, name: "x", sessionId: 0, secret: Buffer.from("x"), lastStep: 0 })
    expect(await login("empty@snv.tinh.example", "Mật khẩu của máy")).toMatchObject({ ok: false, failure: { kind: "policy" } })
    await database.query({ text: "UPDATE second_factor SET ended_at = now()" })
  })

  test("that was replaced no longer opens", async () => {
    const account = id("an@snv.tinh.example")
    await store().setPassword(account, await passwords.hash("Mật khẩu mới 1"))
    expect((await login("an@snv.tinh.example", "Mật khẩu đúng")).ok).toBe(false)
    expect((await login("an@snv.tinh.example", "Mật khẩu mới 1")).ok).toBe(true)
    await store().setPassword(account, await passwords.hash("Mật khẩu đúng"))
  })

  test("that was right a moment ago is compared without bcrypt, and no longer when it was replaced or revoked", async () => {
    let compared = 0
    const counting = { ...passwords, verify: (...args: Parameters<typeof passwords.verify>) => (compared++, passwords.verify(...args)) }
    let at = now
    authenticator = authenticate(3, counting, { now: () => at })
    for (let n = 0; n < 5; n++) expect((await login("an@snv.tinh.example", "Mật khẩu đúng")).ok).toBe(true)
    expect(compared).toBe(1)
    expect((await login("an@snv.tinh.example", "Mật khẩu đúng!")).ok).toBe(false)
    expect(compared).toBe(2)
    at += 16 * 60_000
    expect((await login("an@snv.tinh.example", "Mật khẩu đúng")).ok).toBe(true)
    expect(compared).toBe(3)
    const account = id("an@snv.tinh.example")
    await store().setPassword(account, await passwords.hash("Mật khẩu mới 2"))
    expect((await login("an@snv.tinh.example", "Mật khẩu đúng")).ok).toBe(false)
    await store().setPassword(account, await passwords.hash("Mật khẩu đúng"))
    expect((await login("an@snv.tinh.example", "Mật khẩu đúng")).ok).toBe(true)
  })

  test("nobody is taken for a compared password of nothing", async () => {
    expect(await passwords.verify("impossible", null)).toBe(false)
  })
})

describe("an app password", () => {
  test("opens the office account as its person, however it is typed", async () => {
    const { text, credentialId } = await appPassword("van-phong@snv.tinh.example", "P1")
    const expected = { ok: true, value: { accountId: id("van-phong@snv.tinh.example"), principalId: "P1", credentialId, via: "appPassword" } }
    for (const typed of [text, text.toUpperCase(), text.replaceAll("-", ""), text.replaceAll("-", " "), text.replaceAll("0", "o").replaceAll("1", "l")])
      expect(await login("van-phong@snv.tinh.example", typed)).toMatchObject(expected)
  })

  test("does not open another account", async () => {
    const { text } = await appPassword("van-phong@snv.tinh.example", "P1")
    expect((await login("an@snv.tinh.example", text)).ok).toBe(false)
  })

  test.each([["P2", "ended yesterday"], ["P3", "is suspended"]])("of a person whose assignment has ended or who is suspended is refused (%s %s)", async (principalId) => {
    const { text } = await appPassword("van-phong@snv.tinh.example", principalId)
    expect(await login("van-phong@snv.tinh.example", text)).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
  })

  test("is refused as soon as it is revoked, and cannot be revoked through another account", async () => {
    const { text, credentialId } = await appPassword("van-phong@snv.tinh.example", "P1")
    expect(await store().revoke(id("an@snv.tinh.example"), credentialId)).toBe(false)
    expect((await login("van-phong@snv.tinh.example", text)).ok).toBe(true)
    expect(await store().revoke(id("van-phong@snv.tinh.example"), credentialId)).toBe(true)
    expect((await login("van-phong@snv.tinh.example", text)).ok).toBe(false)
    expect(await store().revoke(id("van-phong@snv.tinh.example"), credentialId)).toBe(false)
  })
})

describe("failures are counted", () => {
  test("by client and account, also through an alias, also for names that do not exist", async () => {
    for (const [name, alias] of [["an@snv.tinh.example", "nguyen.an@snv.tinh.example"], ["ghost@snv.tinh.example", "GHOST@snv.tinh.example"]] as const) {
      for (const username of [name, alias, name]) expect(await login(username, "wrong-guess")).toMatchObject({ failure: { kind: "noPermission" } })
      expect(await login(alias, "Mật khẩu đúng")).toMatchObject({ failure: { kind: "limit" } })
    }
    expect((await login("an@snv.tinh.example", "Mật khẩu đúng", "192.0.2.2")).ok).toBe(true)
  })

  test("even when they are sent all at once", async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => login("an@snv.tinh.example", "wrong-guess")))
    expect(results.filter((result) => !result.ok && result.failure.kind === "noPermission")).toHaveLength(3)
  })

  test("and forgotten after a success", async () => {
    for (const password of ["wrong-guess", "wrong-guess", "Mật khẩu đúng", "wrong-guess", "wrong-guess", "Mật khẩu đúng"]) await login("an@snv.tinh.example", password)
    expect((await login("an@snv.tinh.example", "Mật khẩu đúng")).ok).toBe(true)
  })

  test("but a blocked client's app password still opens", async () => {
    const { text } = await appPassword("an@snv.tinh.example", "P1")
    for (let n = 0; n < 5; n++) await login("an@snv.tinh.example", "wrong-guess")
    expect((await login("an@snv.tinh.example", text)).ok).toBe(true)
  })

  test("of one IPv6 network together", async () => {
    for (let n = 1; n <= 3; n++) await login("an@snv.tinh.example", "wrong-guess", `2001:db8::${n}`)
    expect(await login("an@snv.tinh.example", "Mật khẩu đúng", "2001:db8:0:0:ffff::1")).toMatchObject({ failure: { kind: "limit" } })
    expect((await login("an@snv.tinh.example", "Mật khẩu đúng", "2001:db8:0:1::1")).ok).toBe(true)
  })
})

test("the last use of a credential is noted with where it came from, once a minute; a refused one is not", async () => {
  const { text, credentialId } = await appPassword("van-phong@snv.tinh.example", "P1")
  const used = async () => (await store().list(id("van-phong@snv.tinh.example"))).find((credential) => credential.id === credentialId)
  expect(await used()).toMatchObject({ lastUsedAt: null, lastUsedFrom: "" })
  await login("van-phong@snv.tinh.example", `${text}x`, "192.0.2.66")
  await login("van-phong@snv.tinh.example", text, "192.0.2.77")
  await until(async () => (await used())?.lastUsedAt !== null, 5_000)
  await store().used(credentialId, "192.0.2.88")
  expect((await used())?.lastUsedFrom).toBe("192.0.2.77")
})
