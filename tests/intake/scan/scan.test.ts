import { createServer, type Server, type Socket } from "node:net"
import type { AddressInfo } from "node:net"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { createClamav } from "../../../src/intake/scan/clamav.ts"
import { createRspamd } from "../../../src/intake/scan/rspamd.ts"
import { createScanner, type ScannedMessage } from "../../../src/intake/scan/scan.ts"
import { type RunningScanner, scannerUnavailable, startClamd, startRspamd, virus } from "../../support/scanners.ts"

const messageOf = (text: string | Buffer, clientAddress = "203.0.113.9"): ScannedMessage => {
  const bytes = Buffer.from(text)
  return {
    content: {
      size: bytes.length,
      async *read() {
        for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000)
      },
    },
    session: { sessionId: "s1", clientAddress, helo: "thu.ngoai.example" }, reversePath: "a@ngoai.example", recipients: ["an@tinh.example"], signedIn: false,
  }
}
const mail = (subject: string, body: string): string => `From: a@ngoai.example\r\nTo: an@tinh.example\r\nSubject: ${subject}\r\n\r\n${body}\r\n`

describe.skipIf(scannerUnavailable("clamd") !== undefined)("a real clamd", () => {
  let clamd: RunningScanner
  beforeAll(async () => {
    clamd = await startClamd()
  })
  afterAll(() => clamd.stop())

  test.each([
    ["nothing", mail("Bao cao", "sach"), null],
    ["a virus in the text", mail("Bao cao", virus), "Congthu.Test.UNOFFICIAL"],
    ["a virus in an attachment", `From: a@ngoai.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(virus.repeat(3)).toString("base64")}\r\n`, "Congthu.Test.UNOFFICIAL"],
  ])("finds %s", async (_, text, found) => {
    expect(await createClamav({ socket: clamd.address, timeoutMs: 20_000 })(messageOf(text))).toBe(found)
  })

  test("a message that is too large for it counts as not scanned", async () => {
    await expect(createClamav({ socket: clamd.address, timeoutMs: 20_000 })(messageOf(Buffer.alloc(5_000_000, "a")))).rejects.toThrow()
  })
})

describe.skipIf(scannerUnavailable("rspamd") !== undefined)("a real Rspamd", () => {
  let rspamd: RunningScanner
  beforeAll(async () => {
    rspamd = await startRspamd()
  })
  afterAll(() => rspamd.stop())

  test.each([
    ["ordinary mail", mail("Bao cao", "x"), "203.0.113.9", { action: "no action", score: 0 }],
    ["advertisements", mail("quang cao", "x"), "203.0.113.9", { action: "add header", score: 7 }],
    ["what a network that it knows sends", mail("lua dao", "x"), "203.0.113.9", { action: "reject", score: 20 }],
    ["the same from elsewhere", mail("lua dao", "x"), "192.0.2.7", { action: "no action", score: 0 }],
  ])("judges %s", async (_, text, clientAddress, judged) => {
    expect(await createRspamd({ url: rspamd.address, timeoutMs: 20_000 })(messageOf(text, clientAddress))).toEqual(judged)
  })
})

describe("a scanner that fails", () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })
  const says = (talk: (socket: Socket) => void): Promise<number> =>
    new Promise((resolve) => {
      const sockets = new Set<Socket>()
      const server = createServer((socket) => {
        sockets.add(socket)
        socket.on("error", () => undefined)
        talk(socket)
      })
      server.on("close", () => sockets.forEach((socket) => socket.destroy()))
      servers.push(server)
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
    })

  test.each<[string, (socket: Socket) => void]>([
    ["says nothing", () => undefined],
    ["hangs up", (socket) => void socket.end()],
    ["says something else", (socket) => void socket.write("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n\0")],
    ["says that it could not", (socket) => void socket.write("INSTREAM size limit exceeded. ERROR\0")],
    ["never stops talking", (socket) => void socket.write("HTTP/1.1 200 OK\r\n\r\n" + "x".repeat(3_000_000))],
  ])("and %s counts as down", async (_, talk) => {
    const port = await says(talk)
    const down: string[] = []
    const scanner = createScanner({
      mustAnswer: true, virus: createClamav({ socket: `127.0.0.1:${port}`, timeoutMs: 500 }), spam: createRspamd({ url: `http://127.0.0.1:${port}`, timeoutMs: 500 }),
      log: { scannerDown: ({ scanner: name }) => void down.push(name) },
    })
    expect(await scanner.scan(messageOf(mail("x", "y".repeat(200_000))))).toEqual({ virus: null, spam: null, unavailable: ["clamav", "rspamd"] })
    expect(down.toSorted()).toEqual(["clamav", "rspamd"])
  })

  test("one that is not there leaves the other's word", async () => {
    const scanner = createScanner({
      mustAnswer: false, virus: createClamav({ socket: "/nowhere/clamd.sock", timeoutMs: 500 }), spam: async () => ({ score: 7, action: "add header" }), log: { scannerDown: () => undefined },
    })
    expect(await scanner.scan(messageOf("x"))).toEqual({ virus: null, spam: { score: 7, action: "add header" }, unavailable: ["clamav"] })
  })
})
