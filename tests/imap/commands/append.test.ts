import { createHash } from "node:crypto"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import type { ImapClient } from "../../support/imap-client.ts"
import { createImapWorld, type ImapWorld } from "../../support/imap-world.ts"
import { appendMessage, ask, literal, simpleMessage } from "./dialog.ts"

let world: ImapWorld
let client: ImapClient
let folder = ""
let folders = 0

beforeAll(async () => {
  world = await createImapWorld({ maxLiteralBytes: 4 * 1024 * 1024 })
})
afterAll(() => world.close())
beforeEach(async () => {
  client = await world.signIn()
  folder = `append${++folders}`
  await client.command(`CREATE ${folder}`)
})
afterEach(() => {
  client.destroy()
  expect(world.bugs).toEqual([])
})

const messagesIn = async (): Promise<string> => (await client.command(`STATUS ${folder} (MESSAGES)`))[0] ?? ""

test("flags and date are kept, APPENDUID tells where the message is", async () => {
  expect(await appendMessage(client, simpleMessage("x"), { mailbox: folder, before: "(\\Seen $Label1) \" 7-Jul-1996 02:44:25 +0700\" " })).toMatch(/^a OK \[APPENDUID \d+ 1\] Appended$/)
  await client.command(`SELECT ${folder}`)
  expect((await client.command("FETCH 1 (FLAGS INTERNALDATE)"))[0]).toBe("* 1 FETCH (FLAGS (\\Seen $Label1 \\Recent) INTERNALDATE \" 7-Jul-1996 02:44:25 +0700\")")
})

test("LITERAL+ needs no invitation, and the mailbox name may be a literal", async () => {
  const message = simpleMessage("plus")
  client.send(`a APPEND {${folder.length}+}\r\n${folder} (\\Draft) {${message.length}+}\r\n${message}\r\n`)
  expect((await client.until("a")).at(-1)).toMatch(/^a OK \[APPENDUID \d+ 1\]/)
  client.send(`b APPEND {${folder.length}}\r\n`)
  expect(await client.line()).toMatch(/^\+/)
  client.send(`${folder} {${message.length}}\r\n`)
  expect(await client.line()).toMatch(/^\+/)
  client.send(`${message}\r\n`)
  expect((await client.until("b")).at(-1)).toMatch(/^b OK \[APPENDUID \d+ 2\]/)
})

test("several messages are one APPEND (RFC 3502)", async () => {
  const [first, second, third] = ["one", "two", "three"].map((subject) => simpleMessage(subject)) as [string, string, string]
  client.send(`a APPEND ${folder} (\\Seen) {${first.length}+}\r\n${first} {${second.length}+}\r\n${second} (\\Flagged) "01-Jan-2020 00:00:00 +0000" {${third.length}}\r\n`)
  expect(await client.line()).toMatch(/^\+/)
  client.send(`${third}\r\n`)
  expect((await client.until("a")).at(-1)).toMatch(/^a OK \[APPENDUID \d+ 1:3\]/)
  await client.command(`SELECT ${folder}`)
  expect(await literal(client, "FETCH 3 BODY.PEEK[]")).toBe(third)
  expect(await client.command("SEARCH FLAGGED")).toContain("* SEARCH 3")
})

test("into the selected mailbox: EXISTS comes before the tagged reply", async () => {
  await client.command(`SELECT ${folder}`)
  const message = simpleMessage("x")
  client.send(`a APPEND ${folder} {${message.length}+}\r\n${message}\r\n`)
  expect(await client.until("a")).toEqual(["* 1 EXISTS", "* 1 RECENT", expect.stringMatching(/^a OK/)])
})

test("what is refused is refused before the message is sent", async () => {
  expect(await appendMessage(client, simpleMessage("x"), { mailbox: "nowhere" })).toMatch(/^a NO \[TRYCREATE\]/)
  client.send(`a APPEND ${folder} {${4 * 1024 * 1024 + 1}}\r\n`)
  expect(await client.line()).toMatch(/^a NO \[TOOBIG\]/)
  client.send(`a APPEND ${folder} {99999999999999999999}\r\n`)
  expect(await client.line()).toMatch(/^a NO \[TOOBIG\]/)
  for (const before of ["(\\Recent) ", "(\\Seen ", "\"yesterday\" ", "x "]) {
    expect(await appendMessage(client, simpleMessage("x"), { mailbox: folder, before })).toMatch(/^a BAD /)
  }
  client.send(`a APPEND ${folder} {0}\r\n`)
  expect(await client.line()).toMatch(/^a NO \[CANNOT\]/)
  expect((await client.command(`APPEND ${folder}`)).at(-1)).toMatch(/^t BAD /)
  expect((await client.command("APPEND")).at(-1)).toMatch(/^t BAD /)
  expect(await messagesIn()).toContain("MESSAGES 0")
})

test("a non-synchronizing literal that is refused is read and dropped, and the session goes on", async () => {
  const message = simpleMessage("x")
  client.send(`a APPEND nowhere {${message.length}+}\r\n${message} {3+}\r\nabc\r\n`)
  expect(await client.line()).toMatch(/^a NO \[TRYCREATE\]/)
  expect(await messagesIn()).toContain("MESSAGES 0")
})

test("NUL bytes are refused, and so is a bad end; nothing is stored of what came before", async () => {
  const bad = "Subject: x\r\n\r\na\0b\r\n"
  expect(await appendMessage(client, bad, { mailbox: folder })).toMatch(/^a NO \[CANNOT\]/)
  const good = simpleMessage("good")
  client.send(`a APPEND ${folder} {${good.length}+}\r\n${good} {${bad.length}+}\r\n${bad}\r\n`)
  expect((await client.until("a")).at(-1)).toMatch(/^a NO \[CANNOT\]/)
  client.send(`a APPEND ${folder} {${good.length}+}\r\n${good}trailing\r\n`)
  expect((await client.until("a")).at(-1)).toMatch(/^a BAD /)
  expect(await messagesIn()).toContain("MESSAGES 0")
})

test("a client that vanishes in the middle of its literal leaves nothing behind", async () => {
  const other = await world.signIn()
  other.send(`a APPEND ${folder} {100000+}\r\nSubject: half`)
  other.socket.end()
  expect(await other.rest()).toEqual([])
  expect(await messagesIn()).toContain("MESSAGES 0")
})

test("an account over its quota is told before and after", async () => {
  await world.store.database.query({ text: "UPDATE account SET quota_bytes = (SELECT sum(bytes) + 600 FROM mailbox WHERE account_id = $1) WHERE id = $1" }, [world.accountId("an@tinh.example")])
  expect(await appendMessage(client, simpleMessage("large", "x".repeat(1000)), { mailbox: folder })).toMatch(/^a NO \[OVERQUOTA\]/)
  await world.store.database.query({ text: "UPDATE account SET quota_bytes = 1e12" })
})

test("any bytes come back as they were sent", async () => {
  const bytes = Buffer.concat([Buffer.from("Subject: =?utf-8?q?x?=\r\n\r\n"), ...Array.from({ length: 3000 }, (_, at) => createHash("sha256").update(String(at)).digest())])
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0) bytes[at] = 1
  expect(await appendMessage(client, bytes, { mailbox: folder })).toMatch(/^a OK/)
  await client.command(`SELECT ${folder}`)
  const [response] = await ask(client, "FETCH 1 BODY.PEEK[]")
  expect(response?.literals[0]?.equals(bytes)).toBe(true)
})
