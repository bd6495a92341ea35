import { createSecretKey } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { createIntake } from "../../src/intake/accept.ts"
import { createSrs } from "../../src/mail/srs.ts"
import type { SmtpServer } from "../../src/smtp/server.ts"
import { SmtpClient } from "../support/smtp-dialog.ts"
import { createSmtpWorld, type SmtpWorld } from "../support/smtp-world.ts"

const srs = createSrs({ key: createSecretKey(Buffer.alloc(32, 1)), domain: "mail.tinh.example" })
const address = srs.rewrite("nguoi@ngoai.example", Date.now())
let world: SmtpWorld
let server: SmtpServer
beforeAll(async () => {
  world = await createSmtpWorld()
  const intake = createIntake({
    directory: world.directory, acceptances: world.store.acceptances, rates: { take: async () => true, isExhausted: () => false }, srs, clock: systemClock, wake: () => undefined, config: { hostname: "mail.tinh.example", expiryMs: 86_400_000 },
    mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
  })
  server = await world.server({}, { srs, intake })
})
afterAll(() => world.close())

const rcpt = async (from: string, to: string, then = false): Promise<string> => {
  const client = new SmtpClient(server.ports.smtp, false)
  await client.reply()
  await client.command("EHLO may.example")
  await client.command(`MAIL FROM:<${from}>`)
  const reply = await client.command(`RCPT TO:<${to}>`)
  if (then) {
    await client.command("DATA")
    client.send("From: postmaster@xa.example\r\nSubject: failure\r\n\r\nno\r\n.\r\n")
    expect((await client.reply())?.[0]).toMatch(/^250 /)
  }
  client.destroy()
  return reply
}

test("a notification to a return address is taken and goes to whoever wrote the message that was passed on", async () => {
  expect(await rcpt("", address.toLowerCase(), true)).toMatch(/^250 /)
  expect(await world.last()).toMatchObject({ reversePath: "", recipients: ["nguoi@ngoai.example"] })
})

test("a longer local part than others may have is taken here", async () => {
  expect(await rcpt("", srs.rewrite(`${"x".repeat(60)}@mot-co-quan.example`, Date.now()))).toMatch(/^250 /)
})

test.each([
  { what: "a sender that is not null", from: "ke@gian.example", to: address, reply: /^550 5\.7\.1 / },
  { what: "another recipient under the same hash", from: "", to: address.replace("=nguoi@", "=ke@"), reply: /^550 5\.1\.1 / },
  { what: "an old one", from: "", to: srs.rewrite("nguoi@ngoai.example", Date.now() - 30 * 86_400_000), reply: /^550 5\.1\.1 / },
  { what: "no more than its beginning", from: "", to: "SRS0=x@mail.tinh.example", reply: /^550 5\.1\.1 / },
  { what: "another domain's", from: "", to: "SRS0=AAAAAA=AA=ngoai.example=x@xa.example", reply: /^550 5\.7\.1 / },
])("refused at RCPT: $what", async ({ from, to, reply }) => {
  expect(await rcpt(from, to)).toMatch(reply)
})
