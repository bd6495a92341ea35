import { pieceBytes, Wire } from "./wire.ts"

export interface SmtpOptions {
  readonly host: string
  readonly port: number
  /** STARTTLS, then AUTH PLAIN. */
  readonly login?: { readonly username: string; readonly password: string }
}

export interface Letter {
  readonly reversePath: string
  readonly recipients: readonly string[]
  readonly message: Uint8Array
}

interface Waiter {
  readonly command: string
  readonly code: number
  readonly resolve: (text: string) => void
  readonly reject: (error: Error) => void
}

/** An SMTP client that pipelines (RFC 2920) and is told nothing but the codes it expects. */
export class SmtpClient {
  private readonly waiters: Waiter[] = []
  private lines: string[] = []
  private wire: Wire | undefined
  private ended: Error | undefined

  static async open(options: SmtpOptions): Promise<SmtpClient> {
    const client = new SmtpClient()
    const greeting = client.expect("greeting", 220)
    client.wire = await Wire.open({ ...options, tls: false }, { onLine: (line) => client.hear(line), onEnd: (error) => client.fail(error) })
    await greeting
    await client.command("EHLO bench.example", 250)
    if (options.login) {
      await client.command("STARTTLS", 220)
      await client.wire.upgrade()
      await client.command("EHLO bench.example", 250)
      const { username, password } = options.login
      await client.command(`AUTH PLAIN ${Buffer.from(`\0${username}\0${password}`).toString("base64")}`, 235)
    }
    return client
  }

  /** One transaction. Returns the milliseconds from the message's first byte to the final 250. */
  async send({ reversePath, recipients, message }: Letter): Promise<number> {
    const commands = [`MAIL FROM:<${reversePath}> SIZE=${message.length}`, ...recipients.map((recipient) => `RCPT TO:<${recipient}>`)]
    const replies = [...commands.map((command) => this.expect(command, 250)), this.expect("DATA", 354)]
    this.wire?.write(`${commands.join("\r\n")}\r\nDATA\r\n`)
    await Promise.all(replies)
    const from = performance.now()
    const done = this.expect("end of data", 250)
    if (message.length <= pieceBytes) this.wire?.write(message, ".\r\n")
    else await Promise.race([this.wire?.writeLarge(message, ".\r\n"), done])
    await done
    return performance.now() - from
  }

  async noop(): Promise<void> {
    await this.command("NOOP", 250)
  }

  async quit(): Promise<void> {
    await this.command("QUIT", 221).catch(() => undefined)
    this.close()
  }

  close(): void {
    this.wire?.close()
  }

  private command(text: string, code: number): Promise<string> {
    const reply = this.expect(text, code)
    this.wire?.write(`${text}\r\n`)
    return reply
  }

  private expect(command: string, code: number): Promise<string> {
    const reply = new Promise<string>((resolve, reject) => {
      if (this.ended) reject(this.ended)
      else this.waiters.push({ command: command.slice(0, 60), code, resolve, reject })
    })
    // whoever waits for several at once hears of the first that fails
    reply.catch(() => undefined)
    return reply
  }

  private hear(line: string): void {
    this.lines.push(line)
    if (line[3] === "-") return
    const text = this.lines.join(" ")
    this.lines = []
    const waiter = this.waiters.shift()
    if (!waiter) return
    if (Number(line.slice(0, 3)) === waiter.code) waiter.resolve(text)
    else waiter.reject(new Error(`SMTP ${waiter.command}: ${text}`))
  }

  private fail(error: Error): void {
    this.ended = error
    for (const waiter of this.waiters.splice(0)) waiter.reject(error)
  }
}
