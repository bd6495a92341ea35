import { mkdtemp, rm, stat } from "node:fs/promises"
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
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { createDirectorySource } from "../../src/store/sql/directory.ts"
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
  expect(first.version).toBe(2)
  expect(steps.at(0)).toBe("0/5 reading the directory")
  expect(steps.at(-1)).toBe("5/5 done")
  expect(first.logins.map(({ via }) => via)).toEqual(["password", "password", "appPassword"])
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
