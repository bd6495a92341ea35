import { spawnSync } from "node:child_process"
import { createHash, createPrivateKey, X509Certificate } from "node:crypto"
import { mkdtemp, readdir, rename, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pino from "pino"
import { afterAll, beforeAll, expect, test } from "vitest"
import { seedDirectory, type Seeded } from "../../mailboxes-seed/seed.ts"
import { createAuthenticator } from "../../src/accounts/authenticate.ts"
import { createLoginThrottle } from "../../src/accounts/login-throttle.ts"
import { createPasswordWork } from "../../src/accounts/password-work.ts"
import { readKey } from "../../src/base/key-file.ts"
import { systemClock } from "../../src/base/clock.ts"
import { configSchema } from "../../src/config/schema.ts"
import { createAdministratorStore } from "../../src/store/sql/administrators.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { createDirectorySource, loadDirectory } from "../../src/store/sql/directory.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let dataDir: string
let first: Seeded
const steps: string[] = []
const config = () => configSchema.parse({ dataDir, auth: { bcryptCost: 4 } })
beforeAll(async () => {
  database = await createTestDatabase()
  dataDir = await mkdtemp(join(tmpdir(), "congthu-seed-"))
  first = await seedDirectory({ database, config: config(), onProgress: (done, total, step) => steps.push(`${done}/${total} ${step}`) })
})
afterAll(async () => {
  await database.drop()
  await rm(dataDir, { recursive: true })
})

test("the first start fills the directory and makes three logins that work", async () => {
  expect(first.version).toBe(3)
  expect(steps.at(0)).toBe("0/15 reading the directory")
  expect(steps.at(-1)).toBe("15/15 done")
  expect(steps.map((step) => Number.parseInt(step))).toEqual(steps.map((step) => Number.parseInt(step)).toSorted((a, b) => a - b))
  expect(first.logins.map(({ via }) => via)).toEqual(["password", "password", "appPassword"])
  const administrators = await createAdministratorStore(database).list()
  expect(first.logins.map(({ address, administers }) => [administers, administrators.filter((one) => one.address === address).map(({ role, unitCode }) => `${role} ${unitCode}`)])).toEqual([["*", ["province null"]], ["SNV", ["unit SNV"]], [undefined, []]])
  const authenticator = createAuthenticator({
    directory: await createDirectorySource({ database, log: pino({ enabled: false }), tickMs: 0 }),
    credentials: createCredentialStore(database),
    passwords: createPasswordWork({ cost: 4 }),
    throttle: createLoginThrottle({ maxFailures: 3, failureWindowMs: 60_000 }),
    appPasswordKey: await readKey(join(dataDir, "keys/credential.key")),
    clock: systemClock,
  })
  for (const { address, password, principalId, via } of first.logins)
    expect(await authenticator.login({ username: address, password, clientAddress: "192.0.2.1", service: "imap" })).toMatchObject({ ok: true, value: { address, principalId, via } })
})

test("the logins are kept for their owner only, and a second start gives the same", async () => {
  expect((await stat(join(dataDir, "demo-logins.json"))).mode & 0o777).toBe(0o600)
  expect(await seedDirectory({ database, config: config() })).toEqual({ logins: first.logins, version: null })
})

test("1,876 certificates are registered, and those of the demo logins can be signed with", async () => {
  const byUse = await database.query({ text: "SELECT use, count(*) AS number, count(DISTINCT principal_id) < count(*) AS several FROM certificate GROUP BY use ORDER BY use" })
  expect(byUse).toEqual([{ use: "mobile", number: 120, several: false }, { use: "organizational", number: 490, several: true }, { use: "personal", number: 1266, several: true }])
  const directory = await loadDirectory(database)
  for (const { address, principalId, password, via } of first.logins) {
    const file = join(dataDir, "demo-certificates", `${address}.p12`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const read = spawnSync("openssl", ["pkcs12", "-in", file, "-passin", `pass:${password}`, "-nodes"], { encoding: "utf8" })
    if (read.error) continue
    const [certificate] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(read.stdout) ?? [""]
    const x509 = new X509Certificate(certificate)
    expect(x509.checkPrivateKey(createPrivateKey(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(read.stdout)?.[0] ?? ""))).toBe(true)
    const registered = directory.certificate(createHash("sha256").update(x509.raw).digest("hex"))
    expect(registered).toMatchObject(via === "password" ? { use: "personal", holder: { id: principalId } } : { use: "organizational", holder: { kind: "organization" } })
  }
})

test("a start that was cut short before the registration issues them again, under the passwords that are known", async () => {
  await rename(join(dataDir, "demo-certificates"), join(dataDir, "demo-certificates.new"))
  await database.query({ text: "TRUNCATE certificate CASCADE" })
  expect(await seedDirectory({ database, config: config() })).toEqual({ logins: first.logins, version: 4 })
  expect(await database.query({ text: "SELECT count(*) AS number FROM certificate" })).toEqual([{ number: 1876 }])
  expect(await readdir(join(dataDir, "demo-certificates"))).toHaveLength(3)
})

test("a start that was cut short after the registration finds the keys", async () => {
  await rename(join(dataDir, "demo-certificates"), join(dataDir, "demo-certificates.new"))
  expect(await seedDirectory({ database, config: config() })).toEqual({ logins: first.logins, version: null })
  expect((await readdir(join(dataDir, "demo-certificates"))).sort()).toEqual(first.logins.map(({ address }) => `${address}.p12`).sort())
})

test("a start that was cut short before the logins were kept makes new ones, and one app password is left", async () => {
  await rm(join(dataDir, "demo-logins.json"))
  const again = await seedDirectory({ database, config: config() })
  expect(again.version).toBeNull()
  expect(again.logins).toHaveLength(3)
  expect(again.logins[0]?.password).not.toBe(first.logins[0]?.password)
  expect(await database.query({ text: "SELECT count(*) AS live FROM credential WHERE kind = 'appPassword' AND revoked_at IS NULL" })).toEqual([{ live: 1 }])
})

test("a directory that somebody else filled is not touched", async () => {
  const other = await createTestDatabase(2)
  const dir = await mkdtemp(join(tmpdir(), "congthu-seed-"))
  await other.query({ text: "INSERT INTO organization_unit (code, name, kind, domain) VALUES ('A', 'A', 'province', 'a.example')" })
  expect(await seedDirectory({ database: other, config: { ...config(), dataDir: dir } })).toEqual({ logins: [], version: null })
  expect(await other.query({ text: "SELECT code FROM organization_unit" })).toEqual([{ code: "A" }])
  await other.drop()
  await rm(dir, { recursive: true })
})
