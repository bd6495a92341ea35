import { setTimeout as pause } from "node:timers/promises"
import { ImapFlow } from "imapflow"
import type { CrashAccount } from "./province.ts"
import type { Random } from "./random.ts"

export interface ReaderOptions {
  readonly port: number
  readonly account: CrashAccount
  readonly random: Random
  readonly signal: AbortSignal
  /** What this reader saw that must never be. */
  readonly violations: string[]
}

/**
 * A civil servant's client through the storm: reads INBOX, marks some messages, moves some to Archive, reconnects when cut off.
 * It remembers all it was told: a uid never names another message, uids and HIGHESTMODSEQ never go back (RFC 9051 §2.3.1.1, RFC 7162 §3.1.2.1).
 */
export async function read(options: ReaderOptions): Promise<number> {
  const memory: Memory = { uidValidity: undefined, messageIds: new Map(), highestModSeq: 0n, rounds: 0 }
  while (!options.signal.aborted) {
    const client = new ImapFlow({ host: "127.0.0.1", port: options.port, secure: true, tls: { rejectUnauthorized: false }, auth: { user: options.account.address, pass: options.account.password }, logger: false, greetingTimeout: 5_000, socketTimeout: 20_000 })
    client.on("error", () => undefined)
    try {
      await client.connect()
      const mailbox = await client.mailboxOpen("INBOX")
      check(memory, mailbox, options)
      while (!options.signal.aborted) await round(client, memory, options)
      await client.logout()
    } catch {
      client.close()
      await pause(50)
    }
  }
  return memory.rounds
}

interface Memory {
  uidValidity: bigint | undefined
  readonly messageIds: Map<number, string>
  highestModSeq: bigint
  rounds: number
}

function check(memory: Memory, mailbox: { readonly uidValidity: bigint; readonly highestModseq?: bigint | undefined }, { account, violations }: ReaderOptions): void {
  memory.uidValidity ??= mailbox.uidValidity
  if (memory.uidValidity !== mailbox.uidValidity) violations.push(`${account.address}: UIDVALIDITY went from ${memory.uidValidity} to ${mailbox.uidValidity}`)
  const modSeq = mailbox.highestModseq ?? 0n
  if (modSeq < memory.highestModSeq) violations.push(`${account.address}: HIGHESTMODSEQ went back from ${memory.highestModSeq} to ${modSeq}`)
  memory.highestModSeq = modSeq
}

async function round(client: ImapFlow, memory: Memory, { account, random, violations }: ReaderOptions): Promise<void> {
  const newest = Math.max(0, ...memory.messageIds.keys())
  const from = random.below(3) === 0 ? Math.max(1, newest - 20) : newest + 1
  for await (const message of client.fetch(`${from}:*`, { uid: true, envelope: true }, { uid: true })) {
    // a flag that this client set just before it was cut off may be told now, as another process's change (RFC 9051 §7.5.2)
    if (!message.envelope) continue
    const id = message.envelope.messageId ?? ""
    const before = memory.messageIds.get(message.uid)
    if (before !== undefined && before !== id) violations.push(`${account.address}: uid ${message.uid} was ${before} and is ${id}`)
    if (before === undefined && message.uid < newest) violations.push(`${account.address}: uid ${message.uid} appeared below ${newest}`)
    memory.messageIds.set(message.uid, id)
  }
  const known = [...memory.messageIds.keys()]
  if (known.length > 0) {
    const some = known.slice(-5).map(String).join(",")
    if (random.below(2) === 0) await client.messageFlagsAdd(some, [random.pick(["\\Seen", "\\Flagged", "$Forwarded"])], { uid: true })
    if (random.below(5) === 0) await client.messageMove(String(random.pick(known)), "Archive", { uid: true })
  }
  await client.noop()
  memory.rounds++
  await pause(random.below(30))
}
