import { once } from "node:events"
import net from "node:net"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { createSealer } from "../../src/store/sealing.ts"
import { createMailStore } from "../../src/store/sql/mail-store.ts"
import { ImapClient } from "../support/imap-client.ts"
import { createImapWorld, type ImapWorld } from "../support/imap-world.ts"
import { testLog } from "../support/store.ts"

let world: ImapWorld
beforeAll(async () => {
  world = await createImapWorld()
})
afterAll(() => world.close())
afterEach(() => expect(world.bugs.splice(0)).toEqual([]))

/** A clock that only the test moves. */
const fakeClock = () => ({ time: 1_800_000_000_000, now() { return this.time } })

describe("silence", () => {
  test("a stranger has a minute to sign in", async () => {
    const clock = fakeClock()
    const server = await world.another({ services: { clock } })
    const client = await world.connect({ server })
    clock.time += 61_000
    expect(await client.rest()).toEqual(["* BYE Autologout; idle for too long"])
  })

  test("which talking does not prolong", async () => {
    const clock = fakeClock()
    const server = await world.another({ services: { clock } })
    const client = await world.connect({ server })
    clock.time += 50_000
    expect((await client.command("NOOP")).at(-1)).toMatch(/OK/)
    clock.time += 11_000
    expect(await client.rest()).toEqual(["* BYE Autologout; idle for too long"])
  })

  test("in the middle of a message ends as well, and leaves nothing behind", async () => {
    const clock = fakeClock()
    const server = await world.another({ services: { clock } })
    const client = await world.signIn("an@tinh.example", server)
    client.send("x APPEND Sent {10}\r\n")
    await client.line()
    clock.time += 32 * 60_000
    expect(await client.rest()).toEqual(["* BYE Autologout; idle for too long"])
    const other = await world.signIn()
    expect((await other.command("STATUS Sent (MESSAGES)"))[0]).toBe("* STATUS Sent (MESSAGES 0)")
    other.destroy()
  })

  test("a signed-in client has 31 minutes, also in IDLE (RFC 3501 §5.4)", async () => {
    const clock = fakeClock()
    const server = await world.another({ services: { clock } })
    const client = await world.signIn("an@tinh.example", server)
    await client.command("SELECT INBOX")
    client.send("x IDLE\r\n")
    await client.line()
    clock.time += 30 * 60_000
    client.send("DONE\r\n")
    expect(await client.line()).toMatch(/^x OK/)
    client.send("x IDLE\r\n")
    await client.line()
    clock.time += 31 * 60_000 + 1
    expect(await client.line()).toMatch(/^\* BYE/)
  })
})

describe("a client that does not go", () => {
  test("after BYE is cut off", async () => {
    const clock = fakeClock()
    const server = await world.another({ services: { clock } })
    const socket = net.connect({ port: server.ports.imap, host: "127.0.0.1", allowHalfOpen: true })
    socket.resume()
    socket.write("GET / HTTP/1.1\r\n")
    await once(socket, "end")
    expect(server.connections()).toBe(1)
    clock.time += 10_001
    await expect.poll(() => server.connections()).toBe(0)
    socket.destroy()
  })

  test("and never begins TLS after STARTTLS is cut off", async () => {
    const clock = fakeClock()
    const server = await world.another({ services: { clock } })
    const client = await world.connect({ server, clear: true })
    expect(await client.command("STARTTLS")).toEqual(["t OK Begin TLS"])
    clock.time += 60_001
    await expect.poll(() => {
      clock.time += 10_001
      return server.connections()
    }).toBe(0)
  })
})

test("what comes in clear after the reply to STARTTLS is no command (RFC 9051 §6.2.1)", async () => {
  const client = await world.connect({ clear: true })
  expect(await client.command("STARTTLS")).toEqual(["t OK Begin TLS"])
  client.send("b NOOP\r\nc LOGOUT\r\n")
  expect((await client.rest()).filter((line) => /^[*bc] /.test(line))).toEqual([])
})

test("a session after STARTTLS gives its place back", async () => {
  const server = await world.another({})
  const client = await world.connect({ server, clear: true })
  await client.command("STARTTLS")
  await client.startTls()
  expect((await client.command("NOOP")).at(-1)).toMatch(/OK/)
  expect(server.connections()).toBe(1)
  client.destroy()
  await expect.poll(() => server.connections()).toBe(0)
})

describe("connection limits", () => {
  test("beyond the limit of one address a client is told, and a place that is free again is given", async () => {
    const server = await world.another({ limits: { maxConnectionsPerAddress: 2 } })
    const first = await world.connect({ server, clear: true })
    const second = await world.connect({ server })
    expect(server.connections()).toBe(2)
    const third = new ImapClient(server.ports.imap, false)
    expect(await third.rest()).toEqual(["* BYE [LIMIT] Too many connections"])
    const secure = new ImapClient(server.ports.imaps, true)
    expect(await secure.line()).toBeNull()
    first.destroy()
    second.destroy()
    await expect.poll(() => server.connections()).toBe(0)
    expect((await (await world.connect({ server })).command("NOOP")).at(-1)).toBe("t OK NOOP completed")
  })

  test("bytes that are no TLS concern nobody else", async () => {
    const socket = net.connect(world.server.ports.imaps, "127.0.0.1")
    socket.on("error", () => undefined)
    socket.write("a1 LOGIN an@tinh.example x\r\n")
    await once(socket, "close")
    const client = await world.connect()
    expect((await client.command("NOOP")).at(-1)).toMatch(/OK/)
    client.destroy()
  })
})

describe("the directory", () => {
  test("a suspension ends the sessions of the account", async () => {
    const client = await world.signIn("binh@tinh.example")
    await client.command("SELECT INBOX")
    client.send("x IDLE\r\n")
    await client.line()
    await world.store.database.query({ text: "UPDATE account SET suspended_at = now() WHERE address = 'binh@tinh.example'" })
    await world.store.database.query({ text: "UPDATE directory_version SET version = version + 1" })
    await world.directory.refresh()
    expect(await client.line()).toMatch(/^\* BYE/)
    await world.store.database.query({ text: "UPDATE account SET suspended_at = NULL" })
    await world.store.database.query({ text: "UPDATE directory_version SET version = version + 1" })
    await world.directory.refresh()
  })

  test("a lost right to write counts at the next command, a lost assignment ends the session", async () => {
    const client = await world.signIn()
    const other = await world.signIn()
    await client.command("SELECT Shared/van-phong@tinh.example/INBOX")
    const change = async (rights: string) => {
      await world.store.database.query({ text: `UPDATE assignment SET rights = ${rights} WHERE principal_id = 'an' AND account_id = $1` }, [world.accountId("van-phong@tinh.example")])
      await world.store.database.query({ text: "UPDATE directory_version SET version = version + 1" })
      await world.directory.refresh()
    }
    await change("ARRAY['read']")
    expect((await client.command("CREATE Shared/van-phong@tinh.example/x")).at(-1)).toMatch(/^t NO \[NOPERM\]/)
    await change("ARRAY['send-as']")
    expect((await other.command("SELECT Shared/van-phong@tinh.example/INBOX")).at(-1)).toMatch(/^t NO \[NONEXISTENT\]/)
    expect((await client.rest()).at(-1)).toMatch(/^\* BYE/)
    await change("ARRAY['read', 'write']")
    other.destroy()
  })
})

describe("shutting down", () => {
  test("idle sessions hear BYE, and close resolves", async () => {
    const server = await world.another({})
    const silent = await world.signIn("an@tinh.example", server)
    const idling = await world.signIn("an@tinh.example", server)
    await idling.command("SELECT INBOX")
    idling.send("x IDLE\r\n")
    await idling.line()
    const closing = server.close()
    expect(await silent.rest()).toEqual(["* BYE Server is shutting down"])
    expect((await idling.rest())[0]).toBe("* BYE Server is shutting down")
    await closing
    expect(server.connections()).toBe(0)
  })

  test("a command under way is answered first", async () => {
    let proceed = (): void => undefined
    const reached = new Promise<void>((resolve) => {
      proceed = resolve
    })
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { mail } = world.store
    const mailStore = { ...mail, async listMailboxes(id: number) { proceed(); await gate; return mail.listMailboxes(id) } }
    const server = await world.another({ services: { mailStore } })
    const client = await world.signIn("an@tinh.example", server)
    client.send('x LIST "" Sent\r\n')
    await reached
    const closing = server.close()
    release()
    expect(await client.rest()).toEqual(['* LIST (\\HasNoChildren \\Sent) "/" Sent', "x OK LIST completed", "* BYE Server is shutting down"])
    await closing
  })
})

describe("failures", () => {
  test("a database that is gone is NO [UNAVAILABLE], a bug NO [SERVERBUG], and the session goes on", async () => {
    const { mail } = world.store
    let failure: Error = Object.assign(new Error("down"), { code: "ECONNREFUSED" })
    const server = await world.another({ services: { mailStore: { ...mail, listMailboxes: () => Promise.reject(failure) } } })
    const client = await world.signIn("an@tinh.example", server)
    expect(await client.command('LIST "" *')).toEqual([expect.stringMatching(/^t NO \[UNAVAILABLE\]/)])
    failure = new Error("secret detail")
    expect(await client.command('LIST "" *')).toEqual(["t NO [SERVERBUG] Internal error"])
    expect(world.bugs.splice(0)).toEqual([failure])
    expect((await client.command("NOOP")).at(-1)).toMatch(/OK/)
    client.destroy()
  })
})

describe("when the change feed tells nothing", () => {
  const deaf = { publish: () => undefined, subscribe: () => () => undefined, close: () => Promise.resolve() }
  const unheard = async () => {
    const { database, contents } = world.store
    const mailStore = createMailStore({ database, feed: deaf, contents, sealer: createSealer(Buffer.alloc(32, 7)), cacheBytes: 1_000_000, log: testLog })
    const clock = fakeClock()
    const server = await world.another({ services: { mailStore, clock } })
    const client = await world.signIn("binh@tinh.example", server)
    await client.command("SELECT INBOX")
    return { client, clock }
  }

  test("NOOP asks the database now and then", async () => {
    const { client, clock } = await unheard()
    await world.deliver("binh@tinh.example", "một")
    expect(await client.command("NOOP")).toEqual(["t OK NOOP completed"])
    clock.time += 5_000
    expect((await client.command("NOOP"))[0]).toMatch(/^\* \d+ EXISTS/)
    client.destroy()
  })

  test("an idling client hears after a minute", async () => {
    const { client, clock } = await unheard()
    client.send("x IDLE\r\n")
    await client.line()
    await world.deliver("binh@tinh.example", "hai")
    clock.time += 60_000
    expect(await client.line()).toMatch(/^\* \d+ EXISTS/)
    client.destroy()
  })
})

test("changes by another process reach IDLE and NOOP", async () => {
  const mail = await world.store.otherProcess()
  const server = await world.another({ services: { mailStore: mail } })
  const here = await world.signIn()
  const there = await world.signIn("an@tinh.example", server)
  await world.deliver("an@tinh.example", "một")
  await here.command("SELECT INBOX")
  await there.command("SELECT INBOX")
  there.send("x IDLE\r\n")
  await there.line()
  await here.command("STORE 1 +FLAGS.SILENT (\\Flagged)")
  expect(await there.line()).toBe("* 1 FETCH (FLAGS (\\Flagged))")
  there.send("DONE\r\n")
  await there.until("x")
  await there.command("STORE 1 +FLAGS.SILENT (\\Deleted)")
  await there.command("EXPUNGE")
  await expect.poll(async () => (await here.command("NOOP")).join()).toContain("* 1 EXPUNGE")
  here.destroy()
  there.destroy()
})
