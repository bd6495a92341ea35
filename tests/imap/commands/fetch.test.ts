import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { ImapClient } from "../../support/imap-client.ts"
import { createImapWorld, type ImapWorld } from "../../support/imap-world.ts"
import { appendMessage, ask, literal, simpleMessage, untagged } from "./dialog.ts"

let world: ImapWorld
let client: ImapClient
let folders = 0
let folder = ""

beforeAll(async () => {
  world = await createImapWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  client = await world.signIn()
  folder = `fetch${++folders}`
  await client.command(`CREATE ${folder}`)
})
afterEach(() => {
  client.destroy()
  expect(world.bugs).toEqual([])
})

const nestedMessage = [
  "From: Nguyễn An <an@tinh.example>", "Subject: outer", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b1", "",
  "preamble", "--b1", "Content-Type: text/plain; charset=utf-8", "", "Kính gửi", "--b1",
  "Content-Type: message/rfc822", "X-Part: two", "",
  "From: b@tinh.example", "Subject: inner", "Content-Type: multipart/alternative; boundary=b2", "",
  "--b2", "Content-Type: text/plain", "", "inner text", "--b2", "Content-Type: text/html", "", "<p>inner</p>", "--b2--",
  "--b1--", "epilogue", "",
].join("\r\n")

const appendAndSelect = async (...messages: readonly string[]): Promise<void> => {
  for (const message of messages) expect(await appendMessage(client, message, { mailbox: folder })).toMatch(/^a OK \[APPENDUID \d+ \d+\]/)
  await client.command(`SELECT ${folder}`)
}

describe("items", () => {
  test("macros and every index item", async () => {
    expect(await appendMessage(client, simpleMessage("one"), { mailbox: folder, before: "(\\Flagged work) \"17-Jul-1996 02:44:25 -0700\" " })).toMatch(/^a OK/)
    await client.command(`SELECT ${folder}`)
    const size = Buffer.byteLength(simpleMessage("one"))
    const [fast] = await client.command("FETCH 1 FAST")
    expect(fast).toBe(`* 1 FETCH (FLAGS (\\Flagged work \\Recent) INTERNALDATE "17-Jul-1996 16:44:25 +0700" RFC822.SIZE ${size})`)
    const [full] = await client.command("UID FETCH 1 FULL")
    expect(full).toMatch(/^\* 1 FETCH \(UID 1 FLAGS \(\\Flagged work \\Recent\) INTERNALDATE "[^"]+" RFC822.SIZE \d+ ENVELOPE \("Thu, 5 Nov 2026 08:00:00 \+0700" "one" .*"<one@tinh.example>"\) BODY \("TEXT" "PLAIN" .*\)\)$/i)
    const [structure] = await client.command("FETCH 1 (BODYSTRUCTURE UID)")
    expect(structure).toMatch(/^\* 1 FETCH \(UID 1 BODYSTRUCTURE \(.*\)\)$/)
  })

  test("BODY[] is byte for byte what was appended, and marks it seen", async () => {
    await appendAndSelect(nestedMessage)
    const responses = await ask(client, "FETCH 1 BODY[]")
    expect(responses[0]?.literals[0]?.toString("utf8")).toBe(nestedMessage)
    expect(responses[0]?.text).toBe(`* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[] {${Buffer.byteLength(nestedMessage)}})`)
    expect(await client.command("FETCH 1 BODY[TEXT]<0.1>")).not.toContain("FLAGS")
    expect(untagged(await client.command("NOOP"))).toEqual([])
  })

  test("PEEK and RFC822.HEADER leave it unseen; RFC822 and RFC822.TEXT do not", async () => {
    await appendAndSelect(simpleMessage("a"), simpleMessage("b"), simpleMessage("c"))
    await ask(client, "FETCH 1:* (BODY.PEEK[] RFC822.HEADER BODY.PEEK[TEXT])")
    expect(await client.command("SEARCH SEEN")).toContain("* SEARCH")
    expect((await ask(client, "FETCH 1 RFC822"))[0]?.text).toMatch(/^\* 1 FETCH \(FLAGS \(\\Seen \\Recent\) RFC822 \{\d+\}\)$/)
    expect((await ask(client, "FETCH 2 RFC822.TEXT"))[0]?.literals[0]?.toString()).toBe("body\r\n")
    expect(await client.command("SEARCH SEEN")).toContain("* SEARCH 1 2")
  })

  test("in a mailbox opened with EXAMINE nothing becomes seen", async () => {
    await appendMessage(client, simpleMessage("x"), { mailbox: folder })
    await client.command(`EXAMINE ${folder}`)
    expect((await ask(client, "FETCH 1 BODY[]"))[0]?.text).toMatch(/^\* 1 FETCH \(BODY\[\] /)
    expect(await client.command("SEARCH UNSEEN")).toContain("* SEARCH 1")
  })
})

describe("sections", () => {
  const bytesOf = (from: string, to: string): string => nestedMessage.slice(nestedMessage.indexOf(from), nestedMessage.indexOf(to))
  const header = nestedMessage.slice(0, nestedMessage.indexOf("\r\n\r\n") + 4)

  test.each([
    ["HEADER", header],
    ["TEXT", nestedMessage.slice(header.length)],
    ["1", "Kính gửi"],
    ["1.MIME", "Content-Type: text/plain; charset=utf-8\r\n\r\n"],
    ["2", bytesOf("From: b@tinh", "\r\n--b1--")],
    ["2.MIME", "Content-Type: message/rfc822\r\nX-Part: two\r\n\r\n"],
    ["2.HEADER", bytesOf("From: b@tinh", "--b2")],
    ["2.TEXT", bytesOf("--b2\r\n", "\r\n--b1--")],
    ["2.1", "inner text"],
    ["2.2", "<p>inner</p>"],
    ["2.2.MIME", "Content-Type: text/html\r\n\r\n"],
    ["HEADER.FIELDS (SUBJECT from)", "From: Nguyễn An <an@tinh.example>\r\nSubject: outer\r\n\r\n"],
    ["HEADER.FIELDS.NOT (Subject From)", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n"],
    ["HEADER.FIELDS (X-None)", "\r\n"],
    ["2.HEADER.FIELDS (Subject)", "Subject: inner\r\n\r\n"],
  ])("BODY[%s]", async (section, expected) => {
    await appendAndSelect(nestedMessage)
    expect(await literal(client, `FETCH 1 BODY.PEEK[${section}]`)).toBe(expected)
  })

  test("parts that do not exist are NIL", async () => {
    await appendAndSelect(nestedMessage)
    expect((await client.command("FETCH 1 (BODY.PEEK[3] BODY.PEEK[1.1] BODY.PEEK[1.HEADER])"))[0]).toBe("* 1 FETCH (BODY[3] NIL BODY[1.1] NIL BODY[1.HEADER] NIL)")
  })

  test("partial fetches give the range and its start", async () => {
    await appendAndSelect(nestedMessage)
    const bytes = Buffer.from(nestedMessage)
    for (const [start, count] of [[0, 10], [5, 100], [bytes.length - 3, 50], [bytes.length + 10, 10]] as const) {
      const [response] = await ask(client, `FETCH 1 BODY.PEEK[]<${start}.${count}>`)
      expect(response?.text).toMatch(new RegExp(`^\\* 1 FETCH \\(BODY\\[\\]<${start}> `))
      expect(response?.literals[0]).toEqual(bytes.subarray(start, start + count))
    }
    expect(await literal(client, "FETCH 1 BODY.PEEK[HEADER.FIELDS (Subject)]<3.5>")).toBe("ject:")
  })

  test("a delivered message has its trace fields in the header, and only there", async () => {
    await world.deliver("binh@tinh.example", "delivered")
    const binh = await world.signIn("binh@tinh.example")
    await binh.command("SELECT INBOX")
    const whole = await literal(binh, "FETCH 1 BODY.PEEK[]")
    const top = await literal(binh, "FETCH 1 BODY.PEEK[HEADER]")
    const text = await literal(binh, "FETCH 1 BODY.PEEK[TEXT]")
    expect(top).toMatch(/^Return-Path: <nguoigui@ngoai.example>\r\nReceived: .*\r\nFrom: a@tinh.example\r\nSubject: delivered\r\n\r\n$/s)
    expect(text).toBe("Body of delivered\r\n")
    expect(whole).toBe(top + text)
    expect((await binh.command("FETCH 1 RFC822.SIZE"))[0]).toBe(`* 1 FETCH (RFC822.SIZE ${Buffer.byteLength(whole)})`)
    expect(await literal(binh, "FETCH 1 BODY.PEEK[HEADER.FIELDS (return-path)]")).toBe("Return-Path: <nguoigui@ngoai.example>\r\n\r\n")
    expect(await literal(binh, "FETCH 1 BODY.PEEK[1]")).toBe(text)
    binh.destroy()
  })

  test("a header too large to be kept is read from the content", async () => {
    const big = `Subject: big\r\n${Array.from({ length: 12_000 }, (_, at) => `X-${at}: ${"v".repeat(80)}\r\n`).join("")}X-Last: here\r\n\r\nbody\r\n`
    await appendAndSelect(big)
    expect(await literal(client, "FETCH 1 BODY.PEEK[HEADER]")).toBe(big.slice(0, -6))
    expect(await literal(client, "FETCH 1 BODY.PEEK[HEADER.FIELDS (x-last SUBJECT)]")).toBe("Subject: big\r\nX-Last: here\r\n\r\n")
    expect(await literal(client, "FETCH 1 BODY.PEEK[]")).toBe(big)
  })

  test("a message of several megabytes streams unchanged", async () => {
    const big = `Subject: big\r\n\r\n${Array.from({ length: 60_000 }, (_, at) => `line ${at} ${"x".repeat(60)}\r\n`).join("")}`
    await appendAndSelect(big)
    expect(await literal(client, "FETCH 1 BODY.PEEK[]") === big).toBe(true)
    expect(await literal(client, "FETCH 1 BODY.PEEK[]<3000000.1000>")).toBe(big.slice(3_000_000, 3_001_000))
  })
})

describe("sequence numbers", () => {
  test("of an empty mailbox 1:* is nothing, a number beyond the last is BAD", async () => {
    await client.command(`SELECT ${folder}`)
    expect(await client.command("FETCH 1:* FLAGS")).toEqual(["t OK Fetched"])
    await appendMessage(client, simpleMessage("x"), { mailbox: folder })
    expect((await client.command("FETCH 2 FLAGS")).at(-1)).toMatch(/^t BAD There are only 1 messages/)
    expect((await client.command("FETCH 2:* FLAGS"))[0]).toMatch(/^\* 1 FETCH/)
    expect(await client.command("UID FETCH 77 FLAGS")).toEqual(["t OK Fetched"])
  })

  test("what another client has expunged: what is there is sent, then NO [EXPUNGEISSUED]; the UID form is OK", async () => {
    await appendAndSelect(simpleMessage("a"), simpleMessage("b"), simpleMessage("c"))
    const other = await world.signIn()
    await other.command(`SELECT ${folder}`)
    await other.command("STORE 2 +FLAGS.SILENT (\\Deleted)")
    await other.command("EXPUNGE")
    const lines = await client.command("FETCH 1:3 (UID)")
    expect(lines).toEqual(["* 1 FETCH (UID 1)", "* 3 FETCH (UID 3)", "t NO [EXPUNGEISSUED] Some of the messages no longer exist"])
    expect((await client.command("FETCH 1:3 (UID ENVELOPE)")).at(-1)).toMatch(/^t NO \[EXPUNGEISSUED\]/)
    expect(await client.command("UID FETCH 1:3 (UID)")).toEqual(["* 1 FETCH (UID 1)", "* 3 FETCH (UID 3)", "* 2 EXPUNGE", "* 2 RECENT", "t OK Fetched"])
    other.destroy()
  })
})

test("MODSEQ and CHANGEDSINCE (RFC 7162)", async () => {
  await appendAndSelect(simpleMessage("a"), simpleMessage("b"))
  const lines = await client.command("FETCH 1:* (MODSEQ)")
  const modSeqs = lines.flatMap((line) => /MODSEQ \((\d+)\)/.exec(line)?.[1] ?? []).map(Number)
  expect(modSeqs).toHaveLength(2)
  expect(lines.at(-2)).toMatch(/^\* OK \[HIGHESTMODSEQ \d+\]/)
  await client.command("STORE 1 +FLAGS.SILENT (\\Seen)")
  const since = Math.max(...modSeqs)
  const changed = await client.command(`UID FETCH 1:* (FLAGS) (CHANGEDSINCE ${since})`)
  expect(untagged(changed)).toEqual([`* 1 FETCH (UID 1 MODSEQ (${since + 1}) FLAGS (\\Seen \\Recent))`])
  expect((await client.command("FETCH 1 FLAGS (VANISHED CHANGEDSINCE 1)")).at(-1)).toMatch(/^t BAD/)
})

test("bad words get one BAD and the session goes on", async () => {
  await appendAndSelect(simpleMessage("a"))
  for (const words of ["FETCH", "FETCH 1", "FETCH 1 (", `FETCH 1 ${"(".repeat(1000)}`, "FETCH 0 FLAGS", "FETCH 1 BODY[", "FETCH 1 FOO", "FETCH 1 FLAGS FLAGS"]) {
    const lines = await client.command(words)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^t BAD \S/)
  }
  const ranges = Array.from({ length: 10_000 }, (_, at) => at + 1).join(",")
  expect((await client.command(`UID FETCH 1:*,${ranges} (UID)`))).toEqual(["* 1 FETCH (UID 1)", "t OK Fetched"])
})
