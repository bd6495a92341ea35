import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { addNotificationCommands } from "../../src/cli/notification-command.ts"
import { addTemplateCommands } from "../../src/cli/template-command.ts"
import { addTokenCommands } from "../../src/cli/token-command.ts"
import { createNotificationStore } from "../../src/store/sql/notifications.ts"
import { type CommandResult, commandsHere, runCongthu } from "../support/commands.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

let store: TestStore
let congthu: (...args: readonly string[]) => Promise<CommandResult>
beforeAll(async () => {
  store = await createTestStore()
  await createProvince(store.database)
  congthu = commandsHere([addNotificationCommands, addTemplateCommands, addTokenCommands], { databaseUrl: store.database.url, dataDir: join(store.blobDir, "data") })
})
afterAll(() => store.close())

test("the program has these commands", async () => {
  const { code, out } = await runCongthu({ databaseUrl: store.database.url, dataDir: join(store.blobDir, "data") }, "--help")
  expect(code).toBe(0)
  for (const name of ["token", "notification", "template"]) expect(out).toMatch(new RegExp(`^  ${name} `, "m"))
})

test("a token that sends is bound to an office's account, and its webhook to where it may be called", async () => {
  const create = (...more: readonly string[]) => congthu("token", "create", "--name", "may", "--scope", ...more)
  const without = await create("notifications:send")
  const person = await create("notifications:send", "--account", "an@tinh.example")
  const nobody = await create("queue:read", "--account", "may@tinh.example")
  const unheld = await create("notifications:send", "--account", "van-phong@tinh.example", "--principal", "binh")
  const made = await create("notifications:send", "--account", "may@tinh.example")
  expect([without.code, person.err, nobody.code, unheld.err]).toEqual([1, "an@tinh.example is a person's: systems send from an office's account\n", 1, "binh may not send as van-phong@tinh.example today\n"])
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^congthu_/) as string })
  const inside = await congthu("token", "webhook", "1", "https://10.0.0.1/")
  const hook = await congthu("token", "webhook", "1", "https://mot-cua.example/x")
  expect(inside).toMatchObject({ code: 1, err: "https://10.0.0.1/ may not be called: notifications.webhooks allows public, over https only\n" })
  expect(hook).toMatchObject({ code: 0, out: expect.stringMatching(/^whsec_[\w-]{43}\n$/) as string })
  expect(await congthu("token", "webhook", "99", "https://mot-cua.example/x")).toMatchObject({ code: 1 })
})

test("a token for one unit is for the directory only", async () => {
  const create = (scope: string, unit: string) => congthu("token", "create", "--name", "so", "--scope", scope, "--unit", unit)
  const [unit] = await store.database.query<{ code: string }>({ text: "SELECT code FROM organization_unit ORDER BY code LIMIT 1" })
  const code = unit?.code ?? ""
  expect((await create("queue:read", code)).code).toBe(1)
  expect((await create("directory:read", "KHONG")).err).toBe("there is no unit KHONG\n")
  expect((await create("directory:read", code)).code).toBe(0)
  expect((await congthu("token", "list")).out).toContain(`directory:read in ${code}`)
})

test("templates are listed, shown as they can be put, previewed, and put with all mistakes told", async () => {
  const list = await congthu("template", "list")
  const shown = await congthu("template", "show", "fee-due")
  const preview = await congthu("template", "preview", "fee-due", "--language", "vi+en")
  expect(list.out.split("\n").filter(Boolean)).toHaveLength(9)
  expect(preview.out).toMatch(/^Phí của hồ sơ H30\.15-261126-0012: 150\.000 đồng \/ Fee for dossier .*\n\nKính gửi Nguyễn Thị Hoa,/)
  const file = join(store.blobDir, "fee-due.yaml")
  await writeFile(file, shown.out.replaceAll("thanhtoan.tinh.example", "nop-phi.tinh.example"))
  expect(await congthu("template", "put", "fee-due", file)).toMatchObject({ code: 0, err: "Template fee-due is in force as version 2.\n" })
  expect((await congthu("template", "show", "fee-due", "--template-version", "1")).out).toBe(shown.out)
  // what a person put is not replaced by the shipped file
  expect((await congthu("template", "list")).out).toMatch(/^fee-due +2 /m)
  await writeFile(file, shown.out.replace("{{amount}}", "{{soTien}}").replace("<p>", "<script>"))
  expect(await congthu("template", "put", "fee-due", file)).toMatchObject({ code: 1, err: expect.stringMatching(/^vi\.subject: \{\{soTien\}\} is no field of this template\nvi\.html: "<script>" is none of the elements/) as string })
})

test("notifications are listed, shown with those that failed, and cancelled", async () => {
  const [row] = await store.database.query<{ id: number; tokenId: number }>({ text: `SELECT a.id, t.id AS "tokenId" FROM account a JOIN api_token t ON t.account_id = a.id WHERE a.address = 'may@tinh.example'` })
  const now = Date.now()
  const made = await createNotificationStore(store).accept({
    accountId: row?.id ?? 0, principalId: null, tokenId: row?.tokenId ?? 0, source: "api", idempotencyKey: "k", requestSha256: Buffer.alloc(32), priority: 0, acceptedAt: now, sendAt: now + 3_600_000, expiresAt: now + 7_200_000,
    message: { kind: "same", content: await store.prepare("Subject: x\r\n\r\nx\r\n") }, template: null, webhook: false, recipients: ["an@tinh.example", "khach@xa.example"].map((address) => ({ address, asked: address, data: null })),
  })
  expect((await congthu("notification", "list", "--account", "may@tinh.example")).out).toMatch(new RegExp(`^${made.id} +\\S+ \\S+ +may@tinh\\.example +flash +waiting +2 +-$`, "m"))
  expect((await congthu("notification", "show", String(made.id))).out).toMatch(/^state {7}scheduled\npriority {4}flash \(Hỏa tốc\)$/m)
  expect(await congthu("notification", "cancel", String(made.id))).toMatchObject({ code: 0, err: `Cancelled notification ${made.id}: 2 of 2 recipients get nothing.\n` })
  expect(await congthu("notification", "cancel", String(made.id))).toMatchObject({ code: 1, err: `notification ${made.id} is cancelled already\n` })
  expect((await congthu("notification", "show", String(made.id), "--all")).out).toMatch(/^ {2}khach@xa\.example {2}cancelled$/m)
  expect(await congthu("notification", "show", "999")).toMatchObject({ code: 1 })
})
