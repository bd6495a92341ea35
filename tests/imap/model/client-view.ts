import type { ImapClient } from "../../support/imap-client.ts"
import { ask } from "../commands/dialog.ts"
import { changedFlags, type FlagStore } from "./mailbox-model.ts"

/** A message as one client knows it: uid 0 and flags null until it has been told. */
export interface KnownMessage {
  uid: number
  flags: ReadonlySet<string> | null
  modSeq: number
}

export interface Answer {
  readonly lines: readonly string[]
  /** `OK`, `NO` or `BAD`, and what follows. */
  readonly tagged: string
}

/**
 * A careful IMAP client: it believes every untagged response and nothing else, and complains when one cannot be true
 * (RFC 9051 §7.4, §7.5).
 */
export class ClientView {
  readonly client: ImapClient
  readonly name: string
  messages: KnownMessage[] = []

  constructor(name: string, client: ImapClient) {
    this.name = name
    this.client = client
  }

  async open(command: string): Promise<void> {
    const { lines, tagged } = await this.send(command)
    if (!tagged.startsWith("OK")) throw new Error(`${this.name}: ${command}: ${tagged}`)
    this.messages = []
    for (const line of lines) this.hear(line, command)
    await this.learn()
  }

  /** Sends a command and takes in what it tells. `ownChange`: what the client itself did without being told. */
  async run(command: string, ownChange?: (answer: Answer) => void): Promise<Answer> {
    const answer = await this.send(command)
    ownChange?.(answer)
    for (const line of answer.lines) this.hear(line, command)
    return answer
  }

  /** Asks for uid and flags of messages it was told the number of. What another client has already taken out stays unknown. */
  async learn(): Promise<void> {
    for (let asked = 0; ; ) {
      const first = this.messages.findIndex(({ uid }, at) => uid === 0 && at >= asked)
      if (first < 0) return
      asked = this.messages.length
      await this.run(`FETCH ${first + 1}:${asked} (UID FLAGS)`)
    }
  }

  /** A .SILENT STORE was answered OK: the client changes its own copy (RFC 9051 §6.4.6). */
  stored(uids: readonly number[], change: FlagStore, except: readonly number[]): void {
    for (const message of this.messages) {
      if (message.flags && uids.includes(message.uid) && !except.includes(message.uid)) message.flags = changedFlags(message.flags, change.mode, change.flags)
    }
  }

  private async send(command: string): Promise<Answer> {
    const lines = (await ask(this.client, command)).map(({ text }) => text)
    const tagged = lines.pop() ?? "nothing"
    return { lines, tagged: tagged.replace(/^t /, "") }
  }

  private hear(line: string, command: string): void {
    const [, count = "", what, rest = ""] = /^\* (\d+) (EXISTS|EXPUNGE|FETCH)(.*)$/s.exec(line) ?? []
    const number = Number(count)
    if (what === "EXISTS") this.exists(number, line)
    else if (what === "EXPUNGE") this.expunge(number, command)
    else if (what === "FETCH") this.fetched(number, rest)
  }

  private exists(count: number, line: string): void {
    if (count < this.messages.length) throw new Error(`${this.name}: ${line} with ${this.messages.length} messages`)
    while (this.messages.length < count) this.messages.push({ uid: 0, flags: null, modSeq: 0 })
  }

  private expunge(seq: number, command: string): void {
    if (/^(?:FETCH|STORE|SEARCH) /.test(command)) throw new Error(`${this.name}: EXPUNGE during ${command}`)
    if (seq < 1 || seq > this.messages.length) throw new Error(`${this.name}: EXPUNGE ${seq} of ${this.messages.length} messages`)
    this.messages.splice(seq - 1, 1)
  }

  private fetched(seq: number, items: string): void {
    const message = this.messages[seq - 1]
    if (!message) throw new Error(`${this.name}: FETCH ${seq} of ${this.messages.length} messages`)
    const uid = Number(/[ (]UID (\d+)/.exec(items)?.[1] ?? 0)
    if (uid !== 0 && message.uid !== 0 && uid !== message.uid) throw new Error(`${this.name}: ${seq} is uid ${message.uid}, told ${uid}`)
    if (uid !== 0) message.uid = uid
    const flags = /FLAGS \(([^)]*)\)/.exec(items)?.[1]
    if (flags !== undefined) message.flags = new Set(flags.split(" ").filter((flag) => flag !== "" && flag !== "\\Recent"))
    const modSeq = Number(/MODSEQ \((\d+)\)/.exec(items)?.[1] ?? 0)
    if (modSeq !== 0 && modSeq < message.modSeq) throw new Error(`${this.name}: MODSEQ of ${seq} went from ${message.modSeq} to ${modSeq}`)
    message.modSeq = Math.max(message.modSeq, modSeq)
  }
}
