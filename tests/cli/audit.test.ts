import { readFile, stat, writeFile } from "node:fs/promises"
import { userInfo } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { addAuditCommands } from "../../src/cli/audit-commands.ts"
import { addOutboundCommands } from "../../src/cli/outbound-commands.ts"
import { createAuditStore } from "../../src/store/sql/audit.ts"
import { type CommandResult, commandsHere, type CommandsOptions, runCongthu } from "../support/commands.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

let store: TestStore
let accountId: number
let options: CommandsOptions
let congthu: (...args: readonly string[]) => Promise<CommandResult>
beforeAll(async () => {
  store = await createTestStore()
  accountId = await store.account("van-thu@tinh.example")
  options = { databaseUrl: store.database.url, dataDir: join(store.blobDir, "data"), env: { CONGTHU_HOSTNAME: "mail.tinh.example" } }
  congthu = commandsHere([addAuditCommands, addOutboundCommands], options)
})
afterAll(() => store.close())

const file = (name: string): string => join(store.blobDir, name)
const user = userInfo().username

test("a command's change is on record with its system user, listed and exported; the export is on record itself", async () => {
  expect(await congthu("audit", "list")).toMatchObject({ code: 0, out: "", err: "Nothing of that kind is on record.\n" })
  expect((await congthu("suppression", "add", "cu@xa.example", "--note", "=2+2", "--by", "QT1")).code).toBe(0)
  await createAuditStore(store.database).record({ kind: "access.mailboxOpened", accountId, clientAddress: "192.0.2.7", detail: { mailbox: "INBOX", by: "\u001b[31mlan" } })
  const { out } = await congthu("audit", "list")
  expect(out).toMatch(/^NUMBER +TIME +KIND +WHO +FROM +ACCOUNT +DETAIL\n\d+ +\S+ \S+ +access\.mailboxOpened +\[31mlan +192\.0\.2\.7 +van-thu@tinh\.example /)
  expect(out).toMatch(new RegExp(`suppression\\.added +cli ${user} `))
  expect((await congthu("audit", "list", "--who", user, "--json")).out.split("\n").filter(Boolean).map((line) => JSON.parse(line) as object)).toMatchObject([{ kind: "suppression.added", actor: { via: "cli", name: user }, detail: { by: "QT1", before: null } }])
  expect((await congthu("audit", "accesses", "van-thu@tinh.example", "--json")).out.match(/access\.mailboxOpened/g)).toHaveLength(1)
  expect(await congthu("audit", "list", "--since", "gestern")).toMatchObject({ code: 1, err: '"gestern" is no time such as 7d, 2026-11-26 or 2026-11-26T08:00:00+07:00\n' })
  expect(await congthu("audit", "list", "--limit", "1")).toMatchObject({ code: 0, err: expect.stringMatching(/^There may be more: --before \d+\n$/) })

  expect(await congthu("audit", "export", "--csv", "--kind", "suppression.added", "--out", file("audit.csv"))).toMatchObject({ code: 0, err: `1 entry in ${file("audit.csv")}.\n` })
  expect((await stat(file("audit.csv"))).mode & 0o777).toBe(0o600)
  expect(await readFile(file("audit.csv"), "utf8")).toMatch(new RegExp(`^\ufeffid,position,.*\r\n\\d+,,2\\d{3}-\\S+Z,suppression\\.added,cli ${user},.*"\\{""by"":.*\r\n$`))
  expect((await congthu("audit", "export", "--out", file("audit.csv"))).err).toMatch(/cannot be made/)
  expect((await congthu("audit", "list", "--kind", "audit.*", "--json")).out).toMatch(/"kind":"audit.exported".*"form":"csv"/)
})

test("the chain is verified against its heads, those that were kept elsewhere too", async () => {
  expect(await congthu("audit", "head")).toMatchObject({ code: 1, err: "no head has been signed yet; --now signs one\n" })
  const head = await congthu("audit", "head", "--now")
  expect(JSON.parse(head.out)).toMatchObject({ congthuAuditHead: 1, system: "mail.tinh.example" })
  expect((await stat(join(store.blobDir, "data/keys/audit.key"))).mode & 0o777).toBe(0o600)
  await writeFile(file("heads"), head.out)
  expect(await congthu("audit", "verify", "--head", file("heads"))).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+ entries and 2 signed heads, up to position \d+: all as they were sealed\.\n$/) })

  await store.database.transaction(async (tx) => {
    await tx.query({ text: "SET LOCAL session_replication_role = replica" })
    await tx.query({ text: `UPDATE audit SET detail = jsonb_set(detail, '{by}', '"QT2"') WHERE kind = 'suppression.added'` })
  })
  // in a process of its own: what watches over the chain goes by the exit code
  expect(await runCongthu(options, "audit", "verify")).toMatchObject({ code: 1, out: expect.stringMatching(/^position 1, entry 1: is not what was sealed: it was changed.*\n\d+ entries .* NOT as they were sealed/) })
  expect(JSON.parse((await congthu("audit", "verify", "--from", "2", "--json")).out)).toMatchObject({ problems: [] })

  // the whole chain anew, heads too, with the server's own key
  await store.database.transaction(async (tx) => {
    await tx.query({ text: "SET LOCAL session_replication_role = replica" })
    await tx.query({ text: "DELETE FROM audit_head" })
    await tx.query({ text: "DELETE FROM audit_seal" })
  })
  expect((await congthu("audit", "head", "--now")).code).toBe(0)
  expect((await congthu("audit", "verify")).code).toBe(0)
  expect(await congthu("audit", "verify", "--head", file("heads"))).toMatchObject({ code: 1, out: expect.stringMatching(/written anew/) })
  await writeFile(file("nonsense"), "{}")
  expect(await congthu("audit", "verify", "--head", file("nonsense"))).toMatchObject({ code: 1, err: `${file("nonsense")}: line 1 is not a head of the audit\n` })
  expect(await congthu("audit", "verify", "--from", "999")).toMatchObject({ code: 1, err: "the chain has no position 998\n" })
})
