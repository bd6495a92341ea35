import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createAuthenticator } from "../../src/accounts/authenticate.ts"
import { appPasswordHash, newAppPassword } from "../../src/accounts/credential.ts"
import { createLoginThrottle } from "../../src/accounts/login-throttle.ts"
import { createPasswordWork } from "../../src/accounts/password-work.ts"
import { systemClock } from "../../src/base/clock.ts"
import { configSchema } from "../../src/config/schema.ts"
import { type ImapServer, startImapServer } from "../../src/imap/server.ts"
import type { ImapLimits, ImapServices } from "../../src/imap/session.ts"
import { ensureDevelopmentCertificates } from "../../src/pki/development-ca.ts"
import { createAuditStore } from "../../src/store/sql/audit.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { isUnavailable } from "../../src/store/sql/database.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { ImapClient } from "./imap-client.ts"
import { createProvince } from "./province.ts"
import { served } from "./test-tls.ts"
import { createTestStore, testLog, type TestStore, unwrap } from "./store.ts"

/** An IMAP server on the real store, with the people of `createProvince`. */
export interface ImapWorld {
  readonly store: TestStore
  readonly directory: SqlDirectorySource
  readonly server: ImapServer
  /** PEM of the certificate authority. */
  readonly ca: string
  /** Exceptions that the server took for bugs: every test expects none. */
  readonly bugs: unknown[]
  readonly ended: string[]
  /** App passwords by account address (principal `an`; `binh` for binh@). */
  readonly appPasswords: ReadonlyMap<string, string>
  accountId(address: string): number
  /** Resolves when this process has heard of it. */
  deliver(address: string, subject: string): Promise<void>
  /** Another server on the same store. */
  another(options: { readonly limits?: Partial<ImapLimits>; readonly services?: Partial<ImapServices>; readonly sweepMs?: number }): Promise<ImapServer>
  connect(options?: { readonly clear?: boolean; readonly server?: ImapServer }): Promise<ImapClient>
  /** Connected over TLS and signed in with the account's password. */
  signIn(address?: string, server?: ImapServer): Promise<ImapClient>
  close(): Promise<void>
}

export const password = "Mật khẩu đúng"

export async function createImapWorld(limits: Partial<ImapLimits> = {}): Promise<ImapWorld> {
  const store = await createTestStore()
  const { database } = store
  await createProvince(database)
  await database.query({ text: "INSERT INTO mailbox (account_id, name, special_use) SELECT a.id, v.name, v.use FROM account a, (VALUES ('Sent', '\\Sent'), ('Trash', '\\Trash'), ('Lưu trữ', '\\Archive')) v (name, use)" })
  const directory = await createDirectorySource({ database, feed: store.feed, log: testLog, tickMs: 0 })
  const dir = await mkdtemp(join(tmpdir(), "congthu-tls-"))
  const files = await ensureDevelopmentCertificates({ dir, names: ["mail.tinh.example", "localhost", "127.0.0.1"], clock: systemClock })
  const tls = served({ key: await readFile(files.keyFile), cert: await readFile(files.certificateFile) })
  const credentials = createCredentialStore(database)
  const passwords = createPasswordWork({ cost: 4 })
  const appPasswordKey = Buffer.alloc(32, 3)
  const appPasswords = new Map<string, string>()
  for (const { address, id } of directory.current().accounts()) {
    const appPassword = newAppPassword()
    appPasswords.set(address, appPassword)
    await credentials.addAppPassword({ accountId: id, principalId: address.startsWith("binh") ? "binh" : "an", label: "test", hash: appPasswordHash(appPassword, appPasswordKey) ?? "" })
    await credentials.setPassword(id, await passwords.hash(password))
  }
  const authenticator = createAuthenticator({ directory, credentials, passwords, throttle: createLoginThrottle({ maxFailures: 100, failureWindowMs: 60_000 }), appPasswordKey, clock: systemClock })
  const bugs: unknown[] = []
  const ended: string[] = []
  const ignore = (): void => undefined
  const services: ImapServices = {
    mailStore: store.mail, contentStore: store.contents, directory, authenticator, audit: createAuditStore(database), clock: systemClock, isUnavailable,
    log: { signedIn: ignore, signInRefused: ignore, unavailable: ignore, slow: ignore, ended: ({ reason }) => void ended.push(reason), bug: ({ error }) => void bugs.push(error) },
  }
  const servers: ImapServer[] = []
  const start = async (options: { readonly limits?: Partial<ImapLimits>; readonly services?: Partial<ImapServices>; readonly sweepMs?: number }): Promise<ImapServer> => {
    const config = configSchema.parse({ hostname: "mail.tinh.example" })
    const server = await startImapServer({
      config: { ...config, listen: { ...config.listen, imap: 0, imaps: 0 }, imap: { ...config.imap, ...options.limits } },
      tls,
      services: { ...services, ...options.services },
      sweepMs: options.sweepMs ?? 20,
    })
    servers.push(server)
    return server
  }
  const server = await start({ limits })
  const connect: ImapWorld["connect"] = async (options = {}) => {
    const { ports } = options.server ?? server
    const client = new ImapClient(options.clear ? ports.imap : ports.imaps, !options.clear)
    await client.line()
    return client
  }
  const accountId = (address: string): number => {
    const found = directory.current().resolve(address)
    if (found.kind !== "account") throw new Error(`no account ${address}`)
    return found.account.id
  }
  return {
    store, directory, server, ca: await readFile(files.caFile, "utf8"), bugs, ended, appPasswords, connect, accountId,
    another: start,
    async deliver(address, subject) {
      const heard = new Promise<void>((resolve) => {
        const unsubscribe = store.feed.subscribe((changes) => {
          if (!changes.some((change) => change.kind === "appended" && change.accountId === accountId(address))) return
          unsubscribe()
          resolve()
        })
      })
      await store.deliver(`From: a@tinh.example\r\nSubject: ${subject}\r\n\r\nBody of ${subject}\r\n`, [accountId(address)])
      await heard
      // an index that was just catching up is current when this resolves
      const inbox = unwrap(await store.mail.findMailbox(accountId(address), "INBOX"))
      unwrap(await store.mail.openMailbox(inbox.id)).release()
    },
    async signIn(address = "an@tinh.example", on) {
      const client = await connect(on ? { server: on } : {})
      const lines = await client.command(`LOGIN ${address} "${password}"`)
      if (!lines.at(-1)?.startsWith("t OK")) throw new Error(`not signed in: ${lines.join(" ")}`)
      return client
    },
    async close() {
      await Promise.all(servers.map((each) => each.close()))
      directory.close()
      await store.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
