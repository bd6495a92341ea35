import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import express from "express"
import { openApiDocument } from "../../src/api/openapi/document.ts"
import { ok } from "../../src/base/result.ts"
import { createAllowedUrls } from "../../src/pki/revocation/allowed-url.ts"
import { noSignature } from "../../src/pki/assumed-signature.ts"
import { createAuthenticator } from "../../src/accounts/authenticate.ts"
import type { AdministratorRole, Grant } from "../../src/accounts/administrator.ts"
import { appPasswordHash, newAppPassword } from "../../src/accounts/credential.ts"
import { createChallenges } from "../../src/accounts/factors/challenge.ts"
import { codeThrottle, createCodes } from "../../src/accounts/factors/codes.ts"
import { createPasskeys } from "../../src/accounts/factors/passkeys.ts"
import type { SecondFactors } from "../../src/accounts/factors/second-factors.ts"
import { createLoginThrottle } from "../../src/accounts/login-throttle.ts"
import { createPasswordWork } from "../../src/accounts/password-work.ts"
import { createSignInAudit } from "../../src/accounts/sign-in-audit.ts"
import type { Clock } from "../../src/base/clock.ts"
import { serve } from "../../src/base/serving.ts"
import { createLookupRates } from "../../src/console/lookup-rates.ts"
import { consoleAreas } from "../../src/console/pages/areas.ts"
import type { SingleSignOnPorts } from "../../src/console/pages/sign-in/single-sign-on.ts"
import { consoleRouter } from "../../src/console/web/console-router.ts"
import type { Area, Page } from "../../src/console/web/page.ts"
import { operationPorts } from "../../src/roles/operation-pages.ts"
import { openQueueBoard } from "../../src/roles/queue-board.ts"
import type { WebPorts } from "../../src/roles/web-ports.ts"
import type { AcceptanceStore } from "../../src/store/acceptance-store.ts"
import { createFileBlobs } from "../../src/store/blob/file-blobs.ts"
import type { ContentStore } from "../../src/store/content-store.ts"
import { createSealer, type Sealer } from "../../src/store/sealing.ts"
import { createAcceptanceStore } from "../../src/store/sql/acceptances.ts"
import { createAdministratorStore } from "../../src/store/sql/administrators.ts"
import { createAuditStore } from "../../src/store/sql/audit.ts"
import { createConsoleSessionStore } from "../../src/store/sql/console-sessions.ts"
import { createContentStore } from "../../src/store/sql/contents.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { isUnavailable } from "../../src/store/sql/database.ts"
import { createDirectorySource } from "../../src/store/sql/directory.ts"
import { createPostgresChangeFeed } from "../../src/store/sql/postgres-feed.ts"
import { createFactorResets } from "../../src/store/sql/factor-resets.ts"
import { createOverviewStore } from "../../src/store/sql/overview.ts"
import { createFactorStore } from "../../src/store/sql/second-factors.ts"
import { usageOf } from "../../src/store/sql/quota.ts"
import { createMailOverview } from "../../src/telemetry/mail-overview.ts"
import { createWebhookDesk } from "../../src/store/sql/webhook-desk.ts"
import { createSubscriptions } from "../../src/webhooks/subscriptions.ts"
import { allRoutes } from "./all-routes.ts"
import { directoryPorts } from "./console-directory.ts"
import { createTestDatabase, type TestDatabase } from "./database.ts"
import { testLog } from "./store.ts"

/**
 * The console on a real database, without a browser: requests as a browser would send them, over plain HTTP (TLS is the listener's business, see
 * tests/console/browser). Two departments; An owns a mailbox in each sense that matters.
 */
export interface ConsoleWorld {
  readonly database: TestDatabase
  /** What the pages stand on, for the API to stand on the same. */
  readonly ports: Pick<WebPorts, "directory" | "operation" | "overview" | "resets" | "credentials">
  readonly clock: { ms: number }
  readonly password: string
  /** Where messages come from that the pages show. */
  readonly contents: ContentStore
  readonly sealer: Sealer
  readonly acceptances: AcceptanceStore
  readonly factors: SecondFactors
  /** `principal P1`: as if no wrong code had been given for him. */
  forgetGuesses(owner: string): Promise<void>
  /** What the audit has of a kind, oldest first; what is only counted is written first. */
  audit(kind: string): Promise<readonly { readonly principalId: string | null; readonly actor: unknown; readonly detail: Readonly<Record<string, unknown>> }[]>
  accountId(address: string): number
  /** All that it serves. */
  readonly pages: readonly Page[]
  administer(address: string, role: AdministratorRole, unitCode?: string): Promise<void>
  appPassword(address: string, principalId: string): Promise<string>
  ask(path: string, options?: AskOptions): Promise<ConsoleAnswer>
  /** Signs in and returns the cookie. */
  signIn(address: string, password?: string): Promise<string>
  /** The token in a page's forms. */
  csrf(cookie: string): Promise<string>
  /** The directory is read again at once, after rows were changed beside it. */
  refresh(): Promise<void>
  /** Resolves when no bulk job is under way any more. */
  bulkDone(): Promise<void>
  /** The console has failed, once and in this way; any other failure fails the test at the end. */
  expectError(text: string): Promise<void>
  close(): Promise<void>
}

export interface AskOptions {
  readonly cookie?: string
  readonly form?: Readonly<Record<string, string | readonly string[]>>
  /** Makes the form one with a file. */
  readonly file?: { readonly field: string; readonly name: string; readonly bytes: Buffer }
  /** Only the head of the answer is waited for: of a stream that does not end. */
  readonly headOnly?: boolean
  /** Added, or with undefined taken away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Absent: GET, or POST with a form. */
  readonly method?: string
}

export interface ConsoleAnswer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
  readonly bytes: Buffer
  /** Name → value of what is to be set; empty for what is to go. */
  readonly cookies: Readonly<Record<string, string>>
}

export interface WorldOptions {
  readonly moreAreas?: readonly Area[]
  readonly requestsPerMinute?: number
  /** Text that stands in every name of the directory. */
  readonly names?: string
  /** Of whom a second factor is demanded; nobody when absent. */
  readonly needsSecondFactor?: (grants: readonly Grant[]) => boolean
  readonly openSingleSignOn?: (parts: Pick<SingleSignOnPorts, "sealer" | "signIns"> & { readonly clock: Clock; readonly database: TestDatabase }) => SingleSignOnPorts
}

/** Passkeys are bound to it, and the identity provider sends people back to it. */
export const consoleOrigin = "https://console.example"

const sessionIdleMs = 30 * 60_000
const sessionLifeMs = 12 * 3_600_000

export async function openConsoleWorld({ moreAreas = [], requestsPerMinute = 0, names = "", needsSecondFactor = () => false, openSingleSignOn }: WorldOptions = {}): Promise<ConsoleWorld> {
  const database = await createTestDatabase()
  await database.query({ text: "INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES ('T', 'Tỉnh', 'province', NULL, 'tinh.example'), ('A', 'Sở A', 'department', 'T', 'a.example'), ('A.1', 'Phòng 1', 'division', 'A', 'a.example'), ('B', 'Sở B', 'department', 'T', 'b.example')" })
  await database.query({ text: "INSERT INTO principal (id, kind, name, unit_code) SELECT id, 'individual', name || $1, unit FROM (VALUES ('P1', 'Nguyễn Văn An', 'A.1'), ('P2', 'Trần Thị Bình', 'B')) AS v (id, name, unit)" }, [names])
  await database.query({ text: "INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) SELECT address, kind, name || $1, unit, 1000000 FROM (VALUES ('an@a.example', 'personal', 'Nguyễn Văn An', 'A.1'), ('vp@a.example', 'organizational', 'Văn phòng', 'A'), ('binh@b.example', 'personal', 'Trần Thị Bình', 'B')) AS v (address, kind, name, unit)" }, [names])
  await database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) SELECT id, p, r FROM account JOIN (VALUES ('an@a.example', 'P1', ARRAY['owner']), ('vp@a.example', 'P1', ARRAY['read', 'send-as']), ('binh@b.example', 'P2', ARRAY['owner'])) AS v (a, p, r) ON a = address" })
  const clock = { ms: Date.now() }
  const now = { now: () => clock.ms }
  const feed = createPostgresChangeFeed({ database, url: database.url, log: testLog })
  await feed.ready
  const directory = await createDirectorySource({ database, feed, log: testLog, tickMs: 0 })
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
  const blobDir = await mkdtemp(join(tmpdir(), "congthu-console-"))
  const sealer = createSealer(randomBytes(32))
  const contents = createContentStore({ database, blobs: createFileBlobs(blobDir), sealer, inlineBytes: 64 * 1024, log: testLog })
  const acceptances = createAcceptanceStore({ database, log: testLog })
  const onError = (error: unknown): void => void errors.push(error)
  const errors: unknown[] = []
  const ofDirectory = directoryPorts({ database, directory, sealer, appPasswordKey, clock: now, onError })
  const signIns = createSignInAudit({ recorder: createAuditStore(database), directory, clock: now, lost: onError })
  const throttle = createLoginThrottle(codeThrottle)
  const store = createFactorStore(database)
  const challenges = createChallenges({ key: randomBytes(32), clock: now })
  const factors: SecondFactors = {
    store,
    codes: createCodes({ store, sealer, challenges, throttle, signIns, recoveryKey: randomBytes(32), issuer: "Thư công vụ", clock: now }),
    passkeys: createPasskeys({ store, challenges, signIns, userKey: randomBytes(32), origin: consoleOrigin, serviceName: "Thư công vụ" }),
  }
  const singleSignOn = openSingleSignOn?.({ sealer, signIns, clock: now, database })
  const board = openQueueBoard({ backend: { kind: "postgres", url: database.url }, database, title: "Công Thư" })
  const ports: ConsoleWorld["ports"] = {
    directory: ofDirectory.pages, resets: createFactorResets(database), credentials,
    overview: createMailOverview({ figures: createOverviewStore({ database }), health: async () => [{ role: `smtp${names}`, ok: false, since: 0, checks: [{ name: `x${names}`, ok: false, detail: `y${names}` }] }], licences: { accounts: 3000, holders: 4228 }, clock: now, onError }),
    operation: operationPorts({ database, directory, sealer, contents, feed, clock: now, outbox: { wake: () => undefined }, engine: board.engine, statusOf: async () => undefined, findSignature: async () => ok(noSignature), forwarding: { inside: true, domains: [] }, auditKey: async () => "00".repeat(32), auditKeepMs: 0, consoleIdleMs: sessionIdleMs, consoleLifeMs: sessionLifeMs, onError }),
  }
  const areas = consoleAreas({
    signIn: { authenticator, sessions, factors, directory, clock: now, singleSignOn },
    overview: ports,
    directory: ports.directory,
    operation: ports.operation,
    self: { sessions, directory, credentials, authenticator, passwords, appPasswordKey, mailPassword: "withoutSecondFactor", usage: (ids) => usageOf(database, ids), clock: now, ...ofDirectory.holder },
    security: { factors, sessions, resets: ports.resets, needsSecondFactor, mailPassword: "withoutSecondFactor" },
    api: {
      document: openApiDocument(allRoutes(), { title: "Công Thư" }), nameOf: (by) => directory.current().principal(by)?.name ?? by,
      webhooks: createSubscriptions({ desk: createWebhookDesk(database), allowed: createAllowedUrls(["https://*.he-thong.example/"]), sealing: sealer, clock: now }),
    },
  })
  const app = express()
  app.use("/console", consoleRouter({ areas: [...areas, ...moreAreas], mounted: [board.mounted], sessions, authenticator, factors, needsSecondFactor, singleSignOn: singleSignOn?.provider.name, directory, clock: now, csrfKey: randomBytes(32), rates: createLookupRates(requestsPerMinute, 60), isUnavailable, log: { failed: ({ error }) => onError(error), refused: () => undefined } }))
  const server = await serve(createServer(app), { host: "127.0.0.1", port: 0 })
  const host = `127.0.0.1:${server.port}`

  const world: ConsoleWorld = {
    database, ports, clock, password, factors, contents, sealer, acceptances, accountId, pages: areas.flatMap((area) => area.pages),
    forgetGuesses: (owner) => throttle.succeeded("", `second factor of ${owner}`),
    async audit(kind) {
      await signIns.flush(true)
      return database.query({ text: 'SELECT principal_id AS "principalId", actor, detail FROM audit WHERE kind = $1 ORDER BY id' }, [kind])
    },
    async administer(address, role, unitCode) {
      const principalId = directory.current().assignmentsOfAccount(accountId(address), clock.ms).find(({ rights }) => rights.includes("owner"))?.principalId ?? null
      await createAdministratorStore(database).add({ accountId: accountId(address), principalId, role, unitCode: unitCode ?? null, by: "test" })
    },
    async appPassword(address, principalId) {
      const text = newAppPassword()
      await credentials.addAppPassword({ accountId: accountId(address), principalId, label: `Điện thoại${names}`, hash: appPasswordHash(text, appPasswordKey) ?? "" })
      return text
    },
    ask: (path, { cookie, form, file, headOnly = false, headers = {}, method } = {}) =>
      new Promise((resolve, reject) => {
        const body = file ? multipart(form ?? {}, file) : form && new URLSearchParams(pairsOf(form)).toString()
        const all: Record<string, string | undefined> = { host, ...(cookie !== undefined && { cookie }), ...(body !== undefined && { origin: `https://${host}`, "sec-fetch-site": "same-origin", "content-type": file ? `multipart/form-data; boundary=${boundary}` : "application/x-www-form-urlencoded" }), ...headers }
        const sent = Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value.replace("{host}", host)]])))
        const asked = request({ host: "127.0.0.1", port: server.port, path, method: method ?? (body === undefined ? "GET" : "POST"), headers: sent }, (response) => {
          const chunks: Buffer[] = []
          response.on("data", (chunk: Buffer) => void chunks.push(chunk))
          const done = (): void => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks), body: Buffer.concat(chunks).toString(), cookies: cookiesOf(response.headers["set-cookie"]) })
          response.on("end", done)
          if (!headOnly) return
          done()
          response.destroy()
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
    async refresh() {
      await database.query({ text: "UPDATE directory_version SET version = version + 1" })
      await directory.refresh()
    },
    bulkDone: ofDirectory.bulkDone,
    async expectError(text) {
      const error = errors.pop()
      if (!(error instanceof Error) || !error.message.includes(text)) throw new Error(`not "${text}"`, { cause: error })
    },
    async close() {
      await ofDirectory.bulkDone()
      await server.close()
      await feed.close()
      await board.close()
      await signIns.close()
      await database.drop()
      await rm(blobDir, { recursive: true, force: true })
      if (errors.length > 0) throw new Error("the console failed", { cause: errors[0] })
    },
  }
  return world
}

const boundary = "----congthu-tests"

const pairsOf = (form: NonNullable<AskOptions["form"]>): [string, string][] => Object.entries(form).flatMap(([name, value]) => (typeof value === "string" ? [value] : value).map((one): [string, string] => [name, one]))

const multipart = (form: NonNullable<AskOptions["form"]>, { field, name, bytes }: NonNullable<AskOptions["file"]>): Buffer =>
  Buffer.concat([
    ...pairsOf(form).map(([name, value]) => Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)),
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`), bytes, Buffer.from(`\r\n--${boundary}--\r\n`),
  ])

const cookiesOf = (lines: readonly string[] = []): Readonly<Record<string, string>> =>
  Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1).split(";")[0] ?? ""]))
