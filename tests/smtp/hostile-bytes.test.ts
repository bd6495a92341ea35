import net from "node:net"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { SmtpServer } from "../../src/smtp/server.ts"
import { SmtpClient } from "../support/smtp-dialog.ts"
import { createSmtpWorld, type SmtpWorld } from "../support/smtp-world.ts"

let world: SmtpWorld
let server: SmtpServer

beforeAll(async () => {
  world = await createSmtpWorld()
  server = await world.server()
})
afterAll(() => world.close())

const fragment = fc.oneof(
  fc.constantFrom(
    "EHLO a\r\n", "HELO a\r\n", "MAIL FROM:<a@ngoai.example>\r\n", "RCPT TO:<an@tinh.example>\r\n", "DATA\r\n", ".\r\n", "\r\n.\r\n", "RSET\r\n", "NOOP\r\n", "STARTTLS\r\n",
    "AUTH PLAIN\r\n", "AUTH LOGIN AAAA\r\n", "*\r\n", "VRFY x\r\n", "QUIT\r\n", "XCLIENT ADDR=1\r\n", "MAIL FROM:<> SMTPUTF8 BODY=8BITMIME\r\n", "\r", "\n", "\0", "\x16\x03\x01\x02\x00", "From: a@b\r\n\r\n",
  ),
  fc.string({ maxLength: 40 }),
)

/** Waits for the greeting, sends everything at once, and reads until the server has nothing more to say. */
const pour = (port: number, bytes: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1")
    let read = ""
    socket.on("data", (chunk: Buffer) => {
      if (read === "") socket.end(Buffer.from(bytes, "utf8"))
      read += chunk.toString("latin1")
    })
    socket.on("error", () => undefined)
    socket.on("close", () => resolve(read))
  })

test("whatever is poured in, each reply is well-formed with its code, and the server serves the next client", async () => {
  const inputs = fc.sample(fc.array(fragment, { maxLength: 25 }), { numRuns: 160, seed: 20261123 }).map((pieces) => pieces.join(""))
  for (let at = 0; at < inputs.length; at += 40) {
    const outputs = await Promise.all(inputs.slice(at, at + 40).map((bytes, index) => pour(index % 4 === 0 ? server.ports.submission : server.ports.smtp, bytes)))
    for (const output of outputs) {
      // after a successful STARTTLS what follows is not SMTP; these clients never speak TLS, so nothing follows
      expect(output).toMatch(/^(?:\d{3}[ -][^\r\n]*\r\n)*$/)
      for (const line of output.split("\r\n").slice(1, -1)) {
        if (/^250[ -](?:mail\.tinh|PIPELINING|8BITMIME|SMTPUTF8|ENHANCED|DSN|STARTTLS|SIZE)/.test(line) || /^(?:354|334)/.test(line)) continue
        expect(line).toMatch(/^[245]\d\d [245]\.\d+\.\d+ ./)
        expect(line[0]).toBe(line[4])
      }
    }
  }
  const client = new SmtpClient(server.ports.smtp, false)
  expect((await client.reply())?.join()).toMatch(/^220/)
  expect(await client.command("NOOP")).toMatch(/^250 2\.0\.0/)
  client.destroy()
  expect(world.failures).toEqual([])
})
