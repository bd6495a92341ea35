import { createServer, type Socket } from "node:net"
import type { AddressInfo } from "node:net"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { openSmtpSession } from "../../src/delivery/smtp-client.ts"

/** What leaves here holds one end of data, the true one, however the content is cut into chunks (RFC 5321 §4.5.2). */
const wires: Buffer[] = []
const server = createServer((socket: Socket) => {
  let wire = Buffer.alloc(0)
  let inData = false
  socket.on("error", () => undefined)
  socket.write("220 sink\r\n")
  socket.on("data", (chunk: Buffer) => {
    if (inData) {
      wire = Buffer.concat([wire, chunk])
      if (!wire.includes("\r\n.\r\n")) return
      inData = false
      wires.push(wire)
      wire = Buffer.alloc(0)
      socket.write("250 ok\r\n")
      return
    }
    for (const line of chunk.toString("latin1").split("\r\n").filter(Boolean)) {
      if (line === "DATA") inData = true
      socket.write(line === "DATA" ? "354 go\r\n" : "250 sink\r\n")
    }
  })
})
let port = 0
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => void server.close())

async function sent(content: string, cuts: readonly number[]): Promise<string> {
  const bytes = Buffer.from(content, "latin1")
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted((a, b) => a - b)
  const { signal } = new AbortController()
  const opened = await openSmtpSession({
    peer: { name: "sink.example", address: "127.0.0.1", port }, hostname: "mail.tinh.example", connectTimeoutMs: 5_000, commandTimeoutMs: 5_000, starttls: "never", tls: {}, signal,
  })
  if (opened.kind === "failed") throw new Error(opened.failure.diagnostic)
  const result = await opened.session.send({
    reversePath: "an@tinh.example", recipients: ["a@ngoai.example"], bytes: bytes.length, eightBit: false, requireTls: false, mailParameters: "", rcptParameters: () => "",
    async *chunks() {
      for (const [at, start] of places.entries()) {
        const end = places[at + 1]
        if (end !== undefined && end > start) yield bytes.subarray(start, end)
      }
    },
  }, signal)
  opened.session.end()
  expect(result.kind).toBe("answered")
  return wires.pop()?.toString("latin1") ?? ""
}

const expected = (content: string): string => `${content.replace(/(^|\r\n)\./g, "$1..")}${content.endsWith("\r\n") ? "" : "\r\n"}.\r\n`

test.each(["Subject: a\r\n\r\n.\r\n", "Subject: a\r\n\r\n.\r\n.\r\n..\r\n.x\r\n", ".Odd: first line\r\n\r\nb\r\n", "Subject: a\r\n\r\nno line end", "Subject: a\r\n\r\n.\r\nMAIL FROM:<c@gian.example>\r\nRCPT TO:<d@ngoai.example>\r\nDATA\r\nx\r\n.\r\n"])("dots are stuffed wherever the content is cut: %j", async (content) => {
  for (let cut = 0; cut <= content.length; cut += 1) expect(await sent(content, [cut])).toBe(expected(content))
})

test("whatever lines and cuts, the wire has no bare CR or LF and one end", async () => {
  const line = fc.constantFrom("", ".", "..", ".x", "x", "x.", "DATA", "QUIT", ".\t")
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), fc.array(fc.nat(60), { maxLength: 6 }), async (lines, cuts) => {
      const content = `Subject: a\r\n\r\n${lines.map((text) => `${text}\r\n`).join("")}`
      const wire = await sent(content, cuts)
      expect(wire).toBe(expected(content))
      expect(/(?<!\r)\n|\r(?!\n)/.test(wire)).toBe(false)
      expect(wire.indexOf("\r\n.\r\n")).toBe(wire.length - 5)
    }),
    { numRuns: 60, seed: 20261126 },
  )
})
