import { rm } from "node:fs/promises"
import { get } from "node:https"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Database, openDatabase } from "../../src/store/sql/database.ts"
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/store/sql/embedded-postgres.ts"
import { migrate } from "../../src/store/sql/migrate.ts"
import { authPlain, deliveryStates, eventually, type FaultsWorld, healthOf, inbox, loginCommand, message, newFaultsDir, postgresProcesses, send, startFaultsWorld, tagged } from "../support/faults-world.ts"
import type { ImapClient } from "../support/imap-client.ts"
import { SmtpClient } from "../support/smtp-dialog.ts"

/** design.md §5: PostgreSQL down: SMTP 451 4.3.0, IMAP NO [UNAVAILABLE], the console says so; all reconnects by itself; nothing is acknowledged that is not committed. */
describe("when PostgreSQL breaks", () => {
  let dir: string
  let server: EmbeddedPostgres
  let database: Database
  let world: FaultsWorld
  const start = async (): Promise<void> => {
    server = await startEmbeddedPostgres({ dir: join(dir, "postgres"), socketDir: join(dir, "socket"), settings: { shared_buffers: "64MB" } })
  }

  beforeAll(async () => {
    dir = await newFaultsDir()
    await start()
    database = openDatabase({ url: server.url, poolSize: 1, applicationName: "tests" })
    await migrate(database)
    world = await startFaultsWorld({ postgres: { url: server.url, database }, env: { CONGTHU_DATABASE_ANSWER_TIMEOUT: "2s" } })
  }, 90_000)
  afterAll(async () => {
    await world?.close()
    await database?.close()
    await server?.stop()
    await rm(dir, { recursive: true, force: true })
  })

  test("stopped: nothing is acknowledged, every client hears a temporary refusal in its protocol, and all goes on by itself", async () => {
    const { people, system, accounts: [an, binh] } = world
    if (!an || !binh) throw new Error("no accounts")
    const [smtp, submitter, reader, idle, stranger, latecomer] = await Promise.all([people.outsider(), people.submitter(binh), people.reader(an), people.reader(an), people.stranger(), people.outsider()])
    expect(await send(smtp, { to: an.address }, message("truoc-1", { rows: 3 }))).toMatch(/^250 2\.0\.0/)
    expect(await send(smtp, { to: an.address }, message("truoc-2", { rows: 3_000 }))).toMatch(/^250 2\.0\.0/)
    await eventually(() => deliveryStates(database), ({ delivered }) => delivered === 2)
    await reader.command("SELECT INBOX")
    await idle.command("SELECT INBOX")
    idle.send("i IDLE\r\n")
    expect(await idle.line()).toMatch(/^\+ /)
    // the envelope is given before, the message after PostgreSQL has gone
    await latecomer.command("MAIL FROM:<nguoigui@ngoai.example>")
    await latecomer.command(`RCPT TO:<${an.address}>`)
    expect(await latecomer.command("DATA")).toMatch(/^354 /)
    const processes = [...system.processes()]

    process.kill(server.pid, "SIGKILL")
    await server.exited
    expect(await latecomer.command(`${message("mat-1").text}.`)).toMatch(/^451 4\.3\.0 /)
    expect(await send(smtp, { to: an.address }, message("mat-2"))).toMatch(/^451 4\.3\.0 /)
    expect(await send(submitter, { from: binh.address, to: an.address }, message("mat-3", { from: binh.address, rows: 3_000 }))).toMatch(/^451 4\.3\.0 /)
    expect(await signInForSubmission(world)).toMatch(/^454 4\.7\.0 /)
    expect(tagged(await stranger.command(loginCommand(an)))).toMatch(/^t NO \[UNAVAILABLE\] /)
    // the failed SELECT is the last of them: it leaves no mailbox selected (RFC 9051 §6.3.2)
    for (const command of ["STATUS Archive (MESSAGES)", "STORE 1 +FLAGS (\\Flagged)", "FETCH 1 BODY.PEEK[]", "COPY 1 Archive", "CREATE Moi", "SEARCH BODY Kinh", "SELECT Archive"]) {
      expect(`${command}: ${tagged(await reader.command(command))}`).toMatch(/: t NO \[UNAVAILABLE\] /)
    }
    expect(await append(reader, message("mat-4").text)).toMatch(/^t NO \[UNAVAILABLE\] /)
    await eventually(() => healthOf(system), ({ roles }) => roles.every(({ checks }) => checks.some(({ name, ok }) => name === "database" && !ok)))
    await eventually(() => statusPage(world), (page) => page.status === 200 && page.text.includes('class="notice problem"'))
    // what needs no database is answered all the while
    expect(tagged(await stranger.command("CAPABILITY"))).toMatch(/^t OK/)
    expect(await smtp.command("NOOP")).toMatch(/^250 /)

    await start()
    await eventually(() => healthOf(system), ({ ok }) => ok)
    await eventually(() => statusPage(world), ({ text }) => text.includes('class="notice done"'))
    // the same sessions go on
    expect(tagged(await stranger.command(loginCommand(an)))).toMatch(/^t OK/)
    expect(tagged(await reader.command("SELECT INBOX"))).toMatch(/^t OK/)
    expect((await reader.command("STORE 1 +FLAGS (\\Flagged)")).join("\n")).toMatch(/\\Flagged[^]*t OK/)
    expect(tagged(await reader.command("FETCH 1:2 BODY.PEEK[]"))).toMatch(/^t OK/)
    expect(await append(reader, message("sau-1").text)).toMatch(/^t OK \[APPENDUID /)
    expect(await signInForSubmission(world)).toMatch(/^235 /)
    expect(await send(smtp, { to: an.address }, message("sau-2"))).toMatch(/^250 2\.0\.0/)
    expect(await send(submitter, { from: binh.address, to: an.address }, message("sau-3", { from: binh.address }))).toMatch(/^250 2\.0\.0/)
    for (let told = await idle.line(); told !== "* 5 EXISTS"; told = await idle.line()) expect(told).toMatch(/^\* (\d+ (EXISTS|RECENT|FETCH .*)|FLAGS .*|OK .*)$/)
    await eventually(() => deliveryStates(database), (states) => states["delivered"] === 4 && states["waiting"] === undefined)
    // what was answered with 250 or OK is there once; what was refused is not
    expect([...(await inbox(people, an))].map(([subject, { times }]) => `${subject} ${times}`).toSorted()).toEqual(["sau-1 1", "sau-2 1", "sau-3 1", "truoc-1 1", "truoc-2 1"])
    // no role died of it
    expect([...system.processes()]).toEqual(processes)
    for (const client of [smtp, submitter, reader, idle, stranger, latecomer]) client.destroy()
  }, 60_000)

  test("hanging for a moment: who waits is served when it answers again; nothing is doubled", async () => {
    const { people, accounts: [, binh] } = world
    if (!binh) throw new Error("no account")
    const [smtp, reader] = await Promise.all([people.outsider(), people.reader(binh)])
    await reader.command("SELECT INBOX")
    for (const pid of postgresProcesses(server.pid)) process.kill(pid, "SIGSTOP")
    const sent = send(smtp, { to: binh.address }, message("cho-1"))
    const status = reader.command("STATUS Archive (MESSAGES)")
    // both wait; a session that asks for nothing of the database does not
    const other = await people.stranger()
    expect(tagged(await other.command("CAPABILITY"))).toMatch(/^t OK/)
    for (const pid of postgresProcesses(server.pid)) process.kill(pid, "SIGCONT")
    expect(await sent).toMatch(/^250 2\.0\.0/)
    expect(tagged(await status)).toMatch(/^t OK/)
    await eventually(() => inbox(people, binh), (found) => found.get("cho-1")?.times === 1)
    for (const client of [smtp, reader, other]) client.destroy()
  })

  test("hanging for long: nobody waits for ever, and everything reconnects when it goes on", async () => {
    const { people, system, accounts: [, , chi] } = world
    if (!chi) throw new Error("no account")
    const [smtp, reader, stranger] = await Promise.all([people.outsider(), people.reader(chi), people.stranger()])
    await reader.command("SELECT INBOX")
    const stopped = postgresProcesses(server.pid)
    for (const pid of stopped) process.kill(pid, "SIGSTOP")
    try {
      const answers = await Promise.all([send(smtp, { to: chi.address }, message("treo-1")), reader.command("STATUS Archive (MESSAGES)").then(tagged), stranger.command(loginCommand(chi)).then(tagged), signInForSubmission(world)])
      expect(answers).toEqual([expect.stringMatching(/^451 4\.3\.0 /), expect.stringMatching(/^t NO \[UNAVAILABLE\] /), expect.stringMatching(/^t NO \[UNAVAILABLE\] /), expect.stringMatching(/^454 4\.7\.0 /)])
      expect((await healthOf(system)).ok).toBe(false)
    } finally {
      for (const pid of stopped) process.kill(pid, "SIGCONT")
    }
    await eventually(() => healthOf(system), ({ ok }) => ok)
    expect(await eventually(() => send(smtp, { to: chi.address }, message("treo-2")), (reply) => reply.startsWith("250 "))).toMatch(/^250 2\.0\.0/)
    expect(tagged(await reader.command("STATUS Archive (MESSAGES)"))).toMatch(/^t OK/)
    const found = await eventually(() => inbox(people, chi), (subjects) => subjects.has("treo-2"))
    expect(found.get("treo-2")?.times).toBe(1)
    for (const client of [smtp, reader, stranger]) client.destroy()
  })
})

/** What AUTH is answered on a new connection. */
async function signInForSubmission({ system, accounts: [, binh] }: FaultsWorld): Promise<string> {
  if (!binh) throw new Error("no account")
  const client = new SmtpClient(system.ports.submissions, true)
  await client.reply()
  await client.command("EHLO thu.example")
  const reply = await client.command(authPlain(binh))
  client.destroy()
  return reply
}

/** APPEND to INBOX with a literal that the server may refuse before it is sent. */
async function append(client: ImapClient, text: string): Promise<string> {
  client.send(`t APPEND INBOX {${Buffer.byteLength(text)}}\r\n`)
  const first = (await client.line()) ?? "closed"
  if (!first.startsWith("+")) return first
  client.send(`${text}\r\n`)
  return tagged(await client.until("t"))
}

/** The console as a browser asks for it. */
const statusPage = ({ system }: FaultsWorld): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const asked = get({ host: "127.0.0.1", port: system.ports.https, path: "/", rejectUnauthorized: false, agent: false }, (response) => {
      let text = ""
      response.on("data", (chunk: Buffer) => (text += chunk.toString()))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.on("error", reject)
  })
