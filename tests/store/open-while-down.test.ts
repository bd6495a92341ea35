import { afterAll, beforeAll, expect, test } from "vitest"
import type { Change } from "../../src/store/change.ts"
import type { ChangeFeed } from "../../src/store/change-feed.ts"
import type { Database } from "../../src/store/sql/database.ts"
import { createMailStore } from "../../src/store/sql/mail-store.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createTestStore, testLog, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
beforeAll(async () => {
  store = await createTestStore()
})
afterAll(() => store.close())

test("a SELECT that fails leaves those who have the mailbox open hearing of changes", async () => {
  const account = await store.account("mot@tinh.example")
  let down = false
  const query: Database["query"] = (statement, values) => (down ? Promise.reject(new Error("no connection")) : store.database.query(statement, values))
  const mail = createMailStore({ database: { ...store.database, query }, feed: store.feed, contents: store.contents, sealer: createSealer(Buffer.alloc(32, 7)), cacheBytes: 1_000_000, log: testLog })
  const inbox = unwrap(await mail.findMailbox(account, "INBOX"))
  const open = unwrap(await mail.openMailbox(inbox.id))
  down = true
  await expect(mail.openMailbox(inbox.id)).rejects.toThrow("no connection")
  down = false
  unwrap(await mail.append(inbox.id, [{ content: await store.prepare("Subject: x\r\n\r\nx\r\n"), flags: [], internalDate: 0 }]))
  expect(open.index.count).toBe(1)
  mail.close()
})

test("a catching up that breaks off when messages are read and changes are not: what is heard afterwards is there once", async () => {
  const account = await store.account("hai@tinh.example")
  const parts = { contents: store.contents, sealer: createSealer(Buffer.alloc(32, 7)), cacheBytes: 1_000_000, log: testLog }
  let tell: (changes: readonly Change[]) => void = () => undefined
  const late: Change[] = []
  const ours: ChangeFeed = { publish: () => undefined, subscribe: (listener) => ((tell = listener), () => undefined), close: async () => undefined }
  const another: ChangeFeed = { publish: (changes) => void late.push(...changes), subscribe: () => () => undefined, close: async () => undefined }
  let down = false
  const query: Database["query"] = (statement, values) => (down && statement.name === "mailbox-changes-since" ? Promise.reject(new Error("terminated")) : store.database.query(statement, values))
  const mail = createMailStore({ ...parts, database: { ...store.database, query }, feed: ours })
  const writer = createMailStore({ ...parts, database: store.database, feed: another })
  const inbox = unwrap(await mail.findMailbox(account, "INBOX"))
  const open = unwrap(await mail.openMailbox(inbox.id))
  unwrap(await writer.append(inbox.id, [{ content: await store.prepare("Subject: y\r\n\r\ny\r\n"), flags: [], internalDate: 0 }]))
  down = true
  await expect(open.refresh()).rejects.toThrow("terminated")
  down = false
  tell(late)
  await open.refresh()
  expect([...open.index.uids.subarray(0, open.index.count)]).toEqual([1])
  mail.close()
  writer.close()
})
