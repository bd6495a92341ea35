import { readdir } from "node:fs/promises"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { ImapClient } from "../support/imap-client.ts"
import { createImapWorld, type ImapWorld } from "../support/imap-world.ts"
import { appendMessage, ask } from "./commands/dialog.ts"

let world: ImapWorld
beforeAll(async () => {
  world = await createImapWorld({ maxLiteralBytes: 1_000_000 })
  await world.deliver("an@tinh.example", "một")
})
afterAll(() => world.close())
afterEach(() => expect(world.bugs.splice(0)).toEqual([]))

/** The last line of what the server says to `bytes`, and that the session still serves. */
async function answer(client: ImapClient, bytes: string | Buffer, tag = "x"): Promise<string | undefined> {
  client.send(bytes)
  const said = (await client.until(tag)).at(-1)
  expect((await client.command("NOOP", "after")).at(-1)).toBe("after OK NOOP completed")
  return said
}

describe("one clear reply, and the session goes on", () => {
  const nested = (depth: number): string => "(".repeat(depth)
  const longSet = `1:*${",1:*".repeat(9_999)}`
  test.each<[string, string | Buffer, RegExp]>([
    ["an over-long line", `x NOOP ${"y".repeat(70_000)}\r\n`, /^x BAD \[TOOBIG\]/],
    ["a NUL byte in a line", "x SELECT IN\0BOX\r\n", /^x BAD/],
    ["a NUL byte in a literal", "x SELECT {5+}\r\nIN\0BO\r\n", /^x BAD/],
    ["invalid UTF-8 in a quoted string", Buffer.from('x SELECT "\xff\xfe"\r\n', "latin1"), /^x BAD/],
    ["invalid UTF-8 in a literal", Buffer.from("x LIST \"\" {2+}\r\n\xff\xfe\r\n", "latin1"), /^x BAD/],
    ["unbalanced parentheses", "x FETCH 1 (FLAGS\r\n", /^x BAD/],
    ["parentheses closed too often", "x FETCH 1 (FLAGS))\r\n", /^x BAD/],
    ["1,000 parentheses in SEARCH", `x SEARCH ${nested(1000)}ALL${")".repeat(1000)}\r\n`, /^x BAD/],
    ["1,000 parentheses, unbalanced, in FETCH", `x FETCH 1 ${nested(1000)}\r\n`, /^x BAD/],
    ["1,000 parentheses in LIST", `x LIST ${nested(1000)} "" *\r\n`, /^x BAD/],
    ["10,000 ranges", `x FETCH ${longSet} UID\r\n`, /^x OK/],
    ["10,000 ranges of UIDs", `x UID FETCH ${longSet} UID\r\n`, /^x OK/],
    ["10,000 ranges in SEARCH", `x SEARCH ${longSet}\r\n`, /^x OK/],
    ["a held literal over the limit, which is not asked for", "x SELECT {70000}\r\n", /^x BAD \[TOOBIG\]/],
    ["a held literal over the limit that comes all the same", `x SELECT {70000+}\r\n${"y".repeat(70_000)}\r\n`, /^x BAD \[TOOBIG\]/],
    ["a message over the limit, which is not asked for", "x APPEND INBOX {1000001}\r\n", /^x NO \[TOOBIG\]/],
    ["a message over the limit that comes all the same", `x APPEND INBOX {1000001+}\r\n${"y".repeat(1_000_001)}\r\n`, /^x NO \[TOOBIG\]/],
    ["a message for nowhere that comes all the same", `x APPEND nowhere {5+}\r\nx NO\r\n\r\n`, /^x NO \[TRYCREATE\]/],
    ["a literal of absurd size, not asked for", "x APPEND INBOX {99999999999999999999}\r\n", /^x NO \[TOOBIG\]/],
    ["a message with NUL bytes", "x APPEND INBOX {3+}\r\na\0b\r\n", /^x NO/],
    ["an unclosed quoted string", 'x SELECT "INBOX\r\n', /^x BAD/],
    ["a number that is none", "x FETCH 99999999999 FLAGS\r\n", /^x BAD/],
    ["a command with nothing", "x FETCH\r\n", /^x BAD/],
    ["an empty command", "x \r\n", /^x BAD/],
    ["a UID form that does not exist", "x UID NOOP\r\n", /^x BAD/],
    ["too many wildcards", `x LIST "" ${"*a".repeat(101)}\r\n`, /^x BAD/],
  ])("%s", async (_, bytes, expected) => {
    const client = await world.signIn()
    await client.command("SELECT INBOX")
    expect(await answer(client, bytes)).toMatch(expected)
    client.destroy()
  })

  test.each([["no tag", "\r\n"], ["a tag alone", "x\r\n"], ["bytes that are no text", "\xff\x00\x01 {}\r\n"], ["a tag that may be none", "+ NOOP\r\n"]])("%s", async (_, line) => {
    const client = await world.signIn()
    client.send(Buffer.from(line, "latin1"))
    expect(await client.line()).toMatch(/^\* BAD/)
    expect((await client.command("NOOP")).at(-1)).toMatch(/^t OK/)
    client.destroy()
  })
})

describe("a stranger, in clear and under TLS, gets one clear reply and may still go on", () => {
  test.each<[string, string | Buffer, RegExp]>([
    ["an over-long line", `x NOOP ${"y".repeat(70_000)}\r\n`, /^x BAD \[TOOBIG\]/],
    ["a literal over the limit, which is not asked for", "x LOGIN {20000}\r\n", /^x BAD \[TOOBIG\]/],
    ["a literal over the limit that comes all the same", `x LOGIN {20000+}\r\n${"y".repeat(20_000)} z\r\n`, /^x BAD \[TOOBIG\]/],
    ["NUL bytes", "x LOGIN a\0b c\r\n", /^x BAD/],
    ["NUL bytes in a literal", "x LOGIN {3+}\r\na\0b c\r\n", /^x BAD/],
    ["1,000 parentheses", `x ID ${"(".repeat(1000)}\r\n`, /^x BAD/],
    ["10,000 ranges", `x FETCH 1:*${",1:*".repeat(4000)} UID\r\n`, /^x BAD/],
    ["invalid UTF-8", Buffer.from('x LOGIN "\xff\xfe" y\r\n', "latin1"), /^x BAD/],
  ])("%s", async (_, bytes, expected) => {
    for (const clear of [true, false]) expect(await answer(await world.connect({ clear }), bytes)).toMatch(expected)
  })

  test("and one that vanishes in the middle of a literal is forgotten", async () => {
    const connections = world.server.connections()
    for (const clear of [true, false]) {
      const client = await world.connect({ clear })
      client.send("x LOGIN {100+}\r\nhalf")
      client.destroy()
    }
    await expect.poll(() => world.server.connections()).toBe(connections)
  })
})

describe("a message made to hurt is kept, told and searched like any other", () => {
  const multipart = (at: number): string => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}\r\n`
  test.each<[string, string]>([
    ["MIME nested 200 deep", `${Array.from({ length: 200 }, (_, at) => multipart(at)).join("")}\r\nx\r\n`],
    ["messages nested 200 deep", `${"Content-Type: message/rfc822\r\n\r\n".repeat(200)}\r\nx\r\n`],
    ["10,000 parts", `Content-Type: multipart/mixed; boundary=b\r\n\r\n${"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(10_000)}--b--\r\n`],
    ["a header field of 1 MB", `Subject: ${"x".repeat(900_000)}\r\n\r\nx\r\n`],
    ["1 MB of header fields", `${"X-Line: 0123456789\r\n".repeat(45_000)}\r\nx\r\n`],
    ["NUL-free binary", `\r\n${"\xff\x01\x80".repeat(100_000)}\r\n`],
  ])("%s", async (_, text) => {
    const bytes = Buffer.from(text, "latin1")
    const client = await world.signIn("binh@tinh.example")
    expect(await appendMessage(client, bytes)).toMatch(/^a OK/)
    await client.command("SELECT INBOX")
    const [response] = await ask(client, "FETCH * (ENVELOPE BODYSTRUCTURE BODY.PEEK[] BODY.PEEK[1.1.1] BODY.PEEK[HEADER.FIELDS.NOT (Subject)])")
    expect(response?.literals.some((each) => each.equals(bytes))).toBe(true)
    expect((await client.command("SEARCH * TEXT nowhere NOT HEADER X-Line 9876 SENTSINCE 1-Jan-2026")).at(-1)).toMatch(/^t OK/)
    client.destroy()
  })
})

describe("closed, with a word", () => {
  test("more than may be dropped", async () => {
    const client = await world.signIn()
    client.send(`x APPEND INBOX {3000000+}\r\n`)
    expect(await client.rest()).toEqual([expect.stringMatching(/^x NO \[TOOBIG\]/), expect.stringMatching(/^\* BYE/)])
  })

  test("errors without end", async () => {
    const client = await world.signIn()
    client.send("x FETCH\r\n".repeat(100))
    const said = await client.rest()
    expect(said.at(-1)).toMatch(/^\* BYE/)
    expect(said.length).toBeLessThan(25)
  })

  test("a line before sign-in is shorter", async () => {
    const client = await world.connect()
    client.send(`x LOGIN ${"y".repeat(20_000)}\r\n`)
    expect(await client.line()).toMatch(/^x BAD \[TOOBIG\]/)
    client.destroy()
  })

  test("an endless answer to AUTHENTICATE", async () => {
    const client = await world.connect()
    client.send("x AUTHENTICATE PLAIN\r\n")
    expect(await client.line()).toBe("+ ")
    client.send("y".repeat(20_000))
    expect((await client.rest())[0]).toMatch(/^\* BYE/)
  })
})

describe("a client that vanishes", () => {
  test("in the middle of a literal leaves nothing behind", async () => {
    const blobs = async (): Promise<number> => (await readdir(world.store.blobDir, { recursive: true })).filter((name) => name.includes("/")).length
    const before = await blobs()
    const connections = world.server.connections()
    const client = await world.signIn()
    client.send(`x APPEND INBOX {900000}\r\n`)
    expect(await client.line()).toMatch(/^\+/)
    client.send(Buffer.alloc(500_000, "y"))
    const other = await world.signIn()
    await other.command("NOOP")
    client.destroy()
    await expect.poll(() => world.server.connections()).toBe(connections + 1)
    await expect.poll(blobs).toBe(before)
    expect((await other.command("STATUS INBOX (MESSAGES)"))[0]).toBe("* STATUS INBOX (MESSAGES 1)")
    other.destroy()
  })

  test.each([["in a held literal", "x SELECT {9}\r\nIN"], ["in a line", "x SELECT IN"], ["in IDLE", "x IDLE\r\n"], ["in AUTHENTICATE", "x AUTHENTICATE PLAIN\r\n"], ["while it is sent much", "x FETCH 1:* BODY[]\r\n".repeat(50)]])("%s", async (_, text) => {
    const connections = world.server.connections()
    const client = text.includes("AUTH") ? await world.connect() : await world.signIn()
    if (!text.includes("AUTH")) await client.command("SELECT INBOX")
    client.send(text)
    client.destroy()
    await expect.poll(() => world.server.connections()).toBe(connections)
  })
})

test("a client that pipelines without end and reads nothing is made to wait", async () => {
  const client = await world.signIn()
  await client.command("SELECT INBOX")
  client.socket.pause()
  let sent = 0
  for (; sent < 20_000_000; sent += 21_000) if (!client.socket.write("x FETCH 1 (BODY[])\r\n\r".slice(0, 20).repeat(1000)) && client.socket.writableLength > 4_000_000) break
  // the server has stopped reading long before all of it
  expect(client.socket.writableLength).toBeGreaterThan(1_000_000)
  const other = await world.signIn()
  expect((await other.command("NOOP")).at(-1)).toMatch(/OK/)
  client.destroy()
  other.destroy()
})

test("a client that pipelines thousands of commands leaves others their turns", async () => {
  let inTurn = 0
  let most = 0
  let over = false
  const tick = (): void => {
    most = Math.max(most, inTurn)
    inTurn = 0
    if (!over) setImmediate(tick)
  }
  // the server looks at its clock for each command
  const now = (): number => {
    inTurn++
    return Date.now()
  }
  const server = await world.another({ services: { clock: { now } } })
  const client = await world.signIn("an@tinh.example", server)
  await client.command("SELECT INBOX")
  tick()
  client.send("q SEARCH ALL\r\n".repeat(4000) + "x NOOP\r\n")
  expect((await client.until("x")).filter((line) => line.startsWith("q OK"))).toHaveLength(4000)
  over = true
  expect(most).toBeLessThan(300)
  client.destroy()
})
