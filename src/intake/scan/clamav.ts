import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { isAbsolute } from "node:path"
import type { ScannedMessage } from "./scan.ts"

/** clamd's INSTREAM (clamd(8)): chunks, each behind its length in four octets, then a length of none; one line comes back. */
export interface ClamavOptions {
  /** Path of its unix socket, or `host:port`. */
  readonly socket: string
  /** For the whole of one scan. */
  readonly timeoutMs: number
}

const maxReplyBytes = 1024
const maxVirusName = 100

/** The name of what was found, null when nothing was. Rejects when clamd cannot be reached, does not answer in time, or says ERROR. */
export const createClamav = ({ socket: address, timeoutMs }: ClamavOptions) => async ({ content }: Pick<ScannedMessage, "content">): Promise<string | null> => {
  const signal = AbortSignal.timeout(timeoutMs)
  const socket = connect(isAbsolute(address) ? { path: address } : hostAndPort(address))
  try {
    await once(socket, "connect", { signal })
    const reply = readLine(socket, signal)
    reply.catch(() => undefined)
    await write(socket, Buffer.from("zINSTREAM\0"), signal)
    for await (const chunk of content.read()) {
      // clamd has said its word, such as that the message is too large for it, and listens no more
      if (socket.readableEnded || socket.destroyed) break
      await write(socket, length(chunk.length), signal)
      await write(socket, chunk, signal)
    }
    await write(socket, length(0), signal)
    return verdictOf(await reply)
  } finally {
    socket.destroy()
  }
}

function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":")
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) }
}

const length = (bytes: number): Buffer => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(bytes)
  return octets
}

async function write(socket: Socket, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  if (!socket.writable || socket.write(bytes)) return
  await once(socket, "drain", { signal })
}

function readLine(socket: Socket, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ""
    const fail = (error: unknown): void => reject(error instanceof Error ? error : new Error("clamd was too slow"))
    signal.addEventListener("abort", () => fail(signal.reason), { once: true })
    socket.on("error", fail)
    socket.on("data", (bytes: Buffer) => {
      said = `${said}${bytes.toString("latin1")}`.slice(0, maxReplyBytes)
      if (said.includes("\0")) resolve(said.slice(0, said.indexOf("\0")))
    })
    socket.once("close", () => fail(new Error("clamd hung up")))
  })
}

function verdictOf(line: string): string | null {
  if (line === "stream: OK") return null
  const found = /^stream: (.+) FOUND$/.exec(line)?.[1]
  if (found === undefined) throw new Error(`clamd said: ${line}`)
  return found.replace(/[^\w.:+-]/g, "?").slice(0, maxVirusName)
}
