import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import type { ImapClient } from "../../support/imap-client.ts"
import { createImapWorld, type ImapWorld } from "../../support/imap-world.ts"
import { appendMessage, literal, simpleMessage, untagged } from "./dialog.ts"

let world: ImapWorld
let one: ImapClient
let two: ImapClient
let source = ""
let target = ""
let round = 0

beforeAll(async () => {
  world = await createImapWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  one = await world.signIn()
  two = await world.signIn()
  source = `source${++round}`
  target = `target${round}`
  await one.command(`CREATE ${source}`)
  await one.command(`CREATE ${target}`)
  for (const subject of ["a", "b", "c", "d"]) await appendMessage(one, simpleMessage(subject), { mailbox: source, before: "(\\Seen work) " })
  await two.command(`SELECT ${source}`)
  await one.command(`SELECT ${source}`)
})
afterEach(() => {
  one.destroy()
  two.destroy()
  expect(world.bugs).toEqual([])
})

test("COPY keeps flags, dates and bytes, and tells the new uids", async () => {
  expect((await one.command(`COPY 1,3:4 ${target}`)).at(-1)).toMatch(/^t OK \[COPYUID \d+ 1,3:4 1:3\] Copied$/)
  expect((await one.command(`UID COPY 2 ${target}`)).at(-1)).toMatch(/^t OK \[COPYUID \d+ 2 4\] Copied$/)
  await one.command(`SELECT ${target}`)
  expect(await one.command("FETCH 1:* FLAGS")).toEqual([1, 2, 3, 4].map((seq) => `* ${seq} FETCH (FLAGS (\\Seen work \\Recent))`).concat("t OK Fetched"))
  expect(await literal(one, "FETCH 4 BODY.PEEK[]")).toBe(simpleMessage("b"))
})

test("COPY of nothing and to nowhere", async () => {
  expect((await one.command(`UID COPY 99 ${target}`)).at(-1)).toBe("t OK There was nothing to copy")
  expect((await one.command("COPY 1 nowhere")).at(-1)).toMatch(/^t NO \[TRYCREATE\] /)
  expect((await one.command("COPY 1")).at(-1)).toMatch(/^t BAD /)
  expect((await one.command(`COPY 5 ${target}`)).at(-1)).toMatch(/^t BAD /)
})

test("COPY into the selected mailbox shows the copies at once", async () => {
  const lines = await one.command(`COPY 1:2 ${source}`)
  expect(lines).toContain("* 6 EXISTS")
  expect(lines.at(-1)).toMatch(/^t OK \[COPYUID \d+ 1:2 5:6\]/)
})

test("COPY of a message that another client expunged copies nothing", async () => {
  await two.command("STORE 2 +FLAGS.SILENT (\\Deleted)")
  await two.command("EXPUNGE")
  const lines = await one.command(`COPY 1:3 ${target}`)
  expect(lines.at(-1)).toMatch(/^t NO \[EXPUNGEISSUED\]/)
  expect((await one.command(`STATUS ${target} (MESSAGES)`))[0]).toBe(`* STATUS ${target} (MESSAGES 0)`)
})

test("MOVE: COPYUID first, then the expunges; both clients agree", async () => {
  const lines = await one.command(`MOVE 2:3 ${target}`)
  expect(lines[0]).toMatch(/^\* OK \[COPYUID \d+ 2:3 1:2\] Moved$/)
  expect(lines.slice(1, 3)).toEqual(["* 3 EXPUNGE", "* 2 EXPUNGE"])
  expect(lines.at(-1)).toBe("t OK Done")
  expect(untagged(await two.command("NOOP")).slice(0, 2)).toEqual(["* 3 EXPUNGE", "* 2 EXPUNGE"])
  expect((await one.command("UID SEARCH ALL"))[0]).toBe("* SEARCH 1 4")
  expect((await one.command(`STATUS ${target} (MESSAGES UNSEEN)`))[0]).toBe(`* STATUS ${target} (MESSAGES 2 UNSEEN 0)`)
})

test("UID MOVE, MOVE of nothing, to nowhere, from a read-only mailbox", async () => {
  expect((await one.command(`UID MOVE 4 ${target}`))[0]).toMatch(/^\* OK \[COPYUID \d+ 4 1\]/)
  expect(await one.command(`UID MOVE 99 ${target}`)).toEqual(["t OK There was nothing to move"])
  expect((await one.command("MOVE 1 nowhere")).at(-1)).toMatch(/^t NO \[TRYCREATE\]/)
  expect((await one.command(`MOVE 1 ${source}`)).at(-1)).toMatch(/^t NO \[CANNOT\]/)
  await one.command(`EXAMINE ${source}`)
  expect((await one.command(`MOVE 1 ${target}`)).at(-1)).toBe("t NO The mailbox is selected read-only")
})

test("EXPUNGE removes what is \\Deleted, UID EXPUNGE only what it names", async () => {
  await one.command("STORE 1,3,4 +FLAGS.SILENT (\\Deleted)")
  const some = await one.command("UID EXPUNGE 3:99")
  expect(some.slice(0, 2)).toEqual(["* 4 EXPUNGE", "* 3 EXPUNGE"])
  expect(some.at(-1)).toBe("t OK Expunged")
  expect((await one.command("EXPUNGE"))[0]).toBe("* 1 EXPUNGE")
  expect(await one.command("EXPUNGE")).toEqual(["t OK Expunged"])
  expect((await one.command("UID SEARCH ALL"))[0]).toBe("* SEARCH 2")
  await one.command(`EXAMINE ${source}`)
  expect(await one.command("EXPUNGE")).toEqual(["t NO The mailbox is selected read-only"])
  expect((await one.command("EXPUNGE 1"))[0]).toMatch(/^t BAD /)
})

test("EXPUNGE is withheld from the other client during FETCH, STORE and SEARCH, and told at NOOP", async () => {
  await one.command("STORE 4 +FLAGS.SILENT (\\Deleted)")
  await one.command("EXPUNGE")
  for (const command of ["FETCH 1:3 (UID)", "STORE 1 +FLAGS.SILENT (\\Flagged)", "SEARCH ALL"]) {
    expect((await two.command(command)).filter((line) => line.includes("EXPUNGE") && !line.startsWith("t "))).toEqual([])
  }
  expect(await two.command("NOOP")).toContain("* 4 EXPUNGE")
})
