import { once } from "node:events"
import { connect as connectTcp, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"

/**
 * A client's side of a line protocol: text goes out, lines come in. IMAP literals are counted and left out of their line, so that
 * reading a mailbox costs the generator little. The server's certificate is not checked: it is the server under test.
 */
export interface WireAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

export class Wire {
  bytesRead = 0
  private socket: Socket
  private rest: Buffer = nothing
  private head = ""
  private literalLeft = 0
  private readonly onLine: (line: string) => void
  private readonly onEnd: (error: Error) => void

  private constructor(socket: Socket, handlers: WireHandlers) {
    this.socket = socket
    this.onLine = handlers.onLine
    this.onEnd = handlers.onEnd
    this.listen()
  }

  static async open({ host, port, tls }: WireAddress, handlers: WireHandlers): Promise<Wire> {
    const socket = tls ? connectTls({ host, port, rejectUnauthorized: false }) : connectTcp({ host, port })
    socket.setNoDelay(true)
    const wire = new Wire(socket, handlers)
    await opened(socket, tls ? "secureConnect" : "connect")
    return wire
  }

  /** STARTTLS: the server has just said that it is ready. */
  async upgrade(): Promise<void> {
    const plain = this.socket
    for (const event of ["data", "error", "close"]) plain.removeAllListeners(event)
    this.socket = connectTls({ socket: plain, rejectUnauthorized: false })
    this.listen()
    await opened(this.socket, "secureConnect")
  }

  write(...pieces: readonly (string | Uint8Array)[]): void {
    this.socket.cork()
    for (const piece of pieces) this.socket.write(piece)
    this.socket.uncork()
  }

  /** In pieces, each when those before it are on their way: TLS of 50 MB at once takes 60 ms, for which whoever else is measured from here would wait. */
  async writeLarge(bytes: Uint8Array, end: string): Promise<void> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      if (!this.socket.write(bytes.subarray(at, at + pieceBytes))) await once(this.socket, "drain")
    }
    this.socket.write(end)
  }

  close(): void {
    this.socket.destroy()
  }

  private listen(): void {
    this.socket.on("data", (chunk: Buffer) => this.take(chunk))
    this.socket.on("error", (error: Error) => this.onEnd(error))
    this.socket.on("close", () => this.onEnd(new Error("the server closed the connection")))
  }

  private take(chunk: Buffer): void {
    this.bytesRead += chunk.length
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk
    this.rest = nothing
    for (let at = 0; at < bytes.length; ) {
      if (this.literalLeft > 0) {
        const skipped = Math.min(this.literalLeft, bytes.length - at)
        this.literalLeft -= skipped
        at += skipped
        continue
      }
      const end = bytes.indexOf("\r\n", at)
      if (end < 0) {
        this.rest = bytes.subarray(at)
        return
      }
      const line = this.head + bytes.toString("latin1", at, end)
      at = end + 2
      const literal = line.endsWith("}") ? /\{(\d+)\}$/.exec(line) : null
      if (literal) {
        this.literalLeft = Number(literal[1])
        this.head = line
      } else {
        this.head = ""
        this.onLine(line)
      }
    }
  }
}

export interface WireHandlers {
  readonly onLine: (line: string) => void
  readonly onEnd: (error: Error) => void
}

export const pieceBytes = 256 * 1024
const nothing: Buffer = Buffer.alloc(0)

const opened = (socket: Socket, event: "connect" | "secureConnect"): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once(event, () => resolve())
    socket.once("error", reject)
    socket.once("close", () => reject(new Error("the connection was closed before it was open")))
  })
