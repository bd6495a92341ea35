import { randomBytes } from "node:crypto"
import { createServer, request } from "node:http"
import express from "express"
import { openApiDocument } from "../../src/api/openapi/document.ts"
import { createAuthenticator } from "../../src/accounts/authenticate.ts"
import type { AdministratorRole } from "../../src/accounts/administrator.ts"
import { appPasswordHash, newAppPassword } from "../../src/accounts/credential.ts"
import { createLoginThrottle } from "../../src/accounts/login-throttle.ts"
import { createPasswordWork } from "../../src/accounts/password-work.ts"
import { serve } from "../../src/base/serving.ts"
import { createLookupRates } from "../../src/console/lookup-rates.ts"
import { consoleAreas } from "../../src/console/pages/areas.ts"
import { consoleRouter } from "../../src/console/web/console-router.ts"
import type { Area } from "../../src/console/web/page.ts"
import { createAdministratorStore } from "../../src/store/sql/administrators.ts"
import { createConsoleSessionStore } from "../../src/store/sql/console-sessions.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { isUnavailable } from "../../src/store/sql/database.ts"
import { createDirectorySource } from "../../src/store/sql/directory.ts"
import { createOverviewStore } from "../../src/store/sql/overview.ts"
import { usageOf } from "../../src/store/sql/quota.ts"
import { allRoutes } from "./all-routes.ts"
import { createTestDatabase, type TestDatabase } from "./database.ts"
import { testLog } from "./store.ts"

/**
 * The console on a real database, without a browser: requests as a browser would send them, over plain HTTP (TLS is the listener's business, see
 * tests/console/browser). Two departments; An owns a mailbox in each sense that matters.
 */
export interface ConsoleWorld {
  readonly database: TestDatabase
  readonly clock: { ms: number }
  readonly password: string
  accountId(address: string): number
  administer(address: string, role: AdministratorRole, unitCode?: string): Promise<void>
  appPassword(address: string, principalId: string): Promise<string>
  ask(path: string, options?: AskOptions): Promise<ConsoleAnswer>
  /** Signs in and returns the cookie. */
  signIn(address: string, password?: string): Promise<string>
  /** The token in a page's forms. */
  csrf(cookie: string): Promise<string>
  close(): Promise<void>
}

export interface AskOptions {
  readonly cookie?: string
  readonly form?: Readonly<Record<string, string>>
  /** Added, or with undefined taken away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

export interface ConsoleAnswer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
  /** Name → value of what is to be set; empty for what is to go. */
  readonly cookies: Readonly<Record<string, string>>
}

export interface WorldOptions {
  readonly moreAreas?: readonly Area[]
  readonly requestsPerMinute?: number
  /** Text that stands in every name of the directory. */
  readonly names?: string
}

const sessionIdleMs = 30 * 60_000
const sessionLifeMs = 12 * 3_600_000

export async function openConsoleWorld({ moreAreas = [], requestsPerMinute = 0, names = "" }: WorldOptions = {}): Promise<ConsoleWorld> {
  const database = await createTestDatabase()
  await database.query({ text: "INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES ('T', 'Tỉnh', 'province', NULL, 'tinh.example'), ('A', 'Sở A', 'department', 'T', 'a.example'), ('A.1', 'Phòng 1', 'division', 'A', 'a.example'), ('B', 'Sở B', 'department', 'T', 'b.example')" })
  await database.query({ text: "INSERT INTO principal (id, kind, name, unit_code) SELECT id, 'individual', name || $1, unit FROM (VALUES ('P1', 'Nguyễn Văn An', 'A.1'), ('P2', 'Trần Thị Bình', 'B')) AS v (id, name, unit)" }, [names])
  await database.query({ text: "INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) SELECT address, kind, name || $1, unit, 1000000 FROM (VALUES ('an@a.example', 'personal', 'Nguyễn Văn An', 'A.1'), ('vp@a.example', 'organizational', 'Văn phòng', 'A'), ('binh@b.example', 'personal', 'Trần Thị Bình', 'B')) AS v (address, kind, name, unit)" }, [names])
  await database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) SELECT id, p, r FROM account JOIN (VALUES ('an@a.example', 'P1', ARRAY['owner']), ('vp@a.example', 'P1', ARRAY['read', 'send-as']), ('binh@b.example', 'P2', ARRAY['owner'])) AS v (a, p, r) ON a = address" })
  const clock = { ms: Date.now() }
  const now = { now: () => clock.ms }
  const directory = await createDirectorySource({ database, log: testLog, tickMs: 0 })
  const credentials = createCredentialStore(database)
  const passwords = createPasswordWork({ cost: 4 })
  const password = "Hoa đào nở muộn"
  const accountId = (address: string): number => {
    const target = directory.current().resolve(address)
    if (target.kind !== "account") throw new Error(`no account ${address}`)
    return target.account.id
  }
  for (const address of ["an@a.example", "binh@b.example"]) await credentials.setPassword(accountId(address), await passwords.hash(password))
  const appPasswordKey = randomBytes(32)
  const authenticator = createAuthenticator({ directory, credentials, passwords, throttle: createLoginThrottle({ maxFailures: 5, failureWindowMs: 60_000 }), appPasswordKey, clock: now })
  const sessions = createConsoleSessionStore({ database, idleMs: sessionIdleMs, absoluteMs: sessionLifeMs })
  const onError = (error: unknown): void => void errors.push(error)
  const errors: unknown[] = []
  const areas = consoleAreas({
    signIn: { authenticator, sessions },
    overview: { figures: createOverviewStore({ database }), health: async () => [{ role: `smtp${names}`, ok: false, since: 0, checks: [{ name: `x${names}`, ok: false, detail: `y${names}` }] }], licences: { accounts: 3000, holders: 4228 }, clock: now, onError },
    self: { sessions, directory, credentials, authenticator, passwords, appPasswordKey, usage: (ids) => usageOf(database, ids), clock: now },
    api: { document: openApiDocument(allRoutes(), { title: "Công Thư" }) },
  })
  const app = express()
  app.use("/console", consoleRouter({ areas: [...areas, ...moreAreas], sessions, authenticator, directory, clock: now, csrfKey: randomBytes(32), rates: createLookupRates(requestsPerMinute, 60), isUnavailable, log: { failed: ({ error }) => onError(error), refused: () => undefined } }))
  const server = await serve(createServer(app), { host: "127.0.0.1", port: 0 })
  const host = `127.0.0.1:${server.port}`

  const world: ConsoleWorld = {
    database, clock, password, accountId,
    async administer(address, role, unitCode) {
      const principalId = directory.current().assignmentsOfAccount(accountId(address), clock.ms).find(({ rights }) => rights.includes("owner"))?.principalId ?? null
      await createAdministratorStore(database).add({ accountId: accountId(address), principalId, role, unitCode: unitCode ?? null, by: "test" })
    },
    async appPassword(address, principalId) {
      const text = newAppPassword()
      await credentials.addAppPassword({ accountId: accountId(address), principalId, label: `Điện thoại${names}`, hash: appPasswordHash(text, appPasswordKey) ?? "" })
      return text
    },
    ask: (path, { cookie, form, headers = {} } = {}) =>
      new Promise((resolve, reject) => {
        const body = form && new URLSearchParams(form).toString()
        const all: Record<string, string | undefined> = { host, ...(cookie !== undefined && { cookie }), ...(body !== undefined && { origin: `https://${host}`, "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded" }), ...headers }
        const sent = Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value.replace("{host}", host)]])))
        const asked = request({ host: "127.0.0.1", port: server.port, path, method: body === undefined ? "GET" : "POST", headers: sent }, (response) => {
          let text = ""
          response.on("data", (chunk: Buffer) => (text += chunk.toString()))
          response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, cookies: cookiesOf(response.headers["set-cookie"]) }))
        })
        asked.on("error", reject)
        asked.end(body)
      }),
    async signIn(address, given = password) {
      const { cookies, body } = await world.ask("/console/sign-in", { form: { address, password: given } })
      const token = cookies["__Host-congthu"]
      if (token === undefined) throw new Error(`not signed in: ${body}`)
      return `__Host-congthu=${token}`
    },
    async csrf(cookie) {
      const token = /name="_csrf" value="([\w-]+)"/.exec((await world.ask("/console/me/sessions", { cookie })).body)?.[1]
      if (token === undefined) throw new Error("no form token")
      return token
    },
    async close() {
      await server.close()
      await database.drop()
      if (errors.length > 0) throw new Error("the console failed", { cause: errors[0] })
    },
  }
  return world
}

const cookiesOf = (lines: readonly string[] = []): Readonly<Record<string, string>> =>
  Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1).split(";")[0] ?? ""]))
