import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { DataParser } from "../../src/smtp/data-parser.ts"

/** What DATA gives for bytes cut into pieces: the message, and the command lines after its end. */
const run = async (bytes: Buffer, cuts: readonly number[]): Promise<{ readonly data: string; readonly ended: boolean; readonly rest: readonly string[] }> => {
  const parser = new DataParser()
  const rest: string[] = []
  parser.oncommand = (command, callback) => {
    rest.push(command.toString("latin1"))
    callback?.()
  }
  const stream = parser.startDataMode()
  let data = ""
  let ended = false
  stream.on("data", (chunk: Buffer) => (data += chunk.toString("latin1")))
  stream.on("end", () => {
    ended = true
    parser.continue()
  })
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    if (cut < at) continue
    // the parser may change what it is given
    parser.write(Buffer.from(bytes.subarray(at, cut)))
    at = cut
  }
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  return { data, ended, rest }
}

const stuff = (message: string): string => `${message}${message === "" || message.endsWith("\r\n") ? "" : "\r\n"}`.replace(/(^|\r\n)\./g, "$1..")

describe("DATA", () => {
  test("gives back what was stuffed, however it is cut (RFC 5321 §4.5.2)", async () => {
    const piece = fc.constantFrom("a", ".", "..", "\r\n", "\r\n.", "\r\n..", "\r\n\r\n", ".\r\n", " ")
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), fc.array(fc.nat(60), { maxLength: 12 }), async (pieces, cuts) => {
        const message = pieces.join("")
        const wire = Buffer.from(`${stuff(message)}.\r\nNOOP\r\nQUIT\r\n`, "latin1")
        const expected = message === "" || message.endsWith("\r\n") ? message : `${message}\r\n`
        expect(await run(wire, cuts.map((cut) => Math.min(cut, wire.length)).sort((a, b) => a - b))).toEqual({ data: expected, ended: true, rest: ["NOOP", "QUIT"] })
      }),
      { numRuns: 400 },
    )
  })

  test("with any bytes ends only at CRLF . CRLF, the same for every cut, and loses nothing but dots", async () => {
    const byte = fc.constantFrom("\r", "\n", ".", "a")
    await fc.assert(
      fc.asyncProperty(fc.array(byte, { maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 40 }), async (bytes, cuts) => {
        const wire = bytes.join("")
        const end = `\r\n${wire}`.indexOf("\r\n.\r\n")
        const { data, ended } = await run(Buffer.from(wire), cuts.map((cut) => Math.min(cut, wire.length)).sort((a, b) => a - b))
        expect(ended).toBe(end !== -1)
        if (end === -1) return
        const body = `\r\n${wire}`.slice(0, end + 2)
        expect(data).toBe(body.replace(/\r\n\./g, "\r\n").slice(2))
      }),
      { numRuns: 800 },
    )
  })
})
