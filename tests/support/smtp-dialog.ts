import { readdirSync, readFileSync } from "node:fs"
import net from "node:net"
import tls from "node:tls"

/**
 * SMTP transcripts. A file holds dialogs; `#` starts a comment, `== door: title` a dialog (door: smtp, submission, submissions).
 *   C: text        the client sends the line and CRLF; \r \n \0 \t \\ and \xHH are escapes
 *   C> text        sent exactly, without CRLF
 *   S: 250 2.1.0   the next reply begins so; `250-SIZE` asks for such a line in a longer reply, `!250-AUTH` that there is none
 *   TLS            the client starts the TLS handshake
 *   CLOSED         the server closes the connection
 * `${name}` is replaced from the values given.
 */
export interface Dialog {
  readonly file: string
  readonly title: string
  readonly door: "smtp" | "submission" | "submissions"
  readonly steps: readonly { readonly line: number; readonly kind: "C:" | "C>" | "S:" | "TLS" | "CLOSED"; readonly text: string }[]
}

export function readDialogs(folder: string, prefix: string): Dialog[] {
  return readdirSync(folder).filter((name) => name.startsWith(prefix) && name.endsWith(".txt")).sort().flatMap((name) => parseDialogs(name, readFileSync(`${folder}/${name}`, "utf8")))
}

const isDoor = (text: string | undefined): text is Dialog["door"] => text === "smtp" || text === "submission" || text === "submissions"
const isKind = (text: string | undefined): text is "C:" | "C>" | "S:" | "TLS" | "CLOSED" => text !== undefined && ["C:", "C>", "S:", "TLS", "CLOSED"].includes(text)

export function parseDialogs(file: string, text: string): Dialog[] {
  const dialogs: { file: string; title: string; door: Dialog["door"]; steps: Dialog["steps"][number][] }[] = []
  for (const [index, raw] of text.split("\n").entries()) {
    if (raw.trim() === "" || raw.startsWith("#")) continue
    const [, door, title] = /^== (\w+): (.+)$/.exec(raw) ?? []
    if (isDoor(door)) {
      dialogs.push({ file, title: title ?? "", door, steps: [] })
      continue
    }
    const [, kind, rest = ""] = /^(C:|C>|S:|TLS|CLOSED)(?: (.*))?$/.exec(raw) ?? []
    if (!isKind(kind)) throw new Error(`${file}:${index + 1}: not a step: ${raw}`)
    dialogs.at(-1)?.steps.push({ line: index + 1, kind, text: rest })
  }
  return dialogs
}

const bytesOf = (text: string): Buffer => {
  const pieces = text.split(/(\\(?:[rn0t\\]|x[0-9A-Fa-f]{2}))/)
  const escapes: Readonly<Record<string, string>> = { "\\r": "\r", "\\n": "\n", "\\0": "\0", "\\t": "\t", "\\\\": "\\" }
  return Buffer.concat(pieces.map((piece) => (piece.startsWith("\\x") ? Buffer.from([Number.parseInt(piece.slice(2), 16)]) : Buffer.from(escapes[piece] ?? piece))))
}

/** A client that sends exactly what it is told and reads whole replies. */
export class SmtpClient {
  private socket: net.Socket
  private received = ""
  private ended = false
  private readonly waiting: (() => void)[] = []
  private readonly certificate: { readonly cert: string; readonly key: string } | undefined

  /** `certificate`: PEM, shown to whoever asks for one. */
  constructor(port: number, secure: boolean, certificate: { readonly cert: string; readonly key: string } | undefined = undefined) {
    this.certificate = certificate
    this.socket = secure ? tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...certificate }) : net.connect(port, "127.0.0.1")
    this.listen()
  }

  private listen(): void {
    this.socket.on("data", (chunk: Buffer) => {
      this.received += chunk.toString("latin1")
      this.wake()
    })
    for (const event of ["end", "close", "error"]) {
      this.socket.on(event, () => {
        this.ended = true
        this.wake()
      })
    }
  }

  private wake(): void {
    for (const waiting of this.waiting.splice(0)) waiting()
  }

  send(bytes: Buffer | string): void {
    this.socket.write(bytes)
  }

  /** Resolves when the socket has taken it. */
  sendSlowly(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()))
  }

  /** The lines of the next whole reply, or undefined when the connection ended first. */
  async reply(): Promise<string[] | undefined> {
    for (;;) {
      const [whole] = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(this.received) ?? []
      if (whole !== undefined) {
        this.received = this.received.slice(whole.length)
        return Buffer.from(whole, "latin1").toString().split("\r\n").slice(0, -1)
      }
      if (this.ended) return undefined
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }

  async command(line: string): Promise<string> {
    this.send(`${line}\r\n`)
    return (await this.reply())?.join("\n") ?? "closed"
  }

  /** True when nothing more came before the end. */
  async closed(): Promise<boolean> {
    while (!this.ended) await new Promise<void>((resolve) => this.waiting.push(resolve))
    return this.received === ""
  }

  async startTls(): Promise<void> {
    this.socket.removeAllListeners()
    const secure = tls.connect({ socket: this.socket, rejectUnauthorized: false, ...this.certificate })
    this.socket = secure
    await new Promise<void>((resolve, reject) => {
      secure.once("secureConnect", resolve)
      secure.once("error", reject)
    })
    this.listen()
  }

  destroy(): void {
    this.socket.destroy()
  }
}

export async function playDialog(dialog: Dialog, ports: Readonly<Record<Dialog["door"], number>>, values: Readonly<Record<string, string>>): Promise<void> {
  const client = new SmtpClient(ports[dialog.door], dialog.door === "submissions")
  const wrong = (line: number, message: string): Error => new Error(`${dialog.file}:${line}: ${message}`)
  let last: string[] = []
  try {
    for (const { line, kind, text: template } of dialog.steps) {
      const text = template.replace(/\$\{(\w+)\}/g, (_, name: string) => values[name] ?? "")
      if (kind === "C:" || kind === "C>") last = []
      if (kind === "C:") client.send(Buffer.concat([bytesOf(text), Buffer.from("\r\n")]))
      else if (kind === "C>") client.send(bytesOf(text))
      else if (kind === "TLS") await client.startTls()
      else if (kind === "CLOSED") {
        if (!(await client.closed())) throw wrong(line, "the server said more before it closed")
      } else if (text.startsWith("!")) {
        if (last.some((found) => found.startsWith(text.slice(1)))) throw wrong(line, `unexpected ${text.slice(1)} in\n${last.join("\n")}`)
      } else if (/^\d{3}-/.test(text)) {
        if (last.length < 2) last = (await client.reply()) ?? []
        if (!last.some((found) => found.slice(4).startsWith(text.slice(4)))) throw wrong(line, `no ${text} in\n${last.join("\n")}`)
      } else {
        const reply = await client.reply()
        if (!reply) throw wrong(line, `the connection ended instead of ${text}`)
        last = reply
        if (!(reply.at(-1) ?? "").startsWith(text)) throw wrong(line, `expected ${text}, got ${reply.join(" | ")}`)
      }
    }
  } finally {
    client.destroy()
  }
}
