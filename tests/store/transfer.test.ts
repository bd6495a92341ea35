import { afterAll, beforeAll, expect, test } from "vitest"
import type { Database } from "../../src/store/sql/database.ts"
import { createMailStore } from "../../src/store/sql/mail-store.ts"
import type { OpenMailbox } from "../../src/store/mail-store.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createTestStore, testLog, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
beforeAll(async () => {
  store = await createTestStore()
})
afterAll(() => store.close())

/** A mailbox of five messages with a keyword, and what to do when a copy asks its target for keywords. */
async function world(address: string): Promise<{ readonly source: OpenMailbox; readonly target: OpenMailbox; readonly meanwhile: (act: () => Promise<unknown>) => void }> {
  const account = await store.account(address)
  let act: (() => Promise<unknown>) | undefined
  const query: Database["query"] = async (statement, values) => {
    const now = act
    if (statement.name === "mailbox-head" && now) {
      act = undefined
      await now()
    }
    return store.database.query(statement, values)
  }
  const database: Database = { ...store.database, query }
  const mail = createMailStore({ database, feed: store.feed, contents: store.contents, sealer: createSealer(Buffer.alloc(32, 7)), cacheBytes: 1_000_000, log: testLog })
  const [inbox, trash] = [unwrap(await mail.findMailbox(account, "INBOX")), unwrap(await mail.findMailbox(account, "Trash"))]
  for (let at = 1; at <= 5; at++) unwrap(await mail.append(inbox.id, [{ content: await store.prepare(`Subject: ${address} ${at}\r\n\r\n${at}\r\n`), flags: at < 3 ? ["khan", "\\Deleted"] : ["khan"], internalDate: 0 }]))
  const [source, target] = [unwrap(await mail.openMailbox(inbox.id)), unwrap(await mail.openMailbox(trash.id))]
  return { source, target, meanwhile: (next) => (act = next) }
}

const subjects = async (mailbox: OpenMailbox): Promise<readonly string[]> => {
  await mailbox.refresh()
  const details = await mailbox.details([...mailbox.index.uids.subarray(0, mailbox.index.count)])
  return details.map(({ structure }) => /Subject: \S+ (\d)/.exec(Buffer.from(structure.header).toString())?.[1] ?? "")
}

test("MOVE moves the messages it was given, though others are expunged while it asks the target", async () => {
  const { source, target, meanwhile } = await world("mot@tinh.example")
  meanwhile(() => source.expunge(null))
  expect(unwrap(await source.move([3], target.mailboxId)).sourceUids).toEqual([3])
  expect(await subjects(target)).toEqual(["3"])
  expect(await subjects(source)).toEqual(["4", "5"])
})

test("COPY counts what it writes, though flags change while it asks the target", async () => {
  const { source, target, meanwhile } = await world("hai@tinh.example")
  meanwhile(() => source.setFlags([4, 5], { mode: "add", flags: ["\\Seen"] }))
  unwrap(await source.copy([4, 5], target.mailboxId))
  await target.refresh()
  const seen = [...target.index.flags.subarray(0, target.index.count)].filter((bits) => target.index.flagNames(bits).includes("\\Seen")).length
  const [row] = await store.database.query<{ unseen: number }>({ text: "SELECT unseen FROM mailbox WHERE id = $1" }, [target.mailboxId])
  expect(row?.unseen).toBe(2 - seen)
})
