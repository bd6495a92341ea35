import { afterAll, beforeAll, expect, test } from "vitest"
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
