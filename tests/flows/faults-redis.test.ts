import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { groupAddress } from "../crash/province.ts"
import { deliveryStates, eventually, type FaultsWorld, healthOf, inbox, message, peopleOf, send, startFaultsWorld, tagged } from "../support/faults-world.ts"
import { redisUnavailable, type RedisServer, startRedisServer } from "../support/redis-server.ts"
import { launch } from "../support/running-system.ts"

/** A Redis of somebody else's is not ours to break. */
const notOurs = spawnSync("redis-server", ["--version"]).status !== 0

/** Accounts, all of them in one group: more than the accepting process delivers to by itself. */
const many = 60

/** design.md §5: Redis down, or back and empty: mail is accepted; deliveries wait, then continue; none lost, none doubled. */
describe.skipIf(redisUnavailable() ?? notOurs)("when Redis breaks", () => {
  let redis: RedisServer
  let world: FaultsWorld

  beforeAll(async () => {
    redis = await startRedisServer()
    world = await startFaultsWorld({ env: { REDIS_URL: redis.url }, accounts: many })
  }, 90_000)
  afterAll(async () => {
    await world?.close()
    await redis?.stop()
  })

  test("mail is accepted while it is down; what a job must carry waits, and is delivered once when it is back and empty; an IDLE client hears of it", async () => {
    const { people, database, accounts: [an, binh], system } = world
    if (!an || !binh) throw new Error("no accounts")
    const idle = await people.reader(an)
    await idle.command("SELECT INBOX")
    idle.send("i IDLE\r\n")
    expect(await idle.line()).toMatch(/^\+ /)
    const smtp = await people.outsider()
    const messages = Array.from({ length: 12 }, (_, n) => message(`redis-${n}`, { rows: 1 + n }))
    expect(await send(smtp, { to: an.address }, messages[0] ?? message(""))).toMatch(/^250 2\.0\.0/)
    expect(await idle.line()).toBe("* 1 EXISTS")
    expect(await idle.line()).toMatch(/RECENT$/)

    await redis.kill()
    for (const each of messages.slice(1, 6)) expect(await send(smtp, { to: an.address }, each)).toMatch(/^250 2\.0\.0/)
    // submission asks for sign-in and rate limits, which Redis counts when it is there
    const submitter = await people.submitter(binh)
    for (const each of messages.slice(6, 9)) expect(await send(submitter, { from: binh.address, to: an.address }, message(each.subject, { from: binh.address }))).toMatch(/^250 2\.0\.0/)
    // to more mailboxes than the accepting process delivers to by itself
    expect(await send(smtp, { to: groupAddress }, message("redis-tatca"))).toMatch(/^250 2\.0\.0/)
    const down = await eventually(() => healthOf(system), ({ ok }) => !ok)
    expect(down.roles.filter(({ ok }) => !ok).map(({ role }) => role)).toEqual(expect.arrayContaining(["smtp", "worker"]))
    expect(await deliveryStates(database)).toEqual({ delivered: 9, waiting: many })
    // a session goes on reading meanwhile
    const reader = await people.reader(an)
    expect(tagged(await reader.command("SELECT INBOX"))).toMatch(/^t OK/)
    expect((await reader.command("STORE 1 +FLAGS (\\Seen)")).join("\n")).toMatch(/FETCH[^]*t OK/)

    await redis.start()
    // the client that was idle all the time is told of every one, also when nothing happens any more
    const told: string[] = []
    while (!told.includes("* 10 EXISTS")) {
      const line = await idle.line()
      if (line === null) throw new Error(`closed after ${told.join("; ")}`)
      told.push(line)
    }
    for (const each of messages.slice(9)) expect(await send(smtp, { to: an.address }, each)).toMatch(/^250 2\.0\.0/)
    await eventually(() => deliveryStates(database), ({ delivered }) => delivered === 12 + many)
    await eventually(() => healthOf(system), ({ ok }) => ok)
    idle.send("DONE\r\n")
    expect(tagged(await idle.until("i"))).toMatch(/^i OK/)
    const found = await inbox(people, an)
    expect([...found].map(([subject, { times }]) => `${subject} ${times}`).toSorted()).toEqual(["redis-tatca 1", ...messages.map(({ subject }) => `${subject} 1`)].toSorted())
    for (const each of [...messages.slice(0, 6), ...messages.slice(9)]) expect(found.get(each.subject)?.sha256).toBe(each.sha256)
    for (const client of [idle, reader, smtp, submitter]) client.destroy()
  })

  test("hanging: nobody waits for it, mail is accepted and people sign in; deliveries go on when it does", async () => {
    const { people, database, accounts: [an, binh] } = world
    if (!an || !binh) throw new Error("no accounts")
    const before = (await deliveryStates(database))["delivered"] ?? 0
    const pid = processOf(`redis-server 127.0.0.1:${new URL(redis.url).port}`)
    process.kill(pid, "SIGSTOP")
    try {
      const from = performance.now()
      const [smtp, submitter, reader] = await Promise.all([people.outsider(), people.submitter(binh), people.reader(an)])
      expect(await send(smtp, { to: an.address }, message("treo-1"))).toMatch(/^250 2\.0\.0/)
      expect(await send(submitter, { from: binh.address, to: an.address }, message("treo-2", { from: binh.address }))).toMatch(/^250 2\.0\.0/)
      await reader.command("SELECT INBOX")
      expect(tagged(await reader.command("STORE 1 +FLAGS (\\Flagged)"))).toMatch(/^t OK/)
      console.log(`sign-ins, two messages and a flag while Redis hangs: ${Math.round(performance.now() - from)} ms`)
      for (const client of [smtp, submitter, reader]) client.destroy()
    } finally {
      process.kill(pid, "SIGCONT")
    }
    await eventually(() => deliveryStates(database), ({ delivered }) => delivered === before + 2)
    const found = await inbox(people, an)
    expect([found.get("treo-1")?.times, found.get("treo-2")?.times]).toEqual([1, 1])
  })

  test("an IDLE client is told after an outage what another process committed during it", async () => {
    const { people, system, accounts: [an] } = world
    if (!an) throw new Error("no account")
    // a second machine's IMAP process, told of changes by Redis alone
    const second = launch(system.dataDir, { args: ["--role", "imap"], env: { DATABASE_URL: system.databaseUrl, REDIS_URL: redis.url, CONGTHU_DATABASE_POOL_SIZE: "2" } })
    try {
      const imaps = await eventually(async () => readyPorts(second.output())?.["imaps"], (port) => port !== undefined)
      const elsewhere = peopleOf({ ports: { ...system.ports, imaps: imaps ?? 0 } })
      const idle = await people.reader(an)
      await idle.command("SELECT INBOX")
      idle.send("i IDLE\r\n")
      expect(await idle.line()).toMatch(/^\+ /)
      await redis.kill()
      const other = await elsewhere.reader(an)
      await other.command("SELECT INBOX")
      expect(tagged(await other.command("STORE 2 +FLAGS (\\Answered)"))).toMatch(/^t OK/)
      await redis.start()
      // and nothing happens any more that would tell it of a newer state
      expect(await idle.line()).toMatch(/^\* 2 FETCH .*\\Answered/)
      for (const client of [idle, other]) client.destroy()
    } finally {
      const ended = second.exitCode === null ? once(second, "exit") : undefined
      second.kill("SIGTERM")
      await ended
    }
  })
})

const readyPorts = (output: string): Readonly<Record<string, number>> | undefined => {
  const line = output.split("\n").find((text) => text.includes('"msg":"ready"'))
  return line === undefined ? undefined : (JSON.parse(line) as { readonly ports: Readonly<Record<string, number>> }).ports
}

/** The process whose command line begins so. */
function processOf(command: string): number {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").startsWith(command)) return Number(pid)
    } catch {
      // it has ended meanwhile
    }
  }
  throw new Error(`no process ${command}`)
}
