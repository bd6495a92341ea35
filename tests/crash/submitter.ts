import { createHash } from "node:crypto"
import { connect, type Socket } from "node:net"
import { setTimeout as pause } from "node:timers/promises"
import type { CrashAccount } from "./province.ts"
import { groupAddress } from "./province.ts"
import type { Random } from "./random.ts"

/** What was sent, and whether the server took responsibility for it. */
export interface Sent {
  readonly number: number
  readonly sha256: string
  readonly recipients: readonly number[]
  /** 250 was received for the DATA. Without it the message may be there or not, but not twice. */
  acknowledged: boolean
}

export interface SubmitterOptions {
  readonly port: number
  readonly accounts: readonly CrashAccount[]
  readonly random: Random
  readonly ledger: Sent[]
  readonly signal: AbortSignal
  /** Rest after each message; absent: none. */
  readonly restMs?: number | undefined
}

/** Sends numbered messages until the signal, one after another, over a connection that it makes anew when it breaks. */
export async function submit(options: SubmitterOptions): Promise<void> {
  let smtp: SmtpDialog | undefined
  while (!options.signal.aborted) {
    const { sent, lines, to } = compose(options)
    options.ledger.push(sent)
    try {
      smtp ??= await SmtpDialog.open(options.port)
      await smtp.say("MAIL FROM:<nguoigui@ngoai.example>", 250)
      for (const address of to) await smtp.say(`RCPT TO:<${address}>`, 250)
      await smtp.say("DATA", 354)
      await smtp.say(`${lines}.`, 250)
      sent.acknowledged = true
      if (options.restMs !== undefined) await pause(options.restMs)
    } catch {
      smtp?.close()
      smtp = undefined
      await pause(20)
    }
  }
  smtp?.close()
}

function compose({ accounts, random, ledger }: SubmitterOptions): { readonly sent: Sent; readonly lines: string; readonly to: readonly string[] } {
  const number = ledger.length
  const toGroup = random.below(4) === 0
  const chosen = toGroup ? accounts : [random.pick(accounts), random.pick(accounts)].slice(0, 1 + random.below(2))
  // one in twenty is large enough for the blob store
  const rows = random.below(20) === 0 ? 2_000 : 1 + random.below(30)
  const body = Array.from({ length: rows }, (_, row) => `${number}/${row}: Kinh gui ${random.below(1e9).toString(36)} ${"x".repeat(random.below(60))}\r\n`).join("")
  const lines = `X-Crash-Number: ${number}\r\nFrom: <nguoigui@ngoai.example>\r\nTo: <${groupAddress}>\r\nSubject: Cong van so ${number}\r\nMessage-ID: <${number}@ngoai.example>\r\nDate: Mon, 23 Nov 2026 08:00:00 +0700\r\n\r\n${body}`
  return {
    sent: { number, sha256: createHash("sha256").update(lines).digest("hex"), recipients: [...new Set(chosen.map(({ id }) => id))], acknowledged: false },
    lines,
    to: toGroup ? [groupAddress] : chosen.map(({ address }) => address),
  }
}

/** A client that speaks one line at a time and gives up on anything unexpected. */
class SmtpDialog {
  private readonly socket: Socket
  private buffered = ""
  private waiting: { readonly resolve: (reply: string) => void; readonly reject: (error: Error) => void } | undefined

  static async open(port: number): Promise<SmtpDialog> {
    const dialog = new SmtpDialog(connect(port, "127.0.0.1"))
    await dialog.reply(220)
    await dialog.say("EHLO ngoai.example", 250)
    return dialog
  }

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setTimeout(20_000, () => socket.destroy(new Error("no answer")))
    socket.on("data", (chunk: Buffer) => {
      this.buffered += chunk.toString("latin1")
      const last = /^\d{3} .*\r\n$/m.exec(this.buffered)
      if (!last) return
      const reply = this.buffered
      this.buffered = ""
      this.waiting?.resolve(reply)
    })
    socket.on("error", (error) => this.waiting?.reject(error))
    socket.on("close", () => this.waiting?.reject(new Error("the connection was closed")))
  }

  async say(line: string, wanted: number): Promise<void> {
    const reply = this.reply(wanted)
    this.socket.write(`${line}\r\n`)
    await reply
  }

  private reply(wanted: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) reject(new Error("the connection was closed"))
      this.waiting = {
        resolve: (reply) => (reply.startsWith(String(wanted)) ? resolve() : reject(new Error(reply))),
        reject,
      }
    })
  }

  close(): void {
    this.socket.destroy()
  }
}
