import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createAuthenticator } from "../../src/accounts/authenticate.ts"
import { appPasswordHash, newAppPassword } from "../../src/accounts/credential.ts"
import { createLoginThrottle } from "../../src/accounts/login-throttle.ts"
import { createPasswordWork } from "../../src/accounts/password-work.ts"
import { systemClock } from "../../src/base/clock.ts"
import { createIntake } from "../../src/intake/accept.ts"
import { ensureDevelopmentCertificates } from "../../src/pki/development-ca.ts"
import { createSubmissionRates } from "../../src/smtp/rate-limits.ts"
import { type SmtpConfig, type SmtpServer, type SmtpServices, startSmtpServer } from "../../src/smtp/server.ts"
import type { Committed } from "../../src/store/acceptance-store.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createQuotaView } from "../../src/store/sql/quota.ts"
import { createProvince } from "./province.ts"
import { served } from "./test-tls.ts"
import { createTestStore, readAll, testLog, type TestStore } from "./store.ts"

/** The whole SMTP side on the real store: what `smtp` as a process has, without the outbox. */
export interface SmtpWorld {
  readonly store: TestStore
  readonly directory: SqlDirectorySource
  readonly ca: string
  /** App passwords by account address; a password "Mật khẩu đúng" exists for an@ and may@. */
  readonly appPasswords: ReadonlyMap<string, string>
  readonly committed: Committed[]
  /** Exceptions that the server logged; a test that expects none looks here. */
  readonly failures: unknown[]
  readonly disk: { low: boolean }
  server(config?: Partial<SmtpConfig>, services?: Partial<SmtpServices>, messagesPerHour?: number): Promise<SmtpServer>
  /** What was stored last: prefix, bytes, and whom it goes to. */
  last(): Promise<Stored>
  envelopes(): Promise<number>
  close(): Promise<void>
}

export interface Stored {
  readonly tracePrefix: string
  readonly bytes: Buffer
  readonly source: string
  readonly reversePath: string
  readonly recipients: readonly string[]
  readonly notify: readonly string[]
  readonly audit: { readonly accountId: number | null; readonly principalId: string | null; readonly tls: string | null }
  readonly row: Record<string, unknown>
}

export const password = "Mật khẩu đúng"

const defaults: SmtpConfig = {
  maxMessageBytes: 2_000_000, maxRecipients: 5, maxConnections: 100, maxConnectionsPerAddress: 50, maxErrors: 10, idleTimeout: 60_000, xclientProxies: [],
}

export async function createSmtpWorld(): Promise<SmtpWorld> {
  const store = await createTestStore()
  await createProvince(store.database)
  const directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
  const dir = await mkdtemp(join(tmpdir(), "congthu-tls-"))
  const files = await ensureDevelopmentCertificates({ dir, names: ["mail.tinh.example", "localhost", "127.0.0.1"], clock: systemClock })
  const tls = served({ key: await readFile(files.keyFile), cert: await readFile(files.certificateFile) })
  const credentials = createCredentialStore(store.database)
  const passwords = createPasswordWork({ cost: 4 })
  const appPasswordKey = Buffer.alloc(32, 3)
  const appPasswords = new Map<string, string>()
  for (const { address, id } of directory.current().accounts()) {
    const principalId = address.startsWith("binh") ? "binh" : "an"
    const appPassword = newAppPassword()
    appPasswords.set(address, appPassword)
    await credentials.addAppPassword({ accountId: id, principalId, label: "test", hash: appPasswordHash(appPassword, appPasswordKey) ?? "" })
    if (address.startsWith("an@") || address.startsWith("may@")) await credentials.setPassword(id, await passwords.hash(password))
  }
  const authenticator = createAuthenticator({ directory, credentials, passwords, throttle: createLoginThrottle({ maxFailures: 5, failureWindowMs: 60_000 }), appPasswordKey, clock: systemClock })
  const committed: Committed[] = []
  const failures: unknown[] = []
  const disk = { low: false }
  const servers: SmtpServer[] = []
  return {
    store, directory, appPasswords, committed, failures, disk,
    ca: await readFile(files.caFile, "utf8"),
    async server(config = {}, services = {}, messagesPerHour = 0) {
      const rates = createSubmissionRates({ messagesPerHour, clock: systemClock })
      const intake = createIntake({
        directory, acceptances: store.acceptances, rates, clock: systemClock, wake: (done) => void committed.push(done), config: { hostname: "mail.tinh.example", expiryMs: 86_400_000 },
        mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
      })
      const log: SmtpServices["log"] = { failed: ({ error }) => void failures.push(error), signedIn: () => undefined, signInRefused: () => undefined, addressRefused: () => undefined, dataRefused: () => undefined, connectionError: () => undefined }
      const server = await startSmtpServer({
        config: { hostname: "mail.tinh.example", listen: { host: "127.0.0.1", smtp: 0, submission: 0, submissions: 0 }, smtp: { ...defaults, ...config } },
        tls,
        services: {
          intake, contentStore: store.contents, directory, authenticator, quota: createQuotaView({ database: store.database, clock: systemClock }),
          freeSpace: { isLow: () => disk.low }, rates, clock: systemClock, log, ...services,
        },
      })
      servers.push(server)
      return server
    },
    async last() {
      const [row] = await store.database.query<Record<string, unknown>>({ text: "SELECT * FROM envelope ORDER BY inserted_at DESC, id DESC LIMIT 1" })
      if (!row) throw new Error("nothing was stored")
      const deliveries = await store.database.query<{ recipient: string; notify: string[] }>({ text: "SELECT recipient, notify FROM delivery WHERE envelope_id = $1 ORDER BY id" }, [row["id"]])
      const [audit] = await store.database.query<{ detail: Stored["audit"] }>({ text: "SELECT detail FROM audit WHERE envelope_id = $1" }, [row["id"]])
      const content = row["content"]
      if (!(content instanceof Uint8Array) || !audit) throw new Error("an envelope without content or audit entry")
      return {
        row,
        tracePrefix: String(row["trace_prefix"]),
        bytes: await readAll(store.contents.read(content)),
        source: String(row["source"]),
        reversePath: String(row["reverse_path"]),
        recipients: deliveries.map(({ recipient }) => recipient),
        notify: deliveries.map(({ notify }) => notify.join(",")),
        audit: audit.detail,
      }
    },
    async envelopes() {
      const [row] = await store.database.query<{ count: number }>({ text: "SELECT count(*) FROM envelope" })
      return row?.count ?? 0
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()))
      directory.close()
      await store.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
