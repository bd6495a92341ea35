import { once } from "node:events"
import { createServer, type Socket } from "node:net"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { loadOrCreateKey } from "../../src/base/key-file.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { createPostgresChangeFeed } from "../../src/store/sql/postgres-feed.ts"
import { type CrashAccount, makeProvince } from "../crash/province.ts"
import { deliveryStates, eventually, inbox, message, newFaultsDir, type People, peopleOf, postgresProcesses, send } from "../support/faults-world.ts"
import { startForeignServer } from "../support/foreign-mail.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { processesOf, removeDataDir } from "../support/running-system.ts"
import { SmtpClient } from "../support/smtp-dialog.ts"
import { testLog } from "../support/store.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"

/** design.md §5: SIGTERM: stop accepting, finish or hand back what is in flight, exit within 10 s; nothing that was answered with 250 is lost. */
describe("SIGTERM", () => {
  let dataDir: string
  let port: number
  let system: TestSystem | undefined

  const start = async (): Promise<TestSystem> => {
    const env = { CONGTHU_DEMO_SEED: "false", CONGTHU_DELIVERY_SWEEP: "250ms", CONGTHU_DELIVERY_SMARTHOST: `127.0.0.1:${port}`, CONGTHU_DATABASE_POOL_SIZE: "4", CONGTHU_STORE_MINIMUM_FREE: "1MiB" }
    system = await startTestSystem({ dataDir, env })
    return system
  }
  beforeEach(async () => {
    dataDir = await newFaultsDir()
    port = await freeLoopbackPort()
  })
  afterEach(async () => {
    await system?.stop()
    await removeDataDir(dataDir)
  })

  test("in the middle of everything: messages are finished or refused, deliveries handed back, no process is left, and the next start goes on", async () => {
    const first = await start()
    const [an, binh] = await province(first)
    const people = peopleOf(first)
    // a next server that takes the message and never answers: a relay under way
    const held: Socket[] = []
    const silent = createServer((socket) => held.push(socket.on("error", () => undefined))).listen(port, "127.0.0.1")
    await once(silent, "listening")
    const submitter = await people.submitter(an)
    expect(await send(submitter, { from: an.address, to: "ban@xa.example" }, message("di-xa", { from: an.address }))).toMatch(/^250 2\.0\.0/)
    await eventually(async () => held.length, (count) => count > 0)
    const [finishing, abandoned, quiet, idle] = await Promise.all([inTheMiddle(people, binh, "do-dang"), inTheMiddle(people, binh, "bo-do"), people.outsider(), people.reader(an)])
    await idle.command("SELECT INBOX")
    idle.send("i IDLE\r\n")
    expect(await idle.line()).toMatch(/^\+ /)
    // accepted at the last moment: their deliveries are anywhere between commit and mailbox
    const burst = await people.outsider()
    for (let n = 0; n < 20; n++) expect(await send(burst, { to: binh.address }, message(`phut-chot-${n}`))).toMatch(/^250 2\.0\.0/)

    const from = performance.now()
    const stopped = first.stop()
    system = undefined
    expect((await quiet.reply())?.join()).toMatch(/^421 4\.3\.2 /)
    // a message that came in just before may have been told of
    expect((await idle.rest()).at(-1)).toMatch(/^\* BYE /)
    expect(await connects(first.ports.smtp)).toBe(false)
    // the client goes on with the message it had begun
    const answer = await finishing.client.command(`${finishing.rest}.`)
    expect(answer).toMatch(/^(250 2\.0\.0|421 )/)
    expect(await stopped).toBe(0)
    console.log(`SIGTERM in the middle of everything: ended in ${Math.round(performance.now() - from)} ms, with ${answer.slice(0, 3)} for the message begun`)
    expect(performance.now() - from).toBeLessThan(10_000)
    expect(processesOf(dataDir)).toEqual([])
    expect((await abandoned.client.reply())?.join() ?? "closed").toMatch(/^(421 |closed)/)
    for (const socket of held) socket.destroy()
    const closed = once(silent, "close")
    silent.close()
    await closed

    const server = await startForeignServer({ address: "127.0.0.1", port, hideSTARTTLS: true })
    try {
      const second = await start()
      const database = openDatabase({ url: second.databaseUrl, poolSize: 1, applicationName: "tests" })
      try {
        await eventually(() => deliveryStates(database), (states) => states["waiting"] === undefined && states["deferred"] === undefined)
        const wanted = [...Array.from({ length: 20 }, (_, n) => `phut-chot-${n}`), ...(answer.startsWith("250") ? ["do-dang"] : [])]
        const found = await inbox(peopleOf(second), binh)
        expect([...found].map(([subject, { times }]) => `${subject} ${times}`).toSorted()).toEqual(wanted.map((subject) => `${subject} 1`).toSorted())
        expect(server.received.map(({ content }) => /^Subject: (.*)$/m.exec(content.toString())?.[1]?.trim())).toEqual(["di-xa"])
      } finally {
        await database.close()
      }
    } finally {
      await server.close()
    }
    for (const client of [submitter, finishing.client, abandoned.client, quiet, burst]) client.destroy()
  }, 90_000)

  test("while PostgreSQL hangs: ends all the same, and leaves no process", async () => {
    const hung = await start()
    for (const pid of postgresProcesses(hung.processes().get("postgres") ?? NaN)) process.kill(pid, "SIGSTOP")
    const from = performance.now()
    const code = await hung.stop()
    system = undefined
    console.log(`SIGTERM while PostgreSQL hangs: ended with ${code} in ${Math.round(performance.now() - from)} ms`)
    expect(processesOf(dataDir)).toEqual([])
  }, 60_000)
})

/** Accounts of a system that is running already; it is told of them as an import would. */
async function province(system: TestSystem): Promise<readonly [CrashAccount, CrashAccount]> {
  const database = openDatabase({ url: system.databaseUrl, poolSize: 1, applicationName: "tests" })
  try {
    const [an, binh] = await makeProvince(database, 2, await loadOrCreateKey(join(system.dataDir, "keys/credential.key")))
    if (!an || !binh) throw new Error("no accounts")
    const feed = createPostgresChangeFeed({ database, url: system.databaseUrl, log: testLog })
    await feed.ready
    const [current] = await database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
    feed.publish([{ kind: "directory", version: current?.version ?? 0 }])
    // a new connection each time: too many refusals would end one
    const ask = async (): Promise<string> => {
      const client = await peopleOf(system).outsider()
      await client.command("MAIL FROM:<>")
      const reply = await client.command(`RCPT TO:<${binh.address}>`)
      client.destroy()
      return reply
    }
    await eventually(ask, (reply) => reply.startsWith("250 "))
    // each role reads the directory for itself
    await eventually(() => peopleOf(system).reader(an), (client) => (client.destroy(), true))
    await eventually(() => peopleOf(system).submitter(an), (client) => (client.destroy(), true))
    await feed.close()
    return [an, binh]
  } finally {
    await database.close()
  }
}

/** A client that has sent half of a message. */
async function inTheMiddle(people: People, { address }: CrashAccount, subject: string): Promise<{ readonly client: SmtpClient; readonly rest: string }> {
  const client = await people.outsider()
  await client.command("MAIL FROM:<nguoigui@ngoai.example>")
  await client.command(`RCPT TO:<${address}>`)
  expect(await client.command("DATA")).toMatch(/^354 /)
  const { text } = message(subject, { rows: 2_000 })
  const half = text.indexOf("\r\n", text.length / 2) + 2
  await client.sendSlowly(Buffer.from(text.slice(0, half)))
  return { client, rest: text.slice(half) }
}

const connects = async (port: number): Promise<boolean> => {
  const client = new SmtpClient(port, false)
  const greeted = (await client.reply())?.[0]?.startsWith("220") ?? false
  client.destroy()
  return greeted
}
