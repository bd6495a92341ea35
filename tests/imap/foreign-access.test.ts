import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { createAuditStore } from "../../src/store/sql/audit.ts"
import { createImapWorld, type ImapWorld } from "../support/imap-world.ts"

let world: ImapWorld
let from: number
beforeAll(async () => void (world = await createImapWorld()))
afterAll(async () => {
  expect(world.bugs).toEqual([])
  await world.close()
})
beforeEach(async () => void (from = (await world.store.database.query<{ id: number }>({ text: "SELECT coalesce(max(id), 0) AS id FROM audit" }))[0]?.id ?? 0))

const shared = "Shared/van-phong@tinh.example"
const accesses = async () =>
  (await world.store.database.query<{ kind: string; principal_id: string; account_id: number; client_address: string; detail: Record<string, string> }>({ text: "SELECT * FROM audit WHERE id > $1 AND kind LIKE 'access.%' ORDER BY id" }, [from]))
    .map(({ kind, principal_id, account_id, detail }) => `${principal_id} ${kind.slice(7)} ${detail["change"] ?? ""}${account_id === world.accountId("van-phong@tinh.example") ? "" : ` account ${account_id}`} ${detail["mailbox"]} ${detail["signedInTo"]}`)

test("a delegate's opening of an office's mailbox is on record, once for each mailbox and session; one's own is nobody's business", async () => {
  for (const session of [await world.signIn(), await world.signIn()]) {
    for (const name of ["INBOX", `${shared}/INBOX`, `${shared}/INBOX`, "INBOX", `${shared}/Sent`, `${shared}/INBOX`]) expect((await session.command(`${name.endsWith("Sent") ? "EXAMINE" : "SELECT"} "${name}"`)).at(-1)).toMatch(/^t OK/)
    expect((await session.command(`STATUS "${shared}/Trash" (MESSAGES)`)).at(-1)).toMatch(/^t OK/)
    expect((await session.command(`SELECT "${shared}/nothing"`)).at(-1)).toMatch(/^t NO/)
    await session.command("LOGOUT")
  }
  const once = ["an mailboxOpened  INBOX an@tinh.example", "an mailboxOpened  Sent an@tinh.example"]
  expect(await accesses()).toEqual([...once, ...once])
  const listed = await createAuditStore(world.store.database).accessesOf(world.accountId("van-phong@tinh.example"), { limit: 10 })
  expect(listed.slice(0, 4).map(({ principal, account, detail }) => [principal, account, (detail as { mailbox: string }).mailbox])).toEqual(
    ["Sent", "INBOX", "Sent", "INBOX"].map((mailbox) => ["Nguyễn Văn An", "van-phong@tinh.example", mailbox]))
  expect(await createAuditStore(world.store.database).accessesOf(world.accountId("an@tinh.example"), { limit: 10 })).toEqual([])
})

test("an app password of an office's account tells who is behind it", async () => {
  const client = await world.connect()
  await client.command(`LOGIN van-phong@tinh.example ${world.appPasswords.get("van-phong@tinh.example")}`)
  expect((await client.command("SELECT INBOX")).at(-1)).toMatch(/^t OK/)
  await client.command("LOGOUT")
  expect(await accesses()).toEqual(["an mailboxOpened  INBOX van-phong@tinh.example"])
})

test("what is written to, made, renamed and deleted in another's account is on record, too", async () => {
  await world.deliver("an@tinh.example", "to be copied")
  const client = await world.signIn()
  for (const command of ["SELECT INBOX", `COPY 1 "${shared}/Sent"`, `COPY 1 "${shared}/Sent"`, `CREATE "${shared}/Moi"`, `RENAME "${shared}/Moi" "${shared}/Cu"`, `DELETE "${shared}/Cu"`, "CREATE Rieng"]) {
    expect((await client.command(command)).at(-1)).toMatch(/^t OK/)
  }
  await client.command("LOGOUT")
  expect(await accesses()).toEqual([
    "an mailboxWritten  Sent an@tinh.example", "an mailboxChanged created Moi an@tinh.example", "an mailboxChanged renamed Moi → Cu an@tinh.example", "an mailboxChanged deleted Cu an@tinh.example",
  ])
})
