import { Wire } from "./wire.ts"

interface Waiter {
  readonly command: string
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** An IMAP client over TLS: sends commands, counts messages, keeps untagged lines only when asked to. */
export class ImapClient {
  /** Messages of the selected mailbox, as EXISTS and EXPUNGE tell. */
  exists = 0
  /** Called when EXISTS says that there are more. */
  onMore: (() => void) | undefined
  private readonly waiters: Waiter[] = []
  private wire: Wire | undefined
  private onContinue: (() => void) | undefined
  private kept: string[] | undefined
  private tag = 0
  private ended: Error | undefined

  static async open(address: { readonly host: string; readonly port: number }): Promise<ImapClient> {
    const client = new ImapClient()
    const greeted = new Promise<void>((resolve, reject) => client.waiters.push({ command: "greeting", resolve, reject }))
    greeted.catch(() => undefined)
    client.wire = await Wire.open({ ...address, tls: true }, { onLine: (line) => client.hear(line), onEnd: (error) => client.fail(error) })
    await greeted
    return client
  }

  get bytesRead(): number {
    return this.wire?.bytesRead ?? 0
  }

  login(username: string, password: string): Promise<void> {
    return this.command(`LOGIN "${username}" "${password}"`)
  }

  command(text: string): Promise<void> {
    const done = this.wait(text)
    this.wire?.write(`b${++this.tag} ${text}\r\n`)
    return done
  }

  /** The untagged lines of a command, without their literals. */
  async lines(text: string): Promise<readonly string[]> {
    const kept: string[] = []
    this.kept = kept
    await this.command(text)
    this.kept = undefined
    return kept
  }

  async select(mailbox: string): Promise<number> {
    await this.command(`SELECT "${mailbox}"`)
    return this.exists
  }

  async countMessages(mailbox: string): Promise<number> {
    const lines = await this.lines(`STATUS "${mailbox}" (MESSAGES)`)
    return Number(/MESSAGES (\d+)/.exec(lines.join(" "))?.[1] ?? Number.NaN)
  }

  /** LITERAL+ (RFC 7888): the message follows at once. Several are one MULTIAPPEND (RFC 3502). */
  append(mailbox: string, messages: readonly Uint8Array[], flags = ""): Promise<void> {
    const done = this.wait("APPEND")
    const literals = messages.flatMap((message) => [` ${flags ? `(${flags}) ` : ""}{${message.length}+}\r\n`, message])
    this.wire?.write(`b${++this.tag} APPEND "${mailbox}"`, ...literals, "\r\n")
    return done
  }

  async hasCapability(name: string): Promise<boolean> {
    return (await this.lines("CAPABILITY")).some((line) => line.split(" ").includes(name))
  }

  /** Resolves when the server has said that it pushes from now on. The connection is only listened to after that. */
  idle(): Promise<void> {
    const ready = new Promise<void>((resolve) => (this.onContinue = resolve))
    this.wait("IDLE").catch(() => undefined)
    this.wire?.write(`b${++this.tag} IDLE\r\n`)
    return ready
  }

  close(): void {
    this.wire?.close()
  }

  private wait(command: string): Promise<void> {
    if (this.ended) return Promise.reject(this.ended)
    return new Promise((resolve, reject) => this.waiters.push({ command: command.slice(0, 60), resolve, reject }))
  }

  private hear(line: string): void {
    if (line.startsWith("* ")) this.hearUntagged(line)
    else if (line.startsWith("+")) this.onContinue?.()
    else {
      const waiter = this.waiters.shift()
      if (line.startsWith("OK", line.indexOf(" ") + 1)) waiter?.resolve()
      else waiter?.reject(new Error(`IMAP ${waiter.command}: ${line}`))
    }
  }

  private hearUntagged(line: string): void {
    if (this.tag === 0 && this.waiters[0]?.command === "greeting") return this.waiters.shift()?.resolve()
    this.kept?.push(line)
    if (line.endsWith(" EXISTS")) {
      const count = Number(line.slice(2, -7))
      const more = count > this.exists
      this.exists = count
      if (more) this.onMore?.()
    } else if (line.endsWith(" EXPUNGE")) this.exists--
  }

  private fail(error: Error): void {
    this.ended = error
    for (const waiter of this.waiters.splice(0)) waiter.reject(error)
  }
}
