import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { ImapClient } from "../../support/imap-client.ts"
import { createImapWorld, type ImapWorld } from "../../support/imap-world.ts"
import { appendMessage, simpleMessage } from "./dialog.ts"

let world: ImapWorld
let client: ImapClient

beforeAll(async () => {
  world = await createImapWorld({ maxErrors: 1_000_000 })
  client = await world.signIn()
  await client.command("CREATE words")
  for (const subject of ["a", "b", "c"]) await appendMessage(client, simpleMessage(subject), { mailbox: "words" })
  await client.command("SELECT words")
})
afterAll(async () => {
  client.destroy()
  await world.close()
})

const commands = ["FETCH", "UID FETCH", "STORE", "UID STORE", "SEARCH", "UID SEARCH", "COPY", "UID COPY", "MOVE", "UID MOVE", "UID EXPUNGE", "APPEND"]
const words = [
  "1", "1:*", "*", "2,3", "(", ")", "FLAGS", "+FLAGS.SILENT", "-FLAGS", "(\\Seen)", "\\Deleted", "work", "BODY[]", "BODY.PEEK[1.MIME]", "BODY[HEADER.FIELDS (Subject)]", "<0.5>",
  "ENVELOPE", "UID", "ALL", "NOT", "OR", "TEXT", "\"a\"", "SINCE", "1-Jan-2026", "(UNCHANGEDSINCE 5)", "(CHANGEDSINCE 1)", "RETURN", "(COUNT)", "CHARSET", "UTF-8", "words", "nowhere", "\"", "\\", "]", "NIL",
]

test("whatever words follow a message command, there is one tagged reply and no bug", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...commands), fc.array(fc.constantFrom(...words), { maxLength: 7 }), async (command, rest) => {
      const lines = await client.command([command, ...rest].join(" "), "fuzz")
      expect(lines.at(-1)).toMatch(/^fuzz (OK|NO|BAD) /)
      expect(lines.slice(0, -1).filter((line) => line.startsWith("fuzz "))).toEqual([])
      expect(world.bugs).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test("well-formed commands in any order never disagree with the mailbox", async () => {
  const well = ["FETCH 1:* (UID FLAGS)", "UID FETCH 1:* BODY[]", "STORE 1:* +FLAGS (\\Deleted)", "STORE 1:* -FLAGS.SILENT (\\Deleted)", "UID STORE 1:* FLAGS (work)", "SEARCH ALL", "COPY 1:* words", "UID EXPUNGE 1:5", "EXPUNGE", "NOOP", "SEARCH RETURN (COUNT) UNDELETED"]
  let exists = Number((await client.command("SELECT words")).flatMap((line) => /^\* (\d+) EXISTS/.exec(line)?.[1] ?? [])[0])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...well), { maxLength: 12 }), async (sequence) => {
      if (exists > 200 || exists === 0) {
        await client.command("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        await client.command("EXPUNGE")
        await appendMessage(client, simpleMessage("again"), { mailbox: "words" })
        exists = Number((await client.command("SELECT words")).flatMap((line) => /^\* (\d+) EXISTS/.exec(line)?.[1] ?? [])[0])
      }
      for (const command of sequence) {
        for (const line of await client.command(command)) {
          const [, number, what] = /^\* (\d+) (EXISTS|EXPUNGE|FETCH)/.exec(line) ?? []
          if (what === "EXISTS") exists = Number(number)
          if (what === "EXPUNGE") exists--
          if (what === "FETCH") expect(Number(number)).toBeLessThanOrEqual(exists)
        }
        const [count] = await client.command("SEARCH RETURN (COUNT MAX) ALL")
        expect(count).toBe(exists === 0 ? "* ESEARCH (TAG \"t\") COUNT 0" : `* ESEARCH (TAG "t") COUNT ${exists} MAX ${exists}`)
      }
      expect(world.bugs).toEqual([])
    }),
    { numRuns: 25 },
  )
})
