import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { get } from "node:https"
import { join } from "node:path"
import { json } from "node:stream/consumers"
import { ImapFlow } from "imapflow"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { createPasswordWork } from "../../src/accounts/password-work.ts"
import { roleNames } from "../../src/roles/role.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { migrate } from "../../src/store/sql/migrate.ts"
import { debianPostgresUnavailable, type DebianPostgres, startDebianPostgres } from "../support/debian-postgres.ts"
import { createProvince } from "../support/province.ts"
import { redisUnavailable, type RedisServer, startRedisServer } from "../support/redis-server.ts"
import { launch, newDataDir, removeDataDir, until } from "../support/running-system.ts"

/** As docker-compose runs them: one process for each role, no supervisor, a real PostgreSQL and a real Redis. */
const unavailable = debianPostgresUnavailable() ?? redisUnavailable()

describe.skipIf(unavailable !== undefined)(`roles by hand${unavailable ? ` (skipped: ${unavailable})` : ""}`, () => {
  let dataDir: string
  let postgres: DebianPostgres
  let redis: RedisServer
  const roles = new Map<string, ReturnType<typeof launch>>()
  const ports: Record<string, number> = {}
  const healthPorts = new Map<string, number>()

  beforeAll(async () => {
    ;[dataDir, postgres, redis] = await Promise.all([newDataDir(), startDebianPostgres(), startRedisServer()])
    const database = openDatabase({ url: postgres.url, poolSize: 2, applicationName: "tests" })
    await migrate(database)
    await createProvince(database as Parameters<typeof createProvince>[0])
    const [account] = await database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = 'an@tinh.example'" })
    await createCredentialStore(database).setPassword(account?.id ?? 0, await createPasswordWork({ cost: 4 }).hash("mật khẩu thử"))
    await database.close()
    for (const role of roleNames) roles.set(role, launch(dataDir, { args: ["--role", role], env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } }))
    await until(() => [...roles.values()].every((child) => readyLine(child.output()) !== undefined || child.exitCode !== null), 30_000)
    for (const [role, child] of roles) {
      const ready = readyLine(child.output())
      if (!ready) throw new Error(`${role}: ${child.output()}`)
      Object.assign(ports, ready.ports)
      healthPorts.set(role, ready.metrics)
    }
  }, 90_000)
  afterAll(async () => {
    for (const child of roles.values()) child.kill("SIGKILL")
    await Promise.all([postgres.stop(), redis.stop()])
    await removeDataDir(dataDir)
  })

  test("each role answers for its own health", async () => {
    for (const [role, port] of healthPorts) {
      const response = await fetch(`http://127.0.0.1:${port}/health`)
      expect(await response.json()).toMatchObject({ ok: true, roles: [{ role, ok: true }] })
    }
  })

  test("a message goes from SMTP by way of Redis to a session that is idle", async () => {
    const ca = await readFile(join(dataDir, "pki/ca.pem"), "utf8")
    const client = new ImapFlow({ host: "127.0.0.1", port: ports["imaps"] ?? 0, secure: true, servername: "localhost", tls: { ca }, auth: { user: "an@tinh.example", pass: "mật khẩu thử" }, logger: false })
    await client.connect()
    await client.mailboxOpen("INBOX")
    const arrived = once(client, "exists")
    const transport = createTransport({ host: "127.0.0.1", port: ports["smtp"] ?? 0, requireTLS: true, tls: { ca, servername: "localhost" } })
    await transport.sendMail({ envelope: { from: "ai@xa.example", to: "an@tinh.example" }, raw: "From: ai@xa.example\r\nTo: an@tinh.example\r\nSubject: thu\r\nMessage-ID: <1@xa.example>\r\n\r\nXin chao.\r\n" })
    void client.idle()
    await arrived
    const message = await client.fetchOne("*", { source: true })
    expect(message && message.source?.toString()).toContain("\r\nSubject: thu\r\nMessage-ID: <1@xa.example>\r\n\r\nXin chao.\r\n")
    transport.close()
    await client.logout()
  })

  test("a program with a token follows that message over HTTPS; one without learns nothing", async () => {
    const database = openDatabase({ url: postgres.url, poolSize: 1, applicationName: "tests" })
    const token = newApiToken()
    await createApiTokenStore(database).add({ name: "thu", sha256: apiTokenHash(token), scopes: ["trace:read", "overview:read", "policy:read"], createdBy: "QT1", expiresAt: null })
    await database.close()
    const ca = await readFile(join(dataDir, "pki/ca.pem"), "utf8")
    const ask = (authorization: Readonly<Record<string, string>>, path = "/api/v1/trace?of=%3C1@xa.example%3E"): Promise<{ readonly status: number | undefined; readonly body: unknown }> =>
      new Promise((resolve, reject) => {
        get({ host: "127.0.0.1", port: ports["https"] ?? 0, servername: "localhost", ca, path, headers: authorization }, (response) => void json(response).then((body) => resolve({ status: response.statusCode, body }), reject)).on("error", reject)
      })
    expect(await ask({ authorization: `Bearer ${token}` })).toMatchObject({
      status: 200,
      body: { traces: [{ reversePath: "ai@xa.example", connection: { clientAddress: "127.0.0.1", tls: expect.stringMatching(/^TLSv1\.3 /) as unknown }, deliveries: [{ recipient: "an@tinh.example", state: "delivered", places: [{ mailbox: "INBOX", uid: 1 }] }] }] },
    })
    expect(await ask({ authorization: `Bearer ${token}` }, "/api/v1/overview")).toMatchObject({ status: 200, body: { units: { accounts: expect.any(Number) as unknown }, province: { live: { today: { received: 1 }, roles: expect.arrayContaining([expect.objectContaining({ role: "web", ok: true })]) as unknown } } } })
    expect(await ask({ authorization: `Bearer ${token}` }, "/api/v1/policies/current")).toMatchObject({ status: 200, body: { version: 1, inForce: true } })
    expect(await ask({})).toMatchObject({ status: 401, body: { type: "urn:congthu:problem:unauthorized" } })
  })

  test("SIGTERM ends each of them cleanly", async () => {
    for (const child of roles.values()) child.kill("SIGTERM")
    await until(() => [...roles.values()].every((child) => child.exitCode !== null), 10_000)
    expect([...roles.values()].map((child) => child.exitCode)).toEqual(roleNames.map(() => 0))
  })
})

interface ReadyLine {
  readonly msg: string
  readonly ports: Readonly<Record<string, number>>
  readonly metrics: number
}

/** A role that runs alone says in its log where it listens. */
function readyLine(output: string): ReadyLine | undefined {
  const line = output.split("\n").find((text) => text.includes('"msg":"ready"'))
  return line === undefined ? undefined : (JSON.parse(line) as ReadyLine)
}
