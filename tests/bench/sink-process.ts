/**
 * Another server that takes all mail and keeps none: STARTTLS, pipelining, sizes. Lean, because it shares the machine with what is measured. Its
 * first message from the parent is its certificate; every other one asks what it has taken.
 */
import { createServer, type Socket } from "node:net"
import { createSecureContext, TLSSocket } from "node:tls"
import type { SinkCounts } from "./sink.ts"

const counts = { messages: 0, bytes: 0, inClear: 0, unsigned: 0, connections: 0, handshakes: 0 }
const end = Buffer.from("\r\n.\r\n")

/** One conversation on one socket; a handshake begins another. */
function converse(socket: Socket, secure: boolean, startTls: () => void): void {
  let commands = ""
  let inData = false
  let tail = Buffer.alloc(0)
  let bytes = 0
  let head = ""
  const say = (text: string): void => void socket.write(`${text}\r\n`)
  const extensions = ["250-sink.bench.example", "250-PIPELINING", "250-SIZE 100000000", ...(secure ? [] : ["250-STARTTLS"]), "250 8BITMIME"].join("\r\n")

  const data = (chunk: Buffer): Buffer => {
    const seen = Buffer.concat([tail, chunk])
    const at = seen.indexOf(end)
    if (head.length < 4_096) head += chunk.toString("latin1")
    if (at < 0) {
      bytes += chunk.length
      tail = Buffer.from(seen.subarray(-4))
      return Buffer.alloc(0)
    }
    const rest = seen.subarray(at + end.length)
    counts.messages++
    counts.bytes += bytes + chunk.length - rest.length - 3
    if (!secure) counts.inClear++
    if (!/^dkim-signature:/im.test(head)) counts.unsigned++
    inData = false
    say("250 2.0.0 taken")
    return rest
  }
  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === "EHLO") say(extensions)
    else if (verb === "STAR") {
      say("220 2.0.0 go ahead")
      socket.removeAllListeners("data")
      startTls()
    } else if (verb === "DATA") {
      inData = true
      tail = Buffer.from("\r\n")
      bytes = 0
      head = ""
      say("354 go ahead")
    } else if (verb === "QUIT") {
      say("221 2.0.0 bye")
      socket.end()
    } else say("250 2.0.0 ok")
  }
  socket.on("data", (chunk: Buffer) => {
    let rest = chunk
    while (rest.length > 0) {
      if (inData) {
        rest = data(rest)
        continue
      }
      const at = rest.indexOf(10)
      commands += rest.toString("latin1", 0, at < 0 ? rest.length : at + 1)
      rest = at < 0 ? Buffer.alloc(0) : rest.subarray(at + 1)
      if (at >= 0) {
        const line = commands.trimEnd()
        commands = ""
        command(line)
      }
    }
  })
  socket.on("error", () => socket.destroy())
}

process.once("message", (files: { readonly key: string; readonly cert: string }) => {
  const secureContext = createSecureContext(files)
  const server = createServer((socket) => {
    counts.connections++
    socket.setNoDelay(true)
    socket.write("220 sink.bench.example\r\n")
    converse(socket, false, () => {
      const secured = new TLSSocket(socket, { isServer: true, secureContext })
      secured.once("secure", () => counts.handshakes++)
      converse(secured, true, () => undefined)
    })
  })
  process.on("message", () => process.send?.({ ...counts } satisfies SinkCounts))
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    process.send?.(typeof address === "object" && address ? address.port : 0)
  })
})
process.once("disconnect", () => process.exit())
