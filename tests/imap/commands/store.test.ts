import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import type { ImapClient } from "../../support/imap-client.ts"
import { createImapWorld, type ImapWorld } from "../../support/imap-world.ts"
import { appendMessage, simpleMessage, untagged } from "./dialog.ts"

let world: ImapWorld
let one: ImapClient
let two: ImapClient
let folder = ""
let folders = 0

beforeAll(async () => {
  world = await createImapWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  one = await world.signIn()
  two = await world.signIn()
  folder = `store${++folders}`
  await one.command(`CREATE ${folder}`)
  for (const subject of ["a", "b", "c"]) await appendMessage(one, simpleMessage(subject), { mailbox: folder })
  // The second client sees them first, so that they are not \Recent to the other.
  await two.command(`SELECT ${folder}`)
  await one.command(`SELECT ${folder}`)
})
afterEach(() => {
  one.destroy()
  two.destroy()
  expect(world.bugs).toEqual([])
})

test("flags are added, removed and replaced, and told as they are now", async () => {
  expect(await one.command("STORE 1:2 +FLAGS (\\Seen \\Flagged)")).toEqual(["* 1 FETCH (FLAGS (\\Flagged \\Seen))", "* 2 FETCH (FLAGS (\\Flagged \\Seen))", "t OK Stored"])
  expect(await one.command("STORE 1 -flags \\Seen")).toEqual(["* 1 FETCH (FLAGS (\\Flagged))", "t OK Stored"])
  expect(await one.command("UID STORE 1:* FLAGS (\\Draft)")).toEqual([1, 2, 3].map((seq) => `* ${seq} FETCH (UID ${seq} FLAGS (\\Draft))`).concat("t OK Stored"))
  expect(await one.command("STORE 1 FLAGS ()")).toEqual(["* 1 FETCH (FLAGS ())", "t OK Stored"])
  expect(await one.command("STORE 1 +FLAGS (\\Seen)")).toContain("* 1 FETCH (FLAGS (\\Seen))")
  // Nothing changes, and it is told all the same.
  expect(await one.command("STORE 1 +FLAGS (\\Seen)")).toContain("* 1 FETCH (FLAGS (\\Seen))")
})

test("a new keyword is in the answer and in FLAGS", async () => {
  const lines = await one.command("STORE 2 +FLAGS ($Forwarded work)")
  expect(lines).toContain("* 2 FETCH (FLAGS ($Forwarded work))")
  expect(lines.at(-1)).toBe("t OK Stored")
  expect(await one.command("SEARCH KEYWORD WORK")).toContain("* SEARCH 2")
})

test("what this server found out about a signature is not for a client to say", async () => {
  expect(await one.command("STORE 1 +FLAGS ($SignatureValid)")).toEqual(["* 1 FETCH (FLAGS ())", "t OK Stored"])
  expect(await one.command("STORE 1 FLAGS ($signaturevalid \\Seen)")).toEqual(["* 1 FETCH (FLAGS (\\Seen))", "t OK Stored"])
  await appendMessage(one, simpleMessage("d"), { mailbox: folder, before: "($SignatureValid) " })
  expect(await one.command("SEARCH KEYWORD $SignatureValid")).toEqual(["* SEARCH", "t OK Searched"])
})

test(".SILENT tells nothing to its own client, and all to the other", async () => {
  expect(await one.command("STORE 1:3 +FLAGS.SILENT (\\Seen)")).toEqual(["t OK Stored"])
  expect(await one.command("NOOP")).toHaveLength(1)
  const lines = untagged(await two.command("NOOP"))
  expect(lines).toEqual([1, 2, 3].map((seq) => `* ${seq} FETCH (FLAGS (\\Seen \\Recent))`))
})

test("UNCHANGEDSINCE leaves changed messages alone and names them", async () => {
  const modSeq = Number(/MODSEQ (\d+)/.exec((await one.command(`STATUS ${folder} (HIGHESTMODSEQ)`))[0] ?? "")?.[1])
  await two.command("STORE 2 +FLAGS.SILENT (\\Answered)")
  const lines = await one.command(`STORE 1:3 (UNCHANGEDSINCE ${modSeq}) +FLAGS.SILENT (\\Seen)`)
  expect(lines).toContain(`* 1 FETCH (MODSEQ (${modSeq + 2}))`)
  expect(lines).toContain(`* 3 FETCH (MODSEQ (${modSeq + 2}))`)
  // What the other client did is told as well, so that the next try can succeed.
  expect(lines).toContain(`* 2 FETCH (FLAGS (\\Answered) MODSEQ (${modSeq + 1}))`)
  expect(lines.at(-1)).toBe("t OK [MODIFIED 2] Some messages have changed since")
  expect((await one.command(`UID STORE 1,2 (UNCHANGEDSINCE ${modSeq + 1}) FLAGS (\\Draft)`)).at(-1)).toBe("t OK [MODIFIED 1] Some messages have changed since")
  expect(await one.command("FETCH 2 FLAGS")).toContain("* 2 FETCH (FLAGS (\\Draft))")
})

test("UNCHANGEDSINCE 0 changes nothing", async () => {
  expect((await one.command("STORE 1:3 (UNCHANGEDSINCE 0) +FLAGS (\\Seen)")).at(-1)).toBe("t OK [MODIFIED 1:3] Some messages have changed since")
})

test("messages that another client expunged: the rest is changed, the plain form says so", async () => {
  await two.command("STORE 2 +FLAGS.SILENT (\\Deleted)")
  await two.command("EXPUNGE")
  const lines = await one.command("STORE 1:3 +FLAGS (\\Seen)")
  expect(lines).toContain("* 1 FETCH (FLAGS (\\Seen))")
  expect(lines).toContain("* 3 FETCH (FLAGS (\\Seen))")
  expect(lines.at(-1)).toMatch(/^t NO \[EXPUNGEISSUED\]/)
  expect((await one.command("UID STORE 1:3 +FLAGS (\\Flagged)")).at(-1)).toBe("t OK Stored")
})

test("a read-only mailbox is not changed", async () => {
  await one.command(`EXAMINE ${folder}`)
  expect(await one.command("STORE 1 +FLAGS (\\Seen)")).toEqual(["t NO The mailbox is selected read-only"])
})

test("a 28th keyword is refused with LIMIT", async () => {
  const keywords = Array.from({ length: 27 }, (_, at) => `k${at}`).join(" ")
  expect((await one.command(`STORE 1 +FLAGS.SILENT (${keywords})`)).at(-1)).toBe("t OK Stored")
  expect((await one.command("STORE 1 +FLAGS (one-more)")).at(-1)).toMatch(/^t NO \[LIMIT\]/)
})

test.each(["STORE", "STORE 1", "STORE 1 FLAGS", "STORE 1 +FLAGS (\\Recent)", "STORE 1 +FLAGS (\\Foo)", "STORE 1 BODY (x)", "STORE 1 FLAGS (a) b", "STORE 1 () FLAGS (a)", "STORE 1 (FOO 1) FLAGS (a)", "STORE 9 FLAGS (a)"])("%s is BAD", async (words) => {
  const lines = await one.command(words)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^t BAD /)
})
