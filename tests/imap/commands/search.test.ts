import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import type { ImapClient } from "../../support/imap-client.ts"
import { createImapWorld, type ImapWorld } from "../../support/imap-world.ts"
import { appendMessage } from "./dialog.ts"

let world: ImapWorld
let client: ImapClient

const mail = (headers: readonly string[], body: string): string => [...headers, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", body, ""].join("\r\n")

beforeAll(async () => {
  world = await createImapWorld()
  client = await world.signIn()
  await client.command("CREATE found")
  const messages: readonly [string, string][] = [
    ["(\\Seen) \"01-Nov-2026 10:00:00 +0700\" ", mail(["From: =?utf-8?B?Tmd1eeG7hW4gVsSDbiBBbg==?= <an@tinh.example>", "To: binh@tinh.example", "Subject: =?utf-8?Q?C=C3=B4ng_v=C4=83n_s=E1=BB=91_12?=", "Date: Sun, 1 Nov 2026 10:00:00 +0700"], "Kính gửi Sở Nội vụ")],
    ["(\\Answered work) \"02-Nov-2026 10:00:00 +0700\" ", mail(["From: binh@tinh.example", "Cc: an@tinh.example", "Subject: plain words", "Date: Mon, 2 Nov 2026 00:30:00 +0700"], "báo cáo")],
    ["\"03-Nov-2026 10:00:00 +0700\" ", mail(["From: c@tinh.example", "Bcc: an@tinh.example", "Subject: ", "X-Case: One"], "BÁO CÁO ".repeat(1000))],
  ]
  for (const [before, message] of messages) expect(await appendMessage(client, message, { mailbox: "found", before })).toMatch(/^a OK/)
  await client.command("SELECT found")
})
afterAll(async () => {
  client.destroy()
  await world.close()
})
afterEach(() => expect(world.bugs).toEqual([]))

test.each([
  ["ALL", "1 2 3"],
  ["UNSEEN", "2 3"],
  ["KEYWORD work", "2"],
  ["LARGER 5000", "3"],
  ["SINCE 2-Nov-2026", "2 3"],
  ["SENTON 2-Nov-2026", "2"],
  ["FROM \"Nguyễn Văn\"", "1"],
  ["CHARSET UTF-8 SUBJECT \"công VĂN\"", "1"],
  ["SUBJECT \"plain\" FROM binh", "2"],
  ["CC an BCC an", ""],
  ["OR CC an BCC an", "2 3"],
  ["BODY \"báo cáo\"", "2 3"],
  ["TEXT \"sở nội vụ\"", "1"],
  ["HEADER X-Case \"one\"", "3"],
  ["NOT TEXT binh", "3"],
  ["2:* UID 1:2", "2"],
  ["RECENT", "1 2 3"],
])("SEARCH %s", async (keys, expected) => {
  expect(await client.command(`SEARCH ${keys}`)).toEqual([`* SEARCH${expected === "" ? "" : ` ${expected}`}`, "t OK Searched"])
})

test("a search string may be a literal in UTF-8", async () => {
  const text = Buffer.from("Kính gửi")
  client.send(`t SEARCH CHARSET UTF-8 BODY {${text.length}}\r\n`)
  expect(await client.line()).toMatch(/^\+/)
  client.send(Buffer.concat([text, Buffer.from("\r\n")]))
  expect(await client.until("t")).toEqual(["* SEARCH 1", "t OK Searched"])
})

test("Vietnamese is found composed and decomposed, in any case", async () => {
  for (const words of ["công văn", "CÔNG VĂN SỐ"]) for (const form of ["NFC", "NFD"] as const) {
    const text = words.normalize(form)
    client.send(`t SEARCH CHARSET UTF-8 SUBJECT "${text}"\r\n`)
    expect((await client.until("t"))[0]).toBe("* SEARCH 1")
    client.send(`t SEARCH CHARSET UTF-8 NOT OR BODY {${Buffer.byteLength(text)}+}\r\n${text} SUBJECT "${text}"\r\n`)
    expect((await client.until("t"))[0]).toBe("* SEARCH 2 3")
  }
})

test("other charsets are refused by name", async () => {
  expect(await client.command("SEARCH CHARSET KOI8-R SUBJECT x")).toEqual(["t NO [BADCHARSET (US-ASCII UTF-8)] This charset is not supported"])
})

test("ESEARCH repeats the command's tag", async () => {
  expect(await client.command("SEARCH RETURN (MIN MAX COUNT ALL) UNSEEN", "A282")).toEqual(["* ESEARCH (TAG \"A282\") MIN 2 MAX 3 COUNT 2 ALL 2:3", "A282 OK Searched"])
  expect(await client.command("UID SEARCH RETURN () FLAGGED", "A283")).toEqual(["* ESEARCH (TAG \"A283\") UID", "A283 OK Searched"])
})

test("MODSEQ is answered with the highest one found (RFC 7162 §3.1.5)", async () => {
  const lines = await client.command("SEARCH MODSEQ 1")
  expect(lines[0]).toMatch(/^\* SEARCH 1 2 3 \(MODSEQ \d+\)$/)
  expect((await client.command("SEARCH MODSEQ 999999"))[0]).toBe("* SEARCH")
  expect((await client.command("SEARCH RETURN (COUNT) MODSEQ 1"))[0]).toMatch(/^\* ESEARCH \(TAG "t"\) COUNT 3 MODSEQ \d+$/)
})

test("MODSEQ with only MIN or MAX is that of the message they name (RFC 4731 §3.2)", async () => {
  const fetched = await client.command("FETCH 1:* MODSEQ")
  const [first = 0, , last = 0] = fetched.flatMap((line) => /MODSEQ \((\d+)\)/.exec(line)?.[1] ?? []).map(Number)
  expect(first).toBeLessThan(last)
  expect((await client.command("SEARCH RETURN (MIN) MODSEQ 1"))[0]).toBe(`* ESEARCH (TAG "t") MIN 1 MODSEQ ${first}`)
  expect((await client.command("UID SEARCH RETURN (MAX MIN) MODSEQ 1"))[0]).toBe(`* ESEARCH (TAG "t") UID MAX 3 MIN 1 MODSEQ ${last}`)
})

test("bad words are BAD", async () => {
  for (const words of ["SEARCH", "SEARCH FOO", `SEARCH ${"(".repeat(1000)}ALL${")".repeat(1000)}`, `SEARCH ${"NOT ".repeat(10_000)}ALL`, "SEARCH SUBJECT \"\xff\""]) {
    client.send(Buffer.from(`t ${words}\r\n`, "latin1"))
    const lines = await client.until("t")
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^t BAD \S/)
  }
})
