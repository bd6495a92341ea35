import { afterAll, beforeAll, expect, test } from "vitest"
import type { SmtpServer } from "../../src/smtp/server.ts"
import { SmtpClient } from "../support/smtp-dialog.ts"
import { createSmtpWorld, type SmtpWorld } from "../support/smtp-world.ts"

/** Every sequence that some server, somewhere, has taken for the end of the data (CVE-2023-51764, -51765, -51766 and their kin). Only CRLF "." CRLF is (RFC 5321 §4.1.1.4). */
const sequences: readonly (readonly [name: string, bytes: string])[] = [
  ["LF . LF", "\n.\n"],
  ["LF . CRLF", "\n.\r\n"],
  ["CRLF . LF", "\r\n.\n"],
  ["CR . CR", "\r.\r"],
  ["CR . CRLF", "\r.\r\n"],
  ["CRLF . CR", "\r\n.\r"],
  ["LF . CR", "\n.\r"],
  ["CR . LF", "\r.\n"],
  ["CRLF . CR CRLF", "\r\n.\r\r\n"],
  ["CR CRLF . CRLF", "\r\r\n.\r\r\n"],
  ["LF LF . CRLF", "\n\n.\r\n"],
  ["CRLF NUL . CRLF", "\r\n\0.\r\n"],
  ["CRLF . NUL CRLF", "\r\n.\0\r\n"],
]

let world: SmtpWorld
let server: SmtpServer
beforeAll(async () => {
  world = await createSmtpWorld()
  server = await world.server({ maxConnections: 1_000, maxConnectionsPerAddress: 1_000 })
})
afterAll(() => world.close())

type Door = "smtp" | "submissions"

async function transaction(door: Door): Promise<SmtpClient> {
  const client = new SmtpClient(server.ports[door], door === "submissions")
  await client.reply()
  await client.command("EHLO ke.gian.example")
  if (door === "submissions") {
    const plain = Buffer.from(`\0an@tinh.example\0${world.appPasswords.get("an@tinh.example") ?? ""}`).toString("base64")
    expect(await client.command(`AUTH PLAIN ${plain}`)).toMatch(/^235/)
  }
  const from = door === "smtp" ? "ke@gian.example" : "an@tinh.example"
  for (const line of [`MAIL FROM:<${from}>`, "RCPT TO:<an@tinh.example>"]) expect(await client.command(line)).toMatch(/^250/)
  expect(await client.command("DATA")).toMatch(/^354/)
  return client
}

/** In one packet, and with a cut at each place within the sequence and beside it. */
const cuts = (sequence: string): readonly (number | null)[] => [null, ...Array.from({ length: sequence.length + 1 }, (_, at) => at)]

test.each((["smtp", "submissions"] as const).flatMap((door) => sequences.map(([name, bytes]) => [door, name, bytes] as const)))("%s: %s ends nothing, and what is behind it is never a second message", async (door, _, sequence) => {
  const before = await world.envelopes()
  const inner = `MAIL FROM:<sep@tinh.example>\r\nRCPT TO:<an@tinh.example>\r\nDATA\r\nFrom: sep@tinh.example\r\nSubject: smuggled\r\n\r\nPay!\r\n`
  for (const cut of cuts(sequence)) {
    const client = await transaction(door)
    const head = "From: an@tinh.example\r\nSubject: first\r\n\r\nhello"
    if (cut === null) client.send(`${head}${sequence}${inner}.\r\nNOOP\r\n`)
    else {
      await client.sendSlowly(Buffer.from(`${head}${sequence.slice(0, cut)}`, "latin1"))
      await new Promise((resolve) => setImmediate(resolve))
      await client.sendSlowly(Buffer.from(`${sequence.slice(cut)}${inner}`, "latin1"))
      client.send(".\r\nNOOP\r\n")
    }
    expect((await client.reply())?.join()).toMatch(/^55\d 5\.\d+\.\d+ /)
    // the next reply is to the command behind the true end: nothing between was taken for commands
    expect((await client.reply())?.join()).toMatch(/^250 2\.0\.0 /)
    client.destroy()
  }
  expect(await world.envelopes()).toBe(before)
  expect(world.failures).toEqual([])
})

test.each(["smtp", "submissions"] as const)("%s: a line of one dot that was stuffed stays a line of one dot", async (door) => {
  const client = await transaction(door)
  client.send("From: an@tinh.example\r\nSubject: dots\r\n\r\n..\r\n...\r\n.x\r\n.\r\n")
  expect((await client.reply())?.join()).toMatch(/^250/)
  expect((await world.last()).bytes.toString()).toMatch(/\r\n\r\n\.\r\n\.\.\r\nx\r\n$/)
  client.destroy()
})
