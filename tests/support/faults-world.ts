import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { loadOrCreateKey } from "../../src/base/key-file.ts"
import type { Database } from "../../src/store/sql/database.ts"
import { type CrashAccount, makeProvince } from "../crash/province.ts"
import { createTestDatabase } from "./database.ts"
import { ImapClient } from "./imap-client.ts"
import { SmtpClient } from "./smtp-dialog.ts"
import { startTestSystem, type TestSystem } from "./system.ts"

/** The whole system with a few accounts, on which tests of "when something breaks" let things break. */
export interface FaultsWorld {
  readonly system: TestSystem
  readonly database: Database
  readonly accounts: readonly CrashAccount[]
  readonly people: People
  close(): Promise<void>
}

/** What clients do, in the words of the tests. */
export interface People {
  /** From outside: connected and greeted. */
  outsider(): Promise<SmtpClient>
  /** A civil servant's client, over TLS and signed in for submission. */
  submitter(account: CrashAccount): Promise<SmtpClient>
  /** A civil servant's client, over TLS and signed in. */
  reader(account: CrashAccount): Promise<ImapClient>
  /** A reader that has not signed in. */
  stranger(): Promise<ImapClient>
}

export interface FaultsOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Where PostgreSQL is, when the test has one of its own: migrated, and `database` connected to it. */
  readonly postgres?: { readonly url: string; readonly database: Database }
  readonly accounts?: number
}

export const newFaultsDir = (): Promise<string> => mkdtemp(join(tmpdir(), "congthu-faults-"))

export async function startFaultsWorld(options: FaultsOptions = {}): Promise<FaultsWorld> {
  const own = options.postgres ? undefined : await createTestDatabase(2)
  const { url, database } = options.postgres ?? { url: own?.url ?? "", database: own as Database }
  const dataDir = await newFaultsDir()
  const accounts = await makeProvince(database, options.accounts ?? 3, await loadOrCreateKey(join(dataDir, "keys/credential.key")))
  const env = { DATABASE_URL: url, CONGTHU_DATABASE_POOL_SIZE: "4", CONGTHU_DEMO_SEED: "false", CONGTHU_DELIVERY_SWEEP: "250ms", CONGTHU_STORE_MINIMUM_FREE: "1MiB", ...options.env }
  const system = await startTestSystem({ dataDir, env })
  return {
    system,
    database,
    accounts,
    people: peopleOf(system),
    async close() {
      await system.stop()
      await own?.drop()
      await system.remove()
    },
  }
}

export const peopleOf = ({ ports }: Pick<TestSystem, "ports">): People => ({
  async outsider() {
    const client = new SmtpClient(ports.smtp, false)
    await greeted(client)
    return client
  },
  async submitter(account) {
    const client = new SmtpClient(ports.submissions, true)
    await greeted(client)
    const reply = await client.command(authPlain(account))
    if (!reply.startsWith("235 ")) throw new Error(reply)
    return client
  },
  async reader(account) {
    const client = new ImapClient(ports.imaps, true)
    await client.line()
    const reply = tagged(await client.command(loginCommand(account)))
    if (!reply.startsWith("t OK")) throw new Error(reply)
    return client
  },
  async stranger() {
    const client = new ImapClient(ports.imaps, true)
    await client.line()
    return client
  },
})

export const authPlain = ({ address, password }: CrashAccount): string => `AUTH PLAIN ${Buffer.from(`\0${address}\0${password}`).toString("base64")}`

export const loginCommand = ({ address, password }: CrashAccount): string => `LOGIN ${address} "${password}"`

async function greeted(client: SmtpClient): Promise<void> {
  const greeting = (await client.reply())?.join("\n") ?? "closed"
  if (!greeting.startsWith("220 ")) throw new Error(greeting)
  await client.command("EHLO ngoai.example")
}

/** The last line: the tagged reply, or "closed". */
export const tagged = (lines: readonly string[]): string => lines.at(-1) ?? "closed"

export interface TestMessage {
  readonly subject: string
  readonly text: string
  readonly sha256: string
}

/** A small message with a subject to know it by. `rows` makes it larger. */
export function message(subject: string, options: { readonly from?: string; readonly rows?: number } = {}): TestMessage {
  const body = Array.from({ length: options.rows ?? 1 }, (_, row) => `${subject}, dong ${row}: Kinh gui quy co quan ${"x".repeat(row % 60)}\r\n`).join("")
  const text = `From: <${options.from ?? "nguoigui@ngoai.example"}>\r\nTo: <nguoinhan@vacham.example>\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@ngoai.example>\r\nDate: Mon, 23 Nov 2026 08:00:00 +0700\r\n\r\n${body}`
  return { subject, text, sha256: createHash("sha256").update(text).digest("hex") }
}

/** MAIL, RCPT, DATA and the message; the first reply that refuses it, or the last. */
export async function send(client: SmtpClient, envelope: { readonly from?: string; readonly to: string; readonly mailParameters?: string; readonly rcptParameters?: string }, { text }: TestMessage): Promise<string> {
  const { from = "nguoigui@ngoai.example", to, mailParameters = "", rcptParameters = "" } = envelope
  for (const line of [`MAIL FROM:<${from}>${mailParameters}`, `RCPT TO:<${to}>${rcptParameters}`]) {
    const reply = await client.command(line)
    if (reply.startsWith("250 ")) continue
    // as a real client does, or the next MAIL would be one too many (RFC 5321 §4.1.4)
    if (line.startsWith("RCPT")) await client.command("RSET")
    return reply
  }
  const go = await client.command("DATA")
  if (!go.startsWith("354 ")) return go
  return client.command(`${text}.`)
}

/** What INBOX holds, trace header included, read over IMAP by a new session. */
export async function inboxSources(people: People, account: CrashAccount): Promise<readonly string[]> {
  const client = await people.reader(account)
  try {
    await client.command("EXAMINE INBOX")
    const lines = await client.command("UID FETCH 1:* BODY.PEEK[]")
    if (!tagged(lines).startsWith("t OK")) throw new Error(tagged(lines))
    const starts = lines.flatMap((line, at) => (/^\* \d+ FETCH /.test(line) ? [at] : []))
    return starts.map((start, n) => {
      const size = Number(/\{(\d+)\}$/.exec(lines[start] ?? "")?.[1])
      return lines.slice(start + 1, starts[n + 1] ?? lines.length).join("\r\n").slice(0, size)
    })
  } finally {
    client.destroy()
  }
}

/** Subjects in INBOX, how often each is there, and the hash of what was sent: the bytes from the From: field on. */
export async function inbox(people: People, account: CrashAccount): Promise<ReadonlyMap<string, { readonly times: number; readonly sha256: string }>> {
  const found = new Map<string, { times: number; sha256: string }>()
  for (const source of await inboxSources(people, account)) {
    const sent = source.slice(source.startsWith("From: ") ? 0 : source.indexOf("\r\nFrom: ") + 2)
    const subject = /^Subject: (.*)$/m.exec(sent)?.[1]?.trim() ?? ""
    found.set(subject, { times: (found.get(subject)?.times ?? 0) + 1, sha256: createHash("sha256").update(sent, "latin1").digest("hex") })
  }
  return found
}

/** Asks again until the answer satisfies; what is waited for is in another process. Returns the answer, or throws with the last one. */
export async function eventually<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean, patienceMs = 20_000): Promise<T> {
  const until = performance.now() + patienceMs
  for (;;) {
    const answer = await ask().catch((error: unknown) => ({ error }))
    if (!isError(answer) && isSo(answer)) return answer
    if (performance.now() > until) throw new Error(`not within ${patienceMs} ms; last: ${isError(answer) ? String(answer.error) : JSON.stringify(answer)}`)
    await pause(25)
  }
}

const isError = (answer: unknown): answer is { readonly error: unknown } => typeof answer === "object" && answer !== null && "error" in answer

/** How many deliveries are in each state. */
export async function deliveryStates(database: Database): Promise<Readonly<Record<string, number>>> {
  const rows = await database.query<{ state: string; n: number }>({ text: "SELECT state, count(*) AS n FROM delivery GROUP BY state" })
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]))
}

export interface HealthAnswer {
  readonly ok: boolean
  readonly roles: readonly { readonly role: string; readonly ok: boolean; readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[] }[]
}

export async function healthOf({ ports }: Pick<TestSystem, "ports">): Promise<HealthAnswer> {
  const response = await fetch(`http://127.0.0.1:${ports.metrics}/health`)
  return (await response.json()) as HealthAnswer
}

/** The server and its sessions. */
export const postgresProcesses = (root: number): readonly number[] => [root, ...readdirSync("/proc").map(Number).filter((pid) => Number.isInteger(pid) && parentOf(pid) === root)]

function parentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ")[1])
  } catch {
    return 0
  }
}
