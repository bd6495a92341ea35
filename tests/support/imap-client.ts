import { once } from "node:events"
import net from "node:net"
import tls from "node:tls"

/** A client that sends exactly what it is told and reads line by line. */
export class ImapClient {
  socket: net.Socket
  private received = Buffer.alloc(0)
  private ended = false
  private wake: (() => void) | null = null
  private readonly certificate: { readonly cert: string; readonly key: string } | undefined

  /** `certificate`: PEM, shown to whoever asks for one. */
  constructor(port: number, secure: boolean, certificate: { readonly cert: string; readonly key: string } | undefined = undefined) {
    this.certificate = certificate
    this.socket = secure ? tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...certificate }) : net.connect(port, "127.0.0.1")
    this.listen()
  }

  send(bytes: Buffer | string): void {
    this.socket.write(bytes)
  }

  /** The next line without its CRLF (one char per byte); null when the server has closed. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.received.indexOf("\r\n")
      if (end >= 0) {
        const line = this.received.toString("latin1", 0, end)
        this.received = this.received.subarray(end + 2)
        return line
      }
      if (this.ended) return null
      await new Promise<void>((resolve) => (this.wake = resolve))
    }
  }

  /** Sends a command and returns all lines up to and including its tagged reply, or up to the end of the connection. */
  async command(text: string, tag = "t"): Promise<string[]> {
    this.send(`${tag} ${text}\r\n`)
    return this.until(tag)
  }

  async until(tag: string): Promise<string[]> {
    const lines: string[] = []
    for (;;) {
      const line = await this.line()
      if (line === null) return lines
      lines.push(line)
      if (line.startsWith(`${tag} `)) return lines
    }
  }

  /** Everything until the server closes. */
  async rest(): Promise<string[]> {
    const lines: string[] = []
    for (let line = await this.line(); line !== null; line = await this.line()) lines.push(line)
    return lines
  }

  async startTls(): Promise<void> {
    this.socket.removeAllListeners("data")
    const secured = tls.connect({ socket: this.socket, rejectUnauthorized: false, ...this.certificate })
    this.socket = secured
    this.listen()
    await once(secured, "secureConnect")
  }

  destroy(): void {
    this.socket.destroy()
  }

  private listen(): void {
    this.socket.on("data", (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk])
      this.wakeUp()
    })
    for (const event of ["end", "close", "error"]) {
      this.socket.on(event, () => {
        this.ended = true
        this.wakeUp()
      })
    }
  }

  private wakeUp(): void {
    const wake = this.wake
    this.wake = null
    wake?.()
  }
}
