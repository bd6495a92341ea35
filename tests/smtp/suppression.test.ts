import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import type { SmtpServer } from "../../src/smtp/server.ts"
import { createSuppressionStore } from "../../src/store/sql/suppressions.ts"
import { SmtpClient } from "../support/smtp-dialog.ts"
import { createSmtpWorld, type SmtpWorld } from "../support/smtp-world.ts"

let world: SmtpWorld
let server: SmtpServer
const clients: SmtpClient[] = []
beforeAll(async () => {
  world = await createSmtpWorld()
  const suppressions = createSuppressionStore(world.store)
  server = await world.server({}, { suppressions })
  await world.store.database.query({ text: "INSERT INTO suppression (recipient, bounces, last_at, until, diagnostic) VALUES ('la@xa.example', 3, '2026-11-20T03:00:00Z', 'infinity', '550 5.1.1 unknown'), ('cu@xa.example', 2, now(), now() - interval '1 second', '')" })
  await suppressions.add({ recipient: "cam@xa.example", until: null, by: "QT1", note: "" })
})
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
})
afterAll(() => world.close())

async function rcpt(port: number, secure: boolean, to: string): Promise<string> {
  const client = new SmtpClient(port, secure)
  clients.push(client)
  await client.reply()
  await client.command("EHLO may.example")
  if (secure) await client.command(`AUTH PLAIN ${Buffer.from(`\0an@tinh.example\0${world.appPasswords.get("an@tinh.example") ?? ""}`).toString("base64")}`)
  await client.command("MAIL FROM:<an@tinh.example> SMTPUTF8")
  return (await client.command(`RCPT TO:<${to}>`))?? ""
}

test.each([
  ["one that does not exist, however its domain is written", "la@XA.example", /^550 5\.1\.1 Địa chỉ này không tồn tại: .* trả lại 3 thư, lần cuối ngày 2026-11-20.* \/ This address does not exist/],
  ["one that an administrator has stopped", "cam@xa.example", /^550 5\.7\.1 Quản trị viên đã chặn .* \/ An administrator has stopped mail/],
  ["one whose time is over", "cu@xa.example", /^250 /],
  ["anybody else", "bo@xa.example", /^250 /],
])("at submission, %s", async (_name, to, reply) => {
  expect(await rcpt(server.ports.submissions, true, to)).toMatch(reply)
})

test("strangers hear nothing of it", async () => {
  expect(await rcpt(server.ports.smtp, false, "la@xa.example")).toMatch(/^550 5\.7\.1 /)
})
