import { readdirSync } from "node:fs"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { playDialog, readDialogs } from "../support/dialog.ts"
import { createImapWorld, type ImapWorld } from "../support/imap-world.ts"

const folder = new URL("../dialogs/", import.meta.url).pathname
let world: ImapWorld
beforeAll(async () => {
  world = await createImapWorld()
})
afterAll(() => world.close())
// every dialog begins with empty mailboxes
beforeEach(async () => {
  await world.store.database.query({ text: "DELETE FROM mailbox" })
  await world.store.database.query({
    text: `INSERT INTO mailbox (account_id, name, special_use, uid_validity) SELECT a.id, v.name, v.use, 7 FROM account a,
      (VALUES ('INBOX', NULL), ('Sent', '\\Sent'), ('Trash', '\\Trash'), ('Lưu trữ', '\\Archive')) v (name, use)`,
  })
  await world.store.database.query({ text: "DELETE FROM subscription" })
})
afterEach(() => expect(world.bugs.splice(0)).toEqual([]))

for (const file of readdirSync(folder).filter((name) => name.startsWith("imap-")).sort()) {
  describe(file, () => {
    for (const dialog of readDialogs(folder + file)) test(dialog.title, () => playDialog(world, dialog))
  })
}
